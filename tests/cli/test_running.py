"""`whisk run`: a file in, pictures in a folder, nothing twice and nothing unasked."""

import hashlib
import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from app.api.local_api import LocalApi
from app.api.models import MediaContent
from app.cli.asked import Failed
from app.cli.files import deliver
from tests.cli.conftest import Whisk
from tests.cli.process import started, typed_on_a_terminal

Answered = Callable[..., Any]
BOARD = ["name,prompt,aspect_ratio,images", "Boat,a boat,1:1,2", "River,a river,1:1,1"]


@pytest.fixture
def board(storyboard: Callable[..., Path]) -> str:
    return str(storyboard(*BOARD))


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def pictures(out: Path) -> list[Path]:
    """Every file in the folder, each a whole picture."""
    found = sorted(out.iterdir())
    for file in found:
        with Image.open(file) as picture:
            picture.load()
    return found


def wait_for_line(stream: Any, beginning: str) -> None:
    for line in stream:
        if line.startswith(beginning):
            return
    raise AssertionError(f"no line began with {beginning!r}")


# --- painting -------------------------------------------------------------------------------------


def test_a_file_of_prompts_becomes_a_folder_of_pictures(
    whisk: Whisk, answered: Answered, board: str, out: Path
) -> None:
    result = whisk("run", board, "--out", str(out))

    assert result.exit_code == 0, result.output
    assert len(pictures(out)) == 3
    assert {file.name.split(" ")[0] for file in pictures(out)} == {"Boat", "River"}
    assert result.stdout == f"3 image(s) of 2 finished task(s), 2 in all, are in {out}.\n"
    assert len(result.stderr.splitlines()) == 2, "one line for each task, where no terminal is"


def test_a_program_learns_which_file_belongs_to_which_task(
    answered: Answered, board: str, out: Path
) -> None:
    report = answered("run", board, "--out", str(out))

    files = [file for task in report["tasks"] for file in task["files"]]
    assert sorted(files) == [str(file) for file in pictures(out)]
    assert report["counts"] == {"pending": 0, "running": 0, "completed": 2, "error": 0}
    assert [task["task_name"] for task in report["tasks"]] == ["Boat", "River"]


def test_the_queue_is_left_stopped(answered: Answered, board: str, out: Path) -> None:
    answered("run", board, "--out", str(out))

    assert answered("stop")["running"] is False
    answered("add", "a cloud")
    assert answered("list", "--status", "pending")["total"] == 1


def test_prompts_of_a_text_file_are_split_as_asked(
    answered: Answered, out: Path, tmp_path: Path
) -> None:
    file = tmp_path / "prompts.txt"
    file.write_text("a boat\na river\n")

    assert len(answered("run", str(file), "--out", str(out))["tasks"]) == 1
    assert len(answered("run", str(file), "--out", str(out), "--separator", "line")["tasks"]) == 2


def test_on_a_terminal_a_bar_shows_how_far_it_is(board: str, out: Path, data: Path) -> None:
    words = ["run", board, "--out", str(out), "--data", str(data)]

    code, seen = typed_on_a_terminal(words)

    assert code == 0, seen
    assert "3 of 3 images" in seen
    assert len(pictures(out)) == 3


# --- again ----------------------------------------------------------------------------------------


def test_the_same_command_again_adds_and_paints_nothing(
    answered: Answered, board: str, out: Path
) -> None:
    first = answered("run", board, "--out", str(out))
    before = {file: file.stat().st_mtime_ns for file in pictures(out)}

    second = answered("run", board, "--out", str(out))

    assert second == first
    assert {file: file.stat().st_mtime_ns for file in pictures(out)} == before
    assert answered("list")["total"] == 2


def test_a_picture_that_was_lost_is_delivered_again(
    answered: Answered, board: str, out: Path
) -> None:
    answered("run", board, "--out", str(out))
    lost = pictures(out)[0]
    lost.unlink()

    answered("run", board, "--out", str(out))

    assert lost in pictures(out)


def test_again_paints_anew(answered: Answered, board: str, out: Path) -> None:
    answered("run", board, "--out", str(out))

    answered("run", board, "--out", str(out), "--again")

    assert len(pictures(out)) == 6
    assert answered("list")["total"] == 4


