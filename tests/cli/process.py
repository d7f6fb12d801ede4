"""`python main.py …` as a process of its own, for what only a real one can show."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.browser.server import FROM_PYTEST, ROOT


def environment(**more: str) -> dict[str, str]:
    """The environment of a person's shell, without what the test runner adds."""
    kept = {name: value for name, value in os.environ.items() if name not in FROM_PYTEST}
    return {**kept, "WHISK_PAINTER_LATENCY": "0", **more}


def started(*words: str, data: Path, **more: str) -> subprocess.Popen[str]:
    """A command that goes on by itself, with its output to read."""
    return subprocess.Popen(
        [sys.executable, "main.py", *words, "--data", str(data)],
        cwd=ROOT, env=environment(**more), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def typed_on_a_terminal(words: list[str], *lines: str) -> tuple[int, str]:
    """What a person sees who types these lines at the questions of a command."""
    pty = pytest.importorskip("pty", reason="terminals are those of POSIX")
    master, slave = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "main.py", *words],
        cwd=ROOT, env=environment(TERM="xterm", COLUMNS="100"), start_new_session=True,
        stdin=slave, stdout=slave, stderr=slave,
    ) as process:  # fmt: skip
        os.close(slave)
        seen = b""
        for line in lines:
            while not seen.endswith(b": "):
                seen += os.read(master, 1)
            os.write(master, line.encode() + b"\n")
            seen += b"\n"
        while True:
            try:
                piece = os.read(master, 1_000)
            except OSError:  # Linux's way to say that the other end is closed
                break
            if not piece:
                break
            seen += piece
    os.close(master)
    return process.returncode, seen.decode()
