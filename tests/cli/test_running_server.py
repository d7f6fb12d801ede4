"""A server that works on the folder is used, instead of opening the database beside it."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from PIL import Image

from app.running_server import LOCK, RunningServer, announce, running_server
from tests.browser.server import Server
from tests.cli.conftest import Whisk
from tests.waiting import until

Answered = Callable[..., Any]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("served") / "data")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def on_server(server: Server, monkeypatch: pytest.MonkeyPatch, whisk: Whisk) -> Whisk:
    monkeypatch.setenv("WHISK_DATA", str(server.data))
    return whisk


def as_json(result: Any) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_command_says_once_that_it_talks_to_the_server(on_server: Whisk, server: Server) -> None:
    result = on_server("list")

    assert result.stderr == f"Using the server that runs at {server.url}.\n"
    assert on_server("list", "--quiet").stderr == ""
    assert on_server("list", "--json").stderr == ""


def test_what_a_command_adds_the_server_paints(on_server: Whisk) -> None:
    added = as_json(on_server("add", "a boat", "--ratio", "1:1", "--json"))
    (task_id,) = added["ids"]

    assert "whisk serve" not in on_server("start").stderr

    def finished() -> bool:
        shown = as_json(on_server("show", task_id, "--json"))
        return shown["status"] == "completed"

    until(finished)


def test_a_run_through_the_server_delivers_whole_pictures(on_server: Whisk, tmp_path: Path) -> None:
    on_server("stop")
    file = tmp_path / "rows.csv"
    file.write_text("prompt,aspect_ratio,images\na boat,1:1,2\na river,1:1,1\n")

    report = as_json(on_server("run", str(file), "--out", str(tmp_path / "out"), "--json"))

    assert report["images"] == 3
    for picture in (tmp_path / "out").iterdir():
        with Image.open(picture) as opened:
            opened.load()
    assert as_json(on_server("stop", "--json"))["running"] is False


def test_a_token_opens_the_server_by_its_address(
    on_server: Whisk, server: Server, tmp_path: Path
) -> None:
    token = on_server("token", "create", "reader", "--scope", "read").stdout.strip()
    file = tmp_path / "token"
    file.write_text(token)
    there = ("--server", server.url)

    assert on_server("list", *there, WHISK_TOKEN=token).exit_code == 0
    assert on_server("list", *there, "--token-file", str(file)).exit_code == 0
    assert on_server("add", "a boat", *there, "--token-file", str(file)).exit_code == 6
    unknown = on_server("list", *there)
    assert unknown.exit_code == 6
    assert "--token-file" in unknown.stderr


def test_a_token_that_ended_opens_nothing(on_server: Whisk, server: Server) -> None:
    made = as_json(on_server("token", "create", "ci", "--json"))
    on_server("token", "revoke", made["id"])

    assert on_server("list", "--server", server.url, WHISK_TOKEN=made["token"]).exit_code == 6


def test_people_are_let_in_through_the_server(on_server: Whisk) -> None:
    password = "correct horse battery staple\n"

    assert on_server("user", "add", "anna", "--password-stdin", text=password).exit_code == 0
    assert "anna" in on_server("user", "list").stdout


def test_the_doctor_asks_the_server(on_server: Whisk, server: Server) -> None:
    told = json.loads(on_server("doctor", "--port", str(server.port), "--json").stdout)
    found = {check["name"]: check["message"] for check in told["checks"]}

    assert server.url in found["server"]
    assert "used by the server of this folder" in found["port"]


def test_the_note_is_for_its_owner_only(server: Server) -> None:
    note = server.data / "server.json"

    assert note.stat().st_mode & 0o077 == 0
    assert running_server(server.data) is not None


def test_a_second_server_is_refused_on_the_port_and_on_the_folder(
    server: Server, tmp_path: Path
) -> None:
    for second, sentence in (
        (Server(tmp_path / "other", "--port", str(server.port)), "is in use"),
        (Server(server.data), "already works in"),
    ):
        with pytest.raises(AssertionError, match=sentence):
            second.start()
        second.stop()


def test_a_server_takes_its_note_away_when_it_ends(tmp_path: Path) -> None:
    server = Server(tmp_path / "data")
    server.start()
    assert (server.data / "server.json").exists()

    server.stop()

    assert not (server.data / "server.json").exists()


def test_a_note_that_a_killed_server_left_sends_nobody_anywhere(
    tmp_path: Path, whisk: Whisk
) -> None:
    server = Server(tmp_path / "data")
    server.start()
    server.kill()
    assert (server.data / "server.json").exists()

    result = whisk("list", "--data", str(server.data))

    assert (result.exit_code, result.stderr) == (0, "")


def test_a_folder_that_a_command_has_is_waited_for(
    whisk: Whisk, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whisk("list")
    monkeypatch.setattr("app.cli.reaching.PATIENCE_SECONDS", 0)
    with FileLock(data / LOCK):
        result = whisk("list")

    assert result.exit_code == 5
    assert "already works in" in result.stderr


def test_the_token_of_a_run_stays_out_of_sight(tmp_path: Path) -> None:
    server = RunningServer("http://127.0.0.1:1", 1, "whisk_secret")
    announce(tmp_path, server)

    assert "whisk_secret" not in repr(server)
