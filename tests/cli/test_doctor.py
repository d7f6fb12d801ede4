"""`whisk doctor` finds what is wrong, says what to do, and changes nothing."""

import json
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from app.running_server import LOCK
from tests.cli.conftest import Whisk


@pytest.fixture
def findings(whisk: Whisk) -> Callable[..., dict[str, dict[str, str]]]:
    """What is found, by name; `exit` is the exit code."""

    def examine(*words: str, **environment: str) -> dict[str, Any]:
        result = whisk("doctor", "--json", *words, **environment)
        told = json.loads(result.stdout)
        problems = sum(check["state"] == "problem" for check in told["checks"])
        assert told["problems"] == problems
        assert result.exit_code == (1 if problems else 0)
        return {check["name"]: check for check in told["checks"]}

    return examine


Findings = Callable[..., dict[str, dict[str, str]]]


def test_an_absent_folder_is_well_and_stays_absent(
    whisk: Whisk, findings: Findings, data: Path
) -> None:
    found = findings()

    assert {check["state"] for check in found.values()} <= {"ok", "warning"}
    assert "the first start makes it" in found["data folder"]["message"]
    assert whisk("doctor").exit_code == 0
    assert not data.exists()


def test_an_empty_folder_stays_empty(findings: Findings, data: Path) -> None:
    data.mkdir(mode=0o700)

    assert findings()["database"]["state"] == "ok"
    assert list(data.iterdir()) == []


def test_a_file_in_place_of_the_folder_is_a_problem(findings: Findings, data: Path) -> None:
    data.write_text("")

    assert findings()["data folder"]["state"] == "problem"


def test_a_folder_below_a_file_is_a_problem(findings: Findings, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    assert findings("--data", str(tmp_path / "file" / "data"))["data folder"]["state"] == "problem"


@pytest.mark.skipif(os.name != "posix", reason="rights are those of POSIX")
def test_a_folder_that_others_may_open_is_named(
    whisk: Whisk, findings: Findings, data: Path
) -> None:
    whisk("list")
    data.chmod(0o755)
    (data / "whisk.sqlite").chmod(0o644)

    found = findings()["rights"]

    assert found["state"] == "warning"
    assert "whisk.sqlite" in found["message"]
    assert f"chmod 700 {data}" in found["message"]


def test_a_database_that_is_none_is_a_problem_and_is_left_alone(
    whisk: Whisk, findings: Findings, data: Path
) -> None:
    data.mkdir(mode=0o700)
    (data / "whisk.sqlite").write_bytes(b"not a database at all" * 100)

    found = findings()["database"]

    assert found["state"] == "problem"
    assert "whisk restore" in found["message"]
    assert (data / "whisk.sqlite").read_bytes().startswith(b"not a database")


def test_a_folder_that_another_program_has_is_named(
    findings: Findings, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.cli.reaching.PATIENCE_SECONDS", 0)
    data.mkdir(mode=0o700)
    with FileLock(data / LOCK):
        assert findings()["server"]["state"] == "warning"


def test_a_port_in_use_is_named(findings: Findings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])

        assert findings("--port", port)["port"]["state"] == "warning"
    assert findings("--port", port)["port"]["state"] == "ok"


def test_keys_are_named_by_variable_and_never_shown(whisk: Whisk, findings: Findings) -> None:
    assert findings(GEMINI_API_KEY="AIza-secret")["key"]["state"] == "ok"
    assert findings(GOOGLE_API_KEY="two words")["key"]["state"] == "problem"
    shown = whisk("doctor", GEMINI_API_KEY="AIza-secret", GOOGLE_API_KEY="two words").output
    assert "GEMINI_API_KEY is set" in shown
    assert "AIza" not in shown
    assert "two words" not in shown


def test_it_says_where_keys_are_kept(findings: Findings, data: Path) -> None:
    found = findings()["key place"]

    assert (found["state"], str(data / "provider-keys.json") in found["message"]) == ("ok", True)


def test_a_key_of_another_address_is_named_with_what_to_do(
    whisk: Whisk, findings: Findings, data: Path
) -> None:
    whisk("list")
    kept = {"gemini": {"key": "AIza-secret", "origin": "https://elsewhere.example.org:443"}}
    (data / "provider-keys.json").write_text(json.dumps(kept))

    found = findings()["key of Google Gemini"]

    assert found["state"] == "warning"
    assert "entered for https://elsewhere.example.org:443" in found["message"]
    assert "Enter the key of the present address" in found["message"]


def test_a_server_that_is_away_is_a_problem(findings: Findings) -> None:
    found = findings("--server", "http://127.0.0.1:9")

    assert found["server"]["state"] == "problem"
    assert "data folder" not in found, "what is on this disk does not matter then"


def test_only_what_is_not_well_is_told_when_asked_to_be_quiet(whisk: Whisk, data: Path) -> None:
    data.write_text("")

    lines = whisk("doctor", "--quiet").stdout.splitlines()

    assert {line.split()[0] for line in lines} <= {"PROBLEM", "warning"}
