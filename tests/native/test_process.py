"""The window's process by itself, in front of a small server that is not ours."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from app.errors import WhiskError
from app.window.look import Look, look_in
from app.window.window import NativeWindow
from tests.native.conftest import TITLE
from tests.native.processes import said_aloud
from tests.native.screen import Screen, soon

pytestmark = pytest.mark.native

SECRET = "a-launch-token-that-nobody-else-may-read"
PAGE = b"<!doctype html><body style='background:#0f8074'>"
GREEN = (0x08, 0x80, 0x70)


class Pages(BaseHTTPRequestHandler):
    """Green pages, and a file to save."""

    def do_GET(self) -> None:
        self.server.asked.append(self.path)  # type: ignore[attr-defined]
        is_file = self.path == "/file"
        self.send_response(200)
        if is_file:
            self.send_header("Content-Disposition", "attachment; filename*=UTF-8''b%C3%A9.png")
        self.send_header("Content-Type", "image/png" if is_file else "text/html")
        self.end_headers()
        self.wfile.write(b"pixels" if is_file else PAGE)

    def log_message(self, *said: object) -> None:
        pass


class Stage:
    """A window, and what it asked for."""

    def __init__(self, look: Look, links: list[str]) -> None:
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
        self.asked: list[str] = []
        self.server.asked = self.asked  # type: ignore[attr-defined]
        self.links = links
        self.stopped = threading.Event()
        self.sentence = ""
        self.window = NativeWindow(
            look, sign_in=self._link, finishing=lambda: self.sentence, stop=self.stopped.set
        )
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def _link(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}{self.links.pop(0)}"

    def open(self) -> None:
        self.window.prepare()
        self.window.open()

    def close(self) -> None:
        self.window.end()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def links() -> list[str]:
    """Where the window is sent when it must sign in, one after the other."""
    return [f"/auth?t={SECRET}"]


@pytest.fixture
def stage(
    screen: Screen, tmp_path: Path, links: list[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Stage]:
    monkeypatch.setenv("DISPLAY", screen.display)
    monkeypatch.setenv("HOME", str(tmp_path))
    found = Stage(look_in("en", tmp_path / "window"), list(links))
    yield found
    found.close()


@pytest.fixture
def opened(stage: Stage, screen: Screen) -> Stage:
    """A window that shows its page."""
    stage.open()
    soon(lambda: GREEN in screen.colours())
    return stage


def asking(stage: Stage, start: Path, chosen: list[str]) -> threading.Thread:
    thread = threading.Thread(
        target=lambda: chosen.append(stage.window.choose_folder(str(start))), daemon=True
    )
    thread.start()
    return thread


def test_nobody_reads_the_launch_token(stage: Stage, screen: Screen) -> None:
    heard: list[bytes] = []
    enough = threading.Event()

    def listen() -> None:
        while not enough.wait(0.02):
            heard.append(said_aloud())

    listener = threading.Thread(target=listen)
    listener.start()
    stage.open()
    soon(lambda: GREEN in screen.colours())
    enough.set()
    listener.join()
    heard.append(said_aloud())

    assert stage.asked[0] == f"/auth?t={SECRET}"
    assert len(heard) > 5
    assert b"--multiprocessing-fork" in heard[-1]
    assert not [one for one in heard if SECRET.encode() in one]


def test_a_folder_is_chosen_in_a_dialog(opened: Stage, screen: Screen, tmp_path: Path) -> None:
    folder = tmp_path / "my pictures"
    folder.mkdir()
    chosen: list[str] = []
    thread = asking(opened, tmp_path, chosen)

    screen.wait_for("Choose a folder")
    assert opened.window.choose_folder("/") == "", "one dialog at a time"
    screen.answer_dialog("Choose a folder", str(folder))

    thread.join(20)
    assert chosen == [str(folder)]


def test_a_dialog_that_stands_open_holds_nobody_up(opened: Stage, screen: Screen) -> None:
    chosen: list[str] = []
    thread = asking(opened, Path("/"), chosen)
    screen.wait_for("Choose a folder")

    opened.window.end()

    thread.join(20)
    assert chosen == [""]
    soon(lambda: not screen.windows())


@pytest.mark.parametrize("links", [["/file"]])
def test_a_file_is_saved_where_the_person_says(
    stage: Stage, screen: Screen, tmp_path: Path
) -> None:
    stage.open()
    saved = tmp_path / "saved.png"

    screen.answer_dialog("Save as", str(saved))

    soon(lambda: saved.exists() and saved.read_bytes() == b"pixels")


@pytest.mark.parametrize("links", [["/login", "/again", "/never"]])
def test_a_window_whose_session_has_ended_signs_in_again(opened: Stage) -> None:
    soon(lambda: "/again" in opened.asked)

    assert [path for path in opened.asked if path != "/favicon.ico"] == ["/login", "/again"]
    assert opened.links == ["/never"]


@pytest.mark.parametrize("links", [["/login", "/login", "/login"]])
def test_a_link_that_does_not_sign_in_is_not_tried_for_ever(opened: Stage, screen: Screen) -> None:
    soon(lambda: opened.asked.count("/login") == 2)

    opened.window.focus()

    soon(lambda: screen.active() == TITLE)
    assert opened.links == ["/login"]


def test_closing_while_requests_are_out_waits_for_the_server(opened: Stage, screen: Screen) -> None:
    opened.sentence = "2 requests are out <b>now</b>"
    window = screen.wait_for(TITLE)

    screen.close_window(window)

    assert opened.stopped.wait(10)
    soon(lambda: GREEN not in screen.colours())
    assert screen.shows(TITLE)
    screen.close_window(window)
    soon(lambda: not screen.shows(TITLE))  # closed twice it is out of sight, and waits on
    assert opened.window.focus()
    screen.wait_for(TITLE)
    opened.window.end()
    assert not screen.windows()


def test_a_window_that_cannot_be_shown_stops_the_server(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DISPLAY", ":54321")

    stage.open()

    assert stage.stopped.wait(30)
    with pytest.raises(WhiskError, match="The window could not be shown"):
        stage.window.check()
    assert "display" in capfd.readouterr().err
