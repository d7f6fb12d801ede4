"""The product's story, told by a real browser: from a storyboard to named images on disk."""

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from app.media.metadata import read as read_metadata
from tests.browser.server import Server

SAMPLES = Path(__file__).resolve().parents[2] / "static" / "samples"
FILES = [SAMPLES / "storyboard.csv", *sorted((SAMPLES / "refs").iterdir())]

pytestmark = pytest.mark.browser


def rows(page: Page, server: Server) -> list[dict[str, Any]]:
    """The queue as the page's own route gives it."""
    answer = page.request.get(f"{server.url}/api/v1/changes?since=0")
    assert answer.ok, answer.text()
    return sorted(json.loads(answer.body())["data"]["rows"], key=lambda row: row["stt"])


def sign_in(page: Page, server: Server) -> None:
    page.goto(server.link)
    expect(page).to_have_url(f"{server.url}/")
    page.wait_for_function("window.did_handshake && document.querySelector('.ag-root')")


def import_storyboard(page: Page) -> None:
    page.get_by_role("button", name="Import…").click()
    page.locator(".q-dialog input.wd-file-input").set_input_files(FILES)
    page.get_by_role("button", name="Add all 24").click()
    expect(page.locator(".ag-row").first).to_be_visible()


def statuses(page: Page, server: Server) -> set[str]:
    return {row["status"] for row in rows(page, server)}


def wait_until_painted(page: Page, server: Server, seconds: int = 180) -> None:
    for _ in range(seconds * 4):
        if statuses(page, server) == {"completed"}:
            return
        page.wait_for_timeout(250)
    raise AssertionError(statuses(page, server))


def stt_shown(page: Page) -> list[str]:
    cells = page.locator('.ag-pinned-left-cols-container [col-id="position"]')
    return sorted(cells.all_inner_texts(), key=int)


def test_from_a_storyboard_to_named_images_that_survive_a_kill(page: Page, server: Server) -> None:
    sign_in(page, server)
    import_storyboard(page)
    imported = rows(page, server)
    assert len(imported) == 24
    assert imported[1]["reference_images_by_cat"].keys() == {"title", "scene", "style"}
    assert [len(ids) for ids in imported[1]["reference_images_by_cat"].values()] == [1, 1, 1]
    assert imported[9]["prompt"].startswith("Poster text: <img src=x onerror=alert(1)>")

    page.get_by_role("button", name="Start", exact=True).click()
    wait_until_painted(page, server)
    thumbnail = page.locator('.ag-row [col-id="output_images"] img').first
    expect(thumbnail).to_be_visible()
    page.wait_for_function("e => e.complete && e.naturalWidth > 0", arg=thumbnail.element_handle())

    check_files(server.data / "output", rows(page, server))
    edit_first(page, server)
    delete_two(page, server)
    before = rows(page, server)

    server.kill()
    server.start()
    sign_in(page, server)
    after = rows(page, server)
    assert after == before
    expect(page.locator(".ag-row").first).to_be_visible()
    assert len(check_files(server.data / "output", after, exact=False)) > 30


def check_files(output: Path, tasks: list[dict[str, Any]], exact: bool = True) -> list[Path]:
    """Every image decodes and says what made it."""
    files = sorted(path for path in output.rglob("*") if path.is_file())
    wanted = sum(task["images_per_prompt"] for task in tasks)
    assert len(files) == wanted if exact else len(files) > wanted
    prompts = {task["id"]: task["prompt"] for task in tasks}
    for path in files:
        with Image.open(path) as picture:
            picture.load()
        record = read_metadata(path.read_bytes())
        assert record is not None
        assert path.stem.endswith(f"-{record['attempt_id']}-{record['slot']}")
        if exact:
            assert record["prompt"] == prompts[record["task_id"]]
    return files


def edit_first(page: Page, server: Server) -> None:
    page.locator('.ag-row[row-index="0"] [col-id="status"]').first.click()
    prompt = page.get_by_label("Prompt", exact=True)
    expect(prompt).to_have_value(rows(page, server)[0]["prompt"])
    prompt.fill("A floating market at noon, edited")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator('.ag-row[row-index="0"] [col-id="prompt"]')).to_contain_text("edited")
    assert rows(page, server)[0]["prompt"] == "A floating market at noon, edited"
    page.get_by_role("button", name="Close the editor").click()


def delete_two(page: Page, server: Server) -> None:
    for index in (2, 3):
        page.locator(f'.ag-row[row-index="{index}"] .ag-checkbox-input').first.click()
    page.get_by_role("button", name="Delete (2)").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete 2").click()
    expect(page.get_by_text("2 tasks deleted")).to_be_visible()
    left = rows(page, server)
    assert [row["stt"] for row in left] == list(range(1, 23))
    shown = stt_shown(page)
    assert shown == [str(number) for number in range(1, len(shown) + 1)]
