"""Commands as a person types them, on a data folder of their own."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from app.cli.commands import command_line
from app.settings import Settings

VARIABLES = ("HOST", "PORT", "DATA", "API", "SERVER", "TOKEN", "NO_BROWSER", "PAINTER_LATENCY")

Whisk = Callable[..., Result]


class Served(list[Settings]):
    """What a server would have been started with."""


@pytest.fixture
def served() -> Served:
    return Served()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def whisk(monkeypatch: pytest.MonkeyPatch, data: Path, served: Served) -> Whisk:
    """Run a command; bugs stay loud."""
    for name in VARIABLES:
        monkeypatch.delenv(f"WHISK_{name}", raising=False)
    monkeypatch.setenv("WHISK_DATA", str(data))
    monkeypatch.setenv("WHISK_PAINTER_LATENCY", "0")
    monkeypatch.setenv("COLUMNS", "120")

    def run(*arguments: str, text: str | bytes | None = None, **environment: str) -> Result:
        line = command_line(served.append)
        return CliRunner().invoke(
            line, arguments, input=text, env=environment, catch_exceptions=False, prog_name="whisk"
        )

    return run


@pytest.fixture
def answered(whisk: Whisk) -> Callable[..., Any]:
    """What a command that must succeed answers with --json."""

    def run(*arguments: str, **more: Any) -> Any:
        result = whisk(*arguments, "--json", **more)
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    return run


@pytest.fixture
def storyboard(tmp_path: Path) -> Callable[..., Path]:
    """A CSV file with these rows, the header first."""

    def write(*rows: str, name: str = "storyboard.csv") -> Path:
        file = tmp_path / name
        file.write_text("\n".join(rows) + "\n", encoding="utf-8")
        return file

    return write
