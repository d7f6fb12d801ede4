"""Looking at the queue and steering it."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from app.api.base_api import BaseApi
from app.api.models import ApiResponse
from app.cli.asked import Failed
from app.cli.finding import tasks_named
from tests.cli.conftest import Whisk

Answered = Callable[..., Any]


@pytest.fixture
def ids(answered: Answered) -> list[str]:
    """A queue of three."""
    return answered("add", "a boat", "a river", "a heron")["ids"]


def test_the_list_shows_the_queue_in_order(whisk: Whisk, ids: list[str]) -> None:
    head, *lines = whisk("list").stdout.splitlines()

    assert head.split() == ["STT", "ID", "STATUS", "TASK", "MODEL", "IMAGES", "MESSAGE"]
    assert [line.split()[:3] for line in lines] == [
        [str(number), task_id[:8], "pending"] for number, task_id in enumerate(ids, 1)
    ]
    assert lines[0].split()[3:] == ["a", "boat", "Painter", "0/1"]


def test_a_page_says_how_to_get_the_next(whisk: Whisk, answered: Answered, ids: list[str]) -> None:
    shown = whisk("list", "--limit", "2")
    command = shown.stderr.strip().rpartition("whisk ")[2].split()

    assert [row["id"] for row in answered(*command)["tasks"]] == ids[2:]
    assert shown.stderr.startswith("2 of 3.")


def test_tasks_are_found_by_status_and_text(answered: Answered, ids: list[str]) -> None:
    assert [row["id"] for row in answered("list", "--search", "RIVER")["tasks"]] == [ids[1]]
    assert answered("list", "--status", "completed")["tasks"] == []


def test_all_is_every_page(answered: Answered) -> None:
    answered("add", "-", text="".join(f"boat {number}\n" for number in range(1_200)))

    answer = answered("list", "--all")

    assert [row["stt"] for row in answer["tasks"]] == list(range(1, 1_201))
    assert (answer["total"], answer["next"]) == (1_200, "")


def test_a_task_is_meant_by_row_number_by_id_and_by_how_an_id_begins(
    answered: Answered, ids: list[str]
) -> None:
    for name in ("2", ids[1], ids[1][:12]):
        assert answered("show", name)["id"] == ids[1]


@pytest.mark.parametrize("name", ["4", "0", "abc", "-1", "zzzz", "٢"])
def test_what_names_no_task_is_not_found(whisk: Whisk, ids: list[str], name: str) -> None:
    assert whisk("show", "--", name).exit_code == 3


def test_a_beginning_of_several_ids_must_be_longer() -> None:
    alike = [{"id": f"abcd{number:028}"} for number in range(2)]
    page = ApiResponse(success=True, data={"tasks": alike, "next": ""})
    api = cast(BaseApi, SimpleNamespace(query_tasks=lambda **_: page))

    with pytest.raises(Failed, match="Write more of the id"):
        tasks_named(api, ["abcd"])
    assert tasks_named(api, [alike[1]["id"]]) == alike[1:]


def test_show_tells_everything_that_is_known(whisk: Whisk, ids: list[str]) -> None:
    shown = whisk("show", "1").stdout

    assert f"id: {ids[0]}\n" in shown
    assert "aspect_ratio: 16:9\n" in shown
    assert "prompt:\n  a boat\n" in shown


def test_start_and_stop_last(whisk: Whisk, answered: Answered, ids: list[str]) -> None:
    started = whisk("start")

    assert started.stdout == "The queue runs; 3 task(s) wait.\n"
    assert "whisk serve" in started.stderr
    assert answered("start")["running"] is True
    assert answered("stop")["running"] is False


def test_a_command_that_looks_or_adds_runs_nothing(
    whisk: Whisk, answered: Answered, ids: list[str]
) -> None:
    """Only `run` and a server work; a started queue waits for one of them."""
    whisk("start")

    for words in (["list"], ["add", "a cloud"], ["show", "1"], ["models"]):
        assert whisk(*words).exit_code == 0

    assert {row["attempts"] for row in answered("list")["tasks"]} == {0}


def test_cancelled_tasks_are_retried_only_by_name(
    whisk: Whisk, answered: Answered, ids: list[str]
) -> None:
    assert answered("cancel", "1", "3") == {"tasks": 2, "in_flight": 0}
    assert answered("retry")["images"] == 0
    assert whisk("retry", "1").stdout == "Retrying 1 image(s) of 1 task(s).\n"
    assert [row["status"] for row in answered("list")["tasks"]] == ["pending", "pending", "error"]


def test_all_that_waits_can_be_cancelled(answered: Answered, ids: list[str]) -> None:
    assert answered("cancel", "--all-waiting")["tasks"] == 3


@pytest.mark.parametrize("words", [[], ["1", "--all-waiting"]])
def test_cancelling_needs_one_way_to_say_what(whisk: Whisk, words: list[str]) -> None:
    assert whisk("cancel", *words).exit_code == 2


def test_deleting_asks_and_without_a_person_needs_yes(
    whisk: Whisk, answered: Answered, ids: list[str]
) -> None:
    refused = whisk("delete", "1", text="y\n")

    assert refused.exit_code == 2
    assert "--yes" in refused.stderr
    assert answered("delete", "1", "3", "--yes") == {"deleted": 2}
    assert [row["id"] for row in answered("list")["tasks"]] == [ids[1]]


def test_nothing_is_deleted_when_one_name_is_wrong(
    whisk: Whisk, answered: Answered, ids: list[str]
) -> None:
    assert whisk("delete", "1", "9", "--yes").exit_code == 3
    assert len(answered("list")["tasks"]) == 3


def test_the_queue_is_exported_as_a_table_or_as_everything(
    whisk: Whisk, answered: Answered, ids: list[str], tmp_path: Path
) -> None:
    table = whisk("export").stdout_bytes.decode("utf-8-sig")
    file = tmp_path / "queue.json"

    assert answered("export", "--format", "json", "--out", str(file)) == {"file": str(file)}
    assert [row["prompt"] for row in csv.DictReader(io.StringIO(table))] == [
        "a boat", "a river", "a heron",
    ]  # fmt: skip
    assert [row["id"] for row in json.loads(file.read_text(encoding="utf-8"))] == ids
    assert [row["id"] for row in answered("export")] == ids
    assert whisk("export", "--format", "csv", "--json").exit_code == 2


def test_an_exported_table_can_be_added_again(
    whisk: Whisk, answered: Answered, ids: list[str], tmp_path: Path
) -> None:
    whisk("export", "--out", str(tmp_path / "queue.csv"))

    assert answered("add", "--file", str(tmp_path / "queue.csv"))["added"] == 3


def test_models_are_listed_with_what_they_need(whisk: Whisk, answered: Answered) -> None:
    lines = whisk("models").stdout.splitlines()

    assert lines[1].split()[:3] == ["painter:painter", "Painter", "yes"]
    assert any("needs a key" in line for line in lines)
    assert answered("models")[0]["id"] == "painter:painter"
