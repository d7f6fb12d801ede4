"""Prompts, names and errors are text: they steer no terminal and are no markup."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.cli.shown import plain
from tests.cli.conftest import Whisk

ROOT = Path(__file__).resolve().parents[2]
HOSTILE = "\x1b]0;title\x07\x1b[31mred\x9b2J\r\u202eevil\u2066[bold]x[/] [/] :smile: \u2028end"
UNSEEN = [chr(code) for code in (*range(0x20), *range(0x7F, 0xA0), 0x202E, 0x2066, 0x2028, 0xFEFF)]


@pytest.mark.parametrize("text", ["Chợ nổi", "夜の水上", "👩‍🚀", "a — b", "नमस्ते", "e\u0301"])
def test_letters_of_every_language_stay_as_they_are(text: str) -> None:
    assert plain(text) == text


@pytest.mark.parametrize("character", UNSEEN, ids=ascii)
def test_what_steers_a_terminal_never_reaches_it(character: str) -> None:
    assert plain(f"a{character}b") in ("a b", "a\N{REPLACEMENT CHARACTER}b")


def test_hostile_words_are_shown_as_text_by_every_command(whisk: Whisk) -> None:
    whisk("add", HOSTILE, "--name", "[/] [link=x]name\x1b[2J")
    for words in (["list"], ["show", "1"], ["list", "--search", HOSTILE], ["show", HOSTILE],
                  ["add", "a boat", "--model", HOSTILE], ["token", "create", HOSTILE],
                  ["token", "list"], ["user", "set", HOSTILE, "--disable"],
                  ["list", "--status", HOSTILE], ["delete", "1", "--yes"]):  # fmt: skip
        shown = whisk(*words).output.replace("\n", "")

        assert not set(shown) & set(UNSEEN), words


def test_markup_is_seen_as_it_was_typed(whisk: Whisk) -> None:
    whisk("add", "[bold]x[/] [/]")

    assert "[bold]x[/] [/]" in whisk("list").stdout
    assert "  [bold]x[/] [/]\n" in whisk("show", "1").stdout


def test_programs_get_the_words_exactly(answered: Callable[..., Any], whisk: Whisk) -> None:
    whisk("add", HOSTILE.replace("\r", ""))

    shown = whisk("list", "--json").stdout

    assert shown.isascii()
    assert json.loads(shown)["tasks"][0]["prompt"] == HOSTILE.replace("\r", "")


def test_a_long_prompt_is_cut_to_the_width(whisk: Whisk) -> None:
    whisk("add", "夜の水上マーケット " * 40)

    lines = whisk("list", COLUMNS="80").stdout.splitlines()

    assert len(lines) == 2
    assert "…" in lines[1]


def test_there_are_no_colours_where_no_terminal_is(whisk: Whisk) -> None:
    whisk("add", "a boat")

    assert "\x1b" not in whisk("list").stdout


def test_a_console_that_lacks_a_letter_does_not_stop_a_command(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "main.py", "add", "夜", "--name", "夜", "--data", str(tmp_path / "data")],
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    assert done.stdout == b"Added 1 task(s).\n"

    shown = {
        command: subprocess.run(
            [sys.executable, "main.py", *command.split(), "--data", str(tmp_path / "data")],
            cwd=ROOT, check=True, capture_output=True, env={"PYTHONIOENCODING": "latin-1"},
        ).stdout
        for command in ("show 1", "list")
    }  # fmt: skip

    assert b"task_name: \\u591c" in shown["show 1"]
    assert b"pending" in shown["list"]


def test_who_has_read_enough_ends_a_list_quietly(tmp_path: Path) -> None:
    data = str(tmp_path / "data")
    text = "".join(f"a boat of a long name, number {number}\n" for number in range(3_000))
    subprocess.run(
        [sys.executable, "main.py", "add", "-", "--data", data],
        cwd=ROOT, check=True, input=text.encode(), capture_output=True,
    )  # fmt: skip

    with subprocess.Popen(
        [sys.executable, "main.py", "list", "--all", "--data", data],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()

        assert b"Traceback" not in process.stderr.read()
