"""A window on a distant studio: server A does the work, server B shows and steers it."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.server import ROOT, Server

pytestmark = pytest.mark.browser


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Server]:
    """Server A, where the queue and the engine are."""
    found = Server(tmp_path / "a", WHISK_PAINTER_LATENCY="0.4")
    found.start()
    yield found
    found.stop()


@pytest.fixture
def window(tmp_path: Path, studio: Server) -> Iterator[Server]:
    """Server B, which has nothing of its own but a token for A."""
    found = Server(
        tmp_path / "b", "--api", "real", "--server", studio.url, WHISK_TOKEN=token(studio)
    )
    found.start()
    yield found
    found.stop()


@pytest.fixture
def tab(browser: Browser) -> Iterator[Page]:
    """A tab in which failed requests are part of the story, but no error of a script is."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(20_000)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert errors == []


def token(studio: Server) -> str:
    """A token as an admin makes one on the command line, while the server runs."""
    made = subprocess.run(
        [sys.executable, "main.py", "token", "create", "window", "--scope", "write",
         "--data", str(studio.data), "--json"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(made.stdout)["token"]


def test_a_window_shows_and_steers_a_distant_studio_and_outlives_its_fall(
    tab: Page, studio: Server, window: Server
) -> None:
    tab.goto(window.link)
    tab.wait_for_function("window.did_handshake && document.querySelector('.ag-root')")
    tab.get_by_role("button", name="Try the sample storyboard").click()
    expect(tab.locator('.ag-row[row-index="0"]').first).to_be_visible()
    tab.get_by_role("button", name="Start", exact=True).click()
    thumbnail = tab.locator('.ag-row [col-id="output_images"] img').first
    expect(thumbnail).to_be_visible()
    tab.wait_for_function("e => e.complete && e.naturalWidth > 0", arg=thumbnail.element_handle())
    assert list((studio.data / "output").rglob("*.png"))
    assert not (window.data / "whisk.sqlite").exists()

    studio.kill()
    lost = tab.get_by_text(re.compile(f"Cannot reach {re.escape(studio.url)}"))
    expect(lost).to_be_visible()
    tab.get_by_role("button", name="Stop", exact=True).click()
    expect(tab.get_by_text("Is Whisk Desktop running there?")).to_be_visible()
    tab.reload()
    expect(lost).to_be_visible()
    expect(tab.locator('.ag-row[row-index="0"]').first).to_be_visible()
    opened = tab.evaluate("performance.timeOrigin")

    studio.start()
    expect(lost).to_be_hidden()
    expect(tab.get_by_text("41 of 41 images")).to_be_visible(timeout=90_000)
    assert tab.evaluate("performance.timeOrigin") == opened, "nobody reloaded the page"
