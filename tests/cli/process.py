"""`python main.py …` as a process of its own, for what only a real one can show."""

import os
import subprocess
import sys
from pathlib import Path

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
