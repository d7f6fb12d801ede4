"""The shell learns from a number what a person reads."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from app.cli import exit_codes
from app.cli.commands import command_line
from app.cli.exit_codes import ExitCode, exit_code_of
from app.web.answers import HTTP_STATUS
from app.words import catalogue
from tests.cli.conftest import Whisk

ROOT = Path(__file__).resolve().parents[2]
CODES = sorted(key.removeprefix("error.") for key in catalogue("en") if key.startswith("error."))
BY_STATUS = {
    400: {ExitCode.REFUSED},
    401: {ExitCode.NOT_ALLOWED},
    403: {ExitCode.NOT_ALLOWED},
    404: {ExitCode.NOT_FOUND},
    408: {ExitCode.UNREACHABLE},
    409: {ExitCode.NOT_NOW, ExitCode.WAITS_FOR_PERSON},
    413: {ExitCode.REFUSED},
    421: {ExitCode.UNREACHABLE},
    422: {ExitCode.REFUSED},
    429: {ExitCode.NOT_NOW},
    500: {ExitCode.PROBLEM},
    502: {
        ExitCode.PROBLEM,
        ExitCode.WAITS_FOR_PERSON,
        ExitCode.UNREACHABLE,
        ExitCode.NOT_ALLOWED,
    },
    503: {ExitCode.UNREACHABLE},
    504: {ExitCode.UNREACHABLE},
}


@pytest.mark.parametrize("code", CODES)
def test_every_failure_has_the_exit_code_of_its_family(code: str) -> None:
    assert exit_code_of(code) in BY_STATUS[HTTP_STATUS[code]]


def test_the_help_ends_with_the_table_of_exit_codes(whisk: Whisk) -> None:
    shown = whisk("--help").stdout
    table = shown.partition("Exit codes:")[2]

    assert {int(number) for number in re.findall(r"^\s+(\d+) ", table, re.M)} == set(ExitCode)
    for number in ExitCode:
        assert re.search(rf"^\* {number.value} ", exit_codes.__doc__ or "", re.M)


@pytest.mark.parametrize(
    ("words", "number"),
    [
        (["list"], ExitCode.OK),
        (["list", "--no-such-option"], ExitCode.USAGE),
        (["list", "--limit", "0"], ExitCode.USAGE),
        (["add"], ExitCode.USAGE),
        (["delete", "1"], ExitCode.NOT_FOUND),
        (["show", "deadbeef"], ExitCode.NOT_FOUND),
        (["user", "set", "nobody", "--disable"], ExitCode.NOT_FOUND),
        (["token", "revoke", "deadbeef"], ExitCode.NOT_FOUND),
        (["add", ""], ExitCode.REFUSED),
        (["add", "a boat", "--model", "no such model"], ExitCode.REFUSED),
        (["list", "--after", "nowhere"], ExitCode.REFUSED),
        (["user", "set", "local", "--disable"], ExitCode.NOT_NOW),
        (["list", "--server", "http://127.0.0.1:9"], ExitCode.UNREACHABLE),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else str(value),
)
def test_a_command_ends_with_its_exit_code(whisk: Whisk, words: list[str], number: int) -> None:
    result = whisk(*words)

    assert result.exit_code == number, result.output
    assert "Traceback" not in result.output


def test_a_failure_is_one_sentence_on_stderr(whisk: Whisk) -> None:
    result = whisk("add", "a boat", "--ratio", "5:7")

    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1
    assert result.stderr.startswith("Row 1: Painter cannot paint 5:7.")


def test_a_failure_is_one_object_for_programs(whisk: Whisk) -> None:
    result = whisk("add", "a boat", "--ratio", "5:7", "--json")

    told = json.loads(result.stdout)
    assert result.exit_code == ExitCode.REFUSED
    assert set(told) == {"code", "message", "field", "params"}
    assert (told["code"], told["field"]) == ("ratio_unsupported", "aspect_ratio")


def leaves(line: typer.Typer) -> Iterator[tuple[str, set[str]]]:
    """Every command with the options it takes."""

    def walk(command: object, name: str) -> Iterator[tuple[str, set[str]]]:
        for child_name, child in getattr(command, "commands", {}).items():
            yield from walk(child, f"{name} {child_name}".strip())
        if not hasattr(command, "commands"):
            parameters = command.params  # type: ignore[attr-defined]
            yield name, {option for parameter in parameters for option in parameter.opts}

    yield from walk(typer.main.get_command(line), "")


def test_every_command_but_serve_answers_programs() -> None:
    without = {name for name, options in leaves(command_line(print)) if "--json" not in options}

    assert without == {"serve"}


def test_no_secret_is_ever_an_option() -> None:
    named = {option for _, options in leaves(command_line(print)) for option in options}

    # What follows --token-file and --key is the name of a file.
    assert {option for option in named if re.search("token|password|key|secret", option)} == {
        "--token-file", "--password-stdin", "--key", "token",
    }  # fmt: skip


def test_a_line_completes_itself_however_the_program_was_started() -> None:
    environment = {
        **os.environ,
        "_WHISK_COMPLETE": "complete_bash",
        "COMP_WORDS": "whisk tok",
        "COMP_CWORD": "1",
    }

    done = subprocess.run(
        [sys.executable, "main.py"], cwd=ROOT, env=environment, capture_output=True, check=True
    )

    assert done.stdout.decode().split() == ["token"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_for_completion_is_that_of_whisk(shell: str) -> None:
    environment = {**os.environ, "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}

    done = subprocess.run(
        [sys.executable, "main.py", "--show-completion", shell],
        cwd=ROOT, env=environment, capture_output=True, check=True,
    )  # fmt: skip

    assert "_WHISK_COMPLETE" in done.stdout.decode()


def test_help_loads_neither_the_pages_nor_the_studio() -> None:
    code = (
        "import sys, main\n"
        "sys.argv = ['whisk', '--help']\n"
        "try: main.main()\n"
        "except SystemExit: pass\n"
        "print({'nicegui', 'sqlalchemy', 'rich'} & set(sys.modules), file=sys.stderr)"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True, text=True
    )

    assert done.stderr == "set()\n"
