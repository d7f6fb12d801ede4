"""What stands in the log, and what never does."""

import json
import logging
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.errors import InvalidInput
from app.logs import ConsoleLine, JsonLine, log_to_console, log_to_file, prompt_told

TOKEN = "whisk_0123456789-abcdefghijklmnop"


def record(message: str, *args: object, **extra: object) -> logging.LogRecord:
    made = logging.LogRecord("app.somewhere", logging.INFO, "x.py", 1, message, args, None)
    vars(made).update(extra)
    return made


def failed(error: ValueError) -> logging.LogRecord:
    try:
        raise error
    except ValueError:
        made = record("it failed")
        made.exc_info = sys.exc_info()
        return made


@pytest.fixture
def ours() -> Iterator[None]:
    """Logging as a server has it, put back afterwards."""
    root, loggers = logging.getLogger(), [logging.getLogger(name) for name in ("app", "pages")]
    before, level, levels = root.handlers[:], root.level, [one.level for one in loggers]
    loud = logging.raiseExceptions
    yield
    logging.raiseExceptions = loud
    for handler in root.handlers:
        if handler not in before:
            handler.close()
    root.handlers[:], root.level = before, level
    for logger, old in zip(loggers, levels, strict=True):
        logger.setLevel(old)


def test_a_line_is_one_json_object_with_what_was_told_beside_it():
    line = JsonLine().format(record("attempt %s ended", "a1", bytes=17, cost=None, provider="x"))

    told = json.loads(line)
    assert told.pop("time").endswith("Z")
    assert told == {
        "level": "info",
        "logger": "app.somewhere",
        "message": "attempt a1 ended",
        "bytes": 17,
        "cost": None,
        "provider": "x",
    }


@pytest.mark.parametrize("formatter", [JsonLine(), ConsoleLine()], ids=["file", "console"])
def test_no_foreign_text_breaks_out_of_its_line(formatter):
    hostile = 'a\nb\r\x1b[31m\u2028\u202e\x85\x00"}'

    line = formatter.format(record(hostile, name_of=hostile))

    assert line.isprintable()


@pytest.mark.parametrize("formatter", [JsonLine(), ConsoleLine()], ids=["file", "console"])
def test_no_line_holds_a_token_wherever_it_came_in(formatter):
    for made in (
        record(f"see {TOKEN}"),
        record("see %s", TOKEN),
        record("see", where=TOKEN, also=[TOKEN]),
        failed(ValueError(f"Authorization: Bearer {TOKEN}")),
    ):
        assert TOKEN not in formatter.format(made)


def test_a_traceback_is_kept():
    line = JsonLine().format(failed(ValueError("odd")))

    assert "test_logs.py" in json.loads(line)["exception"]
    assert "ValueError: odd" in json.loads(line)["exception"]


def test_of_a_prompt_only_length_and_hash_are_told():
    told = prompt_told("a fox on a bicycle")

    assert told["prompt_chars"] == 18
    assert "fox" not in json.dumps(told)
    assert told != prompt_told("a fox on a tricycle")


def test_a_server_writes_ordinary_events_of_its_own_and_only_warnings_of_others(ours, tmp_path):
    log_to_console()
    log_to_file(tmp_path)

    logging.getLogger("app.engine").info("ours")
    logging.getLogger("httpx").info("GET http://studio/auth?t=secret")
    logging.getLogger("httpx").warning("theirs")

    lines = (tmp_path / "logs" / "whisk.log").read_text().splitlines()
    assert [json.loads(line)["message"] for line in lines] == ["ours", "theirs"]


def test_the_console_shows_warnings_only(ours, tmp_path, capsys):
    log_to_console()
    log_to_file(tmp_path)

    logging.getLogger("app.engine").info("an event")
    logging.getLogger("app.engine").warning("a warning")

    assert capsys.readouterr().err == "warning app.engine: a warning\n"


def test_files_are_turned_over_and_the_oldest_go(ours, tmp_path, monkeypatch):
    monkeypatch.setattr("app.logs.MAX_FILE_BYTES", 300)
    log_to_file(tmp_path)

    for number in range(100):
        logging.getLogger("app").info("event %d", number)

    files = sorted((tmp_path / "logs").iterdir())
    assert len(files) == 10
    assert all(file.stat().st_size <= 300 for file in files)
    assert "event 99" in (tmp_path / "logs" / "whisk.log").read_text()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_only_the_owner_may_look_into_the_folder(ours, tmp_path: Path):
    log_to_file(tmp_path / "data")

    assert stat.S_IMODE((tmp_path / "data" / "logs").stat().st_mode) == 0o700


def test_a_start_that_fails_leaves_no_empty_file(ours, tmp_path):
    log_to_file(tmp_path)

    assert list((tmp_path / "logs").iterdir()) == []


def test_a_folder_that_cannot_be_made_is_named_in_a_sentence(ours, tmp_path):
    (tmp_path / "data").write_text("a file")

    with pytest.raises(InvalidInput) as caught:
        log_to_file(tmp_path / "data")

    assert caught.value.code == "folder_not_writable"