@pytest.mark.parametrize("change", ["file", "folder"])
def test_another_file_or_folder_is_another_run(
    answered: Answered, storyboard: Any, board: str, out: Path, tmp_path: Path, change: str
) -> None:
    answered("run", board, "--out", str(out))

    if change == "file":
        answered("run", str(storyboard(*BOARD, "Cloud,a cloud,1:1,1")), "--out", str(out))
    else:
        answered("run", board, "--out", str(tmp_path / "elsewhere"))

    assert answered("list")["total"] == (5 if change == "file" else 4)


def test_rows_that_say_the_same_are_painted_each(
    answered: Answered, storyboard: Any, out: Path
) -> None:
    file = str(storyboard("prompt,aspect_ratio", "a boat,1:1", "a boat,1:1"))

    for _ in range(2):
        assert len(answered("run", file, "--out", str(out))["tasks"]) == 2
    assert len(pictures(out)) == 2


def test_a_row_that_was_wrong_at_first_moves_no_other(
    answered: Answered, storyboard: Any, out: Path, tmp_path: Path
) -> None:
    """Rows are known by what they say: the second run must not take row 1's picture for row 2's."""
    file = str(storyboard("prompt,aspect_ratio,title", "a boat,1:1,lan.png", "a river,1:1,"))
    answered("run", file, "--out", str(out), "--only-right")
    Image.new("RGB", (32, 32), "teal").save(tmp_path / "lan.png")

    answered("run", file, "--out", str(out))

    assert sorted(row["prompt"] for row in answered("list")["tasks"]) == ["a boat", "a river"]
    assert len(pictures(out)) == 2


# --- money ----------------------------------------------------------------------------------------


def test_a_model_that_a_row_names_costs_nothing_unless_a_person_names_it(
    whisk: Whisk, answered: Answered, storyboard: Any, out: Path
) -> None:
    file = storyboard("prompt,model,aspect_ratio", "a boat,Nano Banana Pro,1:1", "a river,,1:1")

    result = whisk("run", str(file), "--out", str(out))

    assert "1 row(s) name the model Nano Banana Pro; Painter paints them." in result.stderr
    assert {row["model"] for row in answered("list")["tasks"]} == {"painter:painter"}
    assert len(pictures(out)) == 2


def test_other_tasks_are_not_run_without_a_word(
    whisk: Whisk, answered: Answered, board: str, out: Path
) -> None:
    answered("add", "something dear", "--model", "Nano Banana Pro")
    answered("start")

    result = whisk("run", board, "--out", str(out))

    assert result.exit_code == 5
    assert result.stderr.startswith("1 other task(s) wait in this queue")
    (left,) = answered("list")["tasks"]
    assert (left["prompt"], left["attempts"]) == ("something dear", 0)


def test_with_waiting_other_tasks_run_as_well(answered: Answered, board: str, out: Path) -> None:
    answered("add", "a cloud", "--ratio", "1:1")

    answered("run", board, "--out", str(out), "--with-waiting")

    assert answered("list")["tasks"][0]["status"] == "completed"
    assert len(pictures(out)) == 3, "only what this run asked for is delivered"


def test_a_provider_without_a_key_waits_for_a_person(
    whisk: Whisk, answered: Answered, board: str, out: Path
) -> None:
    result = whisk("run", board, "--out", str(out), "--model", "Nano Banana Pro", "--json")

    told = json.loads(result.stdout)
    assert (result.exit_code, told["code"]) == (8, "waits_for_person")
    assert told["params"]["reason"] == "key_missing"
    assert told["data"]["images"] == 0
    assert answered("stop")["running"] is False


def test_a_model_nobody_knows_adds_nothing(
    whisk: Whisk, answered: Answered, board: str, out: Path
) -> None:
    assert whisk("run", board, "--out", str(out), "--model", "Magic").exit_code == 4
    assert answered("list")["total"] == 0


def test_time_may_run_out_and_the_rest_waits(
    whisk: Whisk, answered: Answered, board: str, out: Path
) -> None:
    result = whisk("run", board, "--out", str(out), "--timeout", "0", WHISK_PAINTER_LATENCY="0.2")

    assert result.exit_code == 5
    assert answered("stop")["running"] is False
    assert len(answered("run", board, "--out", str(out))["tasks"]) == 2
    assert len(pictures(out)) == 3


