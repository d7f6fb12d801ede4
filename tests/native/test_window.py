"""The window as a person has it: it paints, comes to the front, remembers its place and closes."""

import io
import json
import os
import signal
import sqlite3
import stat
from pathlib import Path

import pytest
from PIL import Image

from app.running_server import running_server
from tests.browser.server import Server
from tests.native.conftest import TITLE, Program, Start, second_start
from tests.native.processes import descendants, lives, open_files
from tests.native.screen import Colour, Screen, rough_colours, soon
from tests.waiting import until_idle

pytestmark = pytest.mark.native

PAGE_IS_DRAWN = 150
"""More colours, in 32 steps each, than a window has that shows a sentence."""

MOST_OF_A_PICTURE = 0.5
IN_A_ROW = (64, 36)
"""Pixels of a wide picture in the table; its sides are cut off there."""


def until_drawn(screen: Screen) -> None:
    soon(lambda: len(screen.colours()) > PAGE_IS_DRAWN)


def paint(program: Program, prompt: str) -> bytes:
    """Paint a picture through REST, as another program would; answers its thumbnail."""
    with program.api as api:
        assert api.add_to_queue({"prompt": prompt, "model": "painter:painter"}).success
        assert api.start_queue().success
        until_idle(api)
        (row,) = api.get_queue().data
        return api.read_image(row["output_image"], thumbnail=True).data.read()


def kinds_of_sessions(data: Path) -> list[str]:
    with sqlite3.connect(data / "whisk.sqlite") as database:
        return [kind for (kind,) in database.execute("select kind from sessions")]


def until_shown(screen: Screen, thumbnail: bytes, before: set[Colour]) -> None:
    """Wait until the screen has most colours of a picture that it did not have before."""
    wanted = rough_colours(Image.open(io.BytesIO(thumbnail)).resize(IN_A_ROW)) - before
    assert len(wanted) > 10
    soon(lambda: len(wanted & screen.colours()) > MOST_OF_A_PICTURE * len(wanted))


def test_the_window_shows_what_is_painted_and_a_second_start_brings_it_to_the_front(
    start: Start, screen: Screen
) -> None:
    program = start()
    window = program.window()
    until_drawn(screen)
    before = screen.colours()

    thumbnail = paint(program, "a red lighthouse at dusk")

    assert kinds_of_sessions(program.data) == ["native"]
    until_shown(screen, thumbnail, before)

    # One process works on the folder, the others only show.
    assert "whisk.sqlite" in open_files(program.pid)
    for other in descendants(program.pid):
        assert open_files(other).isdisjoint({"whisk.sqlite", "whisk.lock"})

    screen.minimise(window)
    second = second_start(program)
    assert second.returncode == 0, second.stderr
    assert second.stdout == (
        f"Whisk Desktop is open already at http://127.0.0.1:{program.port}; "
        "its window is in front now.\n"
    )
    soon(lambda: screen.active() == TITLE)
    assert list(screen.windows()) == [TITLE]


def test_closing_waits_for_what_may_be_paid_and_says_so(start: Start, screen: Screen) -> None:
    program = start(WHISK_PAINTER_LATENCY="12")
    window = program.window()
    until_drawn(screen)
    with program.api as api:
        for prompt in ("a boat", "a tree", "a moon"):
            api.add_to_queue({"prompt": prompt, "model": "painter:painter"})
        api.start_queue()
        soon(lambda: api.queue_state().data["in_flight"] == 2)

    screen.close_window(window)

    soon(lambda: 1 < len(screen.colours()) < PAGE_IS_DRAWN)  # a sentence instead of the pages
    assert screen.shows(TITLE)
    assert not program.ended
    assert program.wait() == 0
    with sqlite3.connect(program.data / "whisk.sqlite") as database:
        states = dict(database.execute("select state, count(*) from slots group by state"))
    assert states == {"done": 2, "pending": 1}


def test_a_window_that_dies_was_closed(start: Start, screen: Screen) -> None:
    program = start()
    program.window()
    until_drawn(screen)

    os.kill(program.window_process(), signal.SIGKILL)

    assert program.wait() == 0


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_no_window_stays_behind(start: Start, screen: Screen, number: signal.Signals) -> None:
    program = start()
    program.window()
    until_drawn(screen)
    processes = descendants(program.pid)

    program.send(number)

    program.wait()
    soon(lambda: not any(map(lives, processes)))
    assert not screen.windows()


def test_closing_ends_everything_and_the_next_window_stands_where_this_one_stood(
    start: Start, screen: Screen
) -> None:
    first = start()
    window = first.window()
    until_drawn(screen)
    screen.move(window, 120, 90, 900, 640)
    soon(lambda: screen.geometry(window)["WIDTH"] == "900")
    stood = screen.geometry(window)
    processes = descendants(first.pid)
    screen.close_window(window)
    assert first.wait() == 0
    soon(lambda: not any(map(lives, processes)))
    assert not screen.windows()

    second = start()
    window = second.window()

    soon(lambda: screen.geometry(window) == stood)
    file = second.data / "window" / "place.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    screen.maximise(window)
    soon(lambda: screen.geometry(window)["WIDTH"] == "1440")
    screen.close_window(window)
    assert second.wait() == 0
    remembered = json.loads(file.read_text(encoding="utf-8"))
    assert (remembered["width"], remembered["maximized"]) == (900, True)


def test_the_studio_in_memory_has_a_window_and_leaves_nothing(start: Start, screen: Screen) -> None:
    program = start("--api", "mock")
    window = program.window()
    until_drawn(screen)

    screen.close_window(window)

    assert program.wait() == 0
    assert not (program.data / "window").exists()


def test_a_window_on_a_distant_studio(start: Start, screen: Screen, tmp_path: Path) -> None:
    studio = Server(tmp_path / "studio")
    studio.start()
    note = running_server(studio.data)
    assert note is not None
    program = start("--server", studio.url, WHISK_TOKEN=note.token)
    window = program.window()
    until_drawn(screen)

    screen.close_window(window)

    assert program.wait() == 0
    assert running_server(studio.data) == note  # the studio itself goes on
    studio.stop()


def test_the_window_speaks_https_with_its_own_server(start: Start, screen: Screen) -> None:
    program = start("--https", "auto")
    program.window()

    until_drawn(screen)

    assert kinds_of_sessions(program.data) == ["native"]
    assert second_start(program).stdout.startswith("Whisk Desktop is open already at https://")
