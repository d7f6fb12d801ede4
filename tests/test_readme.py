"""What the README tells people to type works as it stands."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.server import ROOT, Server

README = (ROOT / "README.md").read_text(encoding="utf-8")
ADDRESS = "http://127.0.0.1:8080"


def blocks(language: str, heading: str) -> list[str]:
    """The fenced blocks of a language below a heading."""
    section = README.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    return re.findall(rf"```{language}\n(.*?)```", section, re.DOTALL)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    found = Server(tmp_path_factory.mktemp("readme") / "data")
    found.start()
    yield found
    found.stop()


@pytest.fixture(scope="module")
def token(server: Server) -> str:
    made = whisk(server.data, "token create readme --scope admin --json")
    return json.loads(made.stdout)["token"]


def whisk(data: Path, line: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command = f'"{sys.executable}" "{ROOT / "main.py"}" {line}'
    environment = {**os.environ, "WHISK_DATA": str(data), "WHISK_PAINTER_LATENCY": "0"}
    return subprocess.run(
        command, shell=True, cwd=folder, env=environment, capture_output=True, text=True,
        check=False,
    )  # fmt: skip


def test_the_lines_for_the_command_line_work_one_after_the_other(tmp_path: Path) -> None:
    (lines,) = blocks("sh", "From the command line")
    shutil.copytree(ROOT / "static" / "samples", tmp_path / "static" / "samples")
    commands = [line.removeprefix("whisk ") for line in lines.strip().splitlines()]
    assert len(commands) >= 6

    for line in commands:
        done = whisk(tmp_path / "data", line, folder=tmp_path)
        assert done.returncode == 0, (line, done.stdout, done.stderr)

    assert list((tmp_path / "pictures").iterdir())
    assert (tmp_path / "queue.csv").stat().st_size > 0
    assert (tmp_path / "whisk-backup.zip").stat().st_size > 0


def test_the_script_queues_and_waits(server: Server, token: str, tmp_path: Path) -> None:
    (script,) = blocks("python", "From a script")
    statements = [line for line in script.splitlines() if line.strip() and "import" not in line]
    assert len(statements) <= 5

    here = script.replace(ADDRESS, server.url).replace("whisk_...", token)
    done = subprocess.run(
        [sys.executable, "-c", here], cwd=tmp_path, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip

    assert (done.stdout.strip(), done.stderr) == ("completed", "")


def test_the_lines_for_curl_work(server: Server, token: str) -> None:
    (lines,) = blocks("sh", "Over HTTP")
    answers = []
    for line in lines.strip().splitlines():
        done = subprocess.run(
            line.replace(ADDRESS, server.url).replace("wait=20", "wait=1"),
            shell=True, capture_output=True, text=True, check=True,
            env={**os.environ, "WHISK_TOKEN": token},
        )  # fmt: skip
        answers.append(json.loads(done.stdout))

    assert len(answers) == 4
    assert [answer["success"] for answer in answers] == [True] * 4
    assert answers[1]["data"]["prompt"] == "A fox in the snow"
    assert answers[3]["data"]["rows"]