# --- interrupted ----------------------------------------------------------------------------------


@pytest.fixture
def long_board(storyboard: Callable[..., Path]) -> str:
    rows = [f"boat {number},1:1" for number in range(8)]
    return str(storyboard("prompt,aspect_ratio", *rows))


def test_a_killed_run_goes_on_and_paints_nothing_twice(
    answered: Answered, long_board: str, out: Path, data: Path
) -> None:
    with started("run", long_board, "--out", str(out), data=data) as process:
        wait_for_line(process.stderr, "2/8")
        process.send_signal(signal.SIGKILL)

    report = answered("run", long_board, "--out", str(out))

    assert len(report["tasks"]) == answered("list")["total"] == 8
    assert report["counts"]["completed"] == 8
    assert len(pictures_of(report)) == len(pictures(out)) == 8
    assert answered("stop")["running"] is False


def pictures_of(report: dict[str, Any]) -> set[str]:
    return {file for task in report["tasks"] for file in task["files"]}


@pytest.mark.parametrize("interruption", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_stops_the_queue_and_says_how_to_go_on(
    answered: Answered, long_board: str, out: Path, data: Path, interruption: signal.Signals
) -> None:
    with started(
        "run", long_board, "--out", str(out), data=data, WHISK_PAINTER_LATENCY="0.1"
    ) as process:
        wait_for_line(process.stderr, "1/8")
        process.send_signal(interruption)
        assert process.stderr is not None
        said = process.stderr.read()

    assert process.returncode == 130
    assert "The same command goes on from here." in said
    assert "Traceback" not in said
    tasks = answered("list")["tasks"]
    assert {row["status"] for row in tasks} <= {"completed", "pending"}
    assert answered("stop")["running"] is False
    assert answered("run", long_board, "--out", str(out))["counts"]["completed"] == 8
    assert len(pictures(out)) == 8


# --- delivery -------------------------------------------------------------------------------------


def content(data: bytes, *, distant: bool = True) -> MediaContent:
    chunks = (lambda: iter([data])) if distant else None
    return MediaContent("image/png", "x.png", "", data=None if distant else data, chunks=chunks)


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_a_file_with_other_content_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "boat-1.png").write_text("mine")

    placed = [deliver(tmp_path, content(b"new"), "boat-1.png", digest(b"new")) for _ in range(2)]

    assert (tmp_path / "boat-1.png").read_text() == "mine"
    assert placed == [tmp_path / "boat-1-2.png"] * 2
    assert sorted(file.name for file in tmp_path.iterdir()) == ["boat-1-2.png", "boat-1.png"]


def test_what_does_not_arrive_whole_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(Failed, match="did not arrive whole"):
        deliver(tmp_path, content(b"half"), "boat.png", digest(b"half and half"))

    assert list(tmp_path.iterdir()) == []


def test_a_link_that_dangles_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "boat.png").symlink_to(tmp_path / "elsewhere.png")

    placed = deliver(tmp_path / "out", content(b"new"), "boat.png", digest(b"new"))

    assert placed.name == "boat-2.png"
    assert not (tmp_path / "elsewhere.png").exists()


@pytest.mark.parametrize(
    "name", ["../../evil.png", "/etc/evil.png", "..\\evil.png", "C:evil.png", "..", "", "a\x00b"]
)
def test_a_name_from_afar_stays_in_the_folder(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "deep" / "out"
    folder.mkdir(parents=True)

    placed = deliver(folder, content(b"new"), name, digest(b"new"))

    assert placed.parent == folder
    assert placed.read_bytes() == b"new"


def test_on_one_disk_a_picture_is_linked_not_copied(
    answered: Answered, board: str, out: Path, data: Path
) -> None:
    report = answered("run", board, "--out", str(out))

    with LocalApi(data, data / "output", works=False) as api:
        (row, _) = api.get_queue().data
        (first, *_) = api.get_images(row["output_images"]).data
    assert Path(first["file_path"]).samefile(report["tasks"][0]["files"][0])


def test_a_folder_that_cannot_be_made_stops_it_before_anything_is_added(
    whisk: Whisk, answered: Answered, board: str, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")

    result = whisk("run", board, "--out", str(tmp_path / "file" / "out"))

    assert result.exit_code == 4
    assert "Traceback" not in result.output
    assert answered("list")["total"] == 0
