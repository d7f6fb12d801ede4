"""Real windows on a virtual screen. Skipped with a sentence where something is missing."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from app.api.real_api import RealApi
from app.running_server import NOTE
from tests.browser.server import FROM_PYTEST, ROOT, free_port
from tests.native.processes import command_line, descendants
from tests.native.screen import Screen, missing, soon

TITLE = "Whisk Desktop"
PROGRAM = (sys.executable, "main.py", "--native")


@pytest.fixture(scope="session")
def screen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Screen]:
    if lacking := missing():
        assert not os.environ.get("CI"), f"CI must show the window; it lacks {lacking}"
        pytest.skip(f"no window can be shown here: {', '.join(lacking)} not found")
    found = Screen(tmp_path_factory.mktemp("screen") / "log")
    yield found
    found.close()


class Program:
    """`python main.py --native`, or another program that takes the same options."""

    def __init__(
        self,
        screen: Screen,
        data: Path,
        *options: str,
        program: Sequence[str] = PROGRAM,
        **environment: str,
    ) -> None:
        self.program = program
        self.screen = screen
        self.data = data
        self.port = free_port()
        self._log = data.with_suffix(".log")
        taken = {"WHISK_PAINTER_LATENCY": "0", **screen.environment, **environment}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*program, "--port", str(self.port), "--data", str(data), *options],
                cwd=ROOT,
                env=_own(taken),
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def said(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")

    @property
    def api(self) -> RealApi:
        """The studio, with the token that the server left in its data folder."""
        note = json.loads((self.data / NOTE).read_text(encoding="utf-8"))
        return RealApi(note["url"], note["token"])

    def window(self) -> str:
        """The id of the window, as soon as there is one."""
        soon(lambda: self.screen.shows(TITLE) or self.ended)
        assert not self.ended, self.said
        return self.screen.wait_for(TITLE)

    def window_process(self) -> int:
        """The process that shows the window."""
        (found,) = (pid for pid in descendants(self.pid) if b"spawn_main" in command_line(pid))
        return found

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None

    def wait(self, seconds: float = 60) -> int:
        """How it ended."""
        return self._process.wait(seconds)

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def tidy_up(self) -> None:
        """End whatever is left of it."""
        for pid in (*descendants(self.pid), self.pid):
            if pid != self.pid or not self.ended:
                os.kill(pid, signal.SIGKILL)
        self._process.wait(10)


Start = Callable[..., Program]


@pytest.fixture
def start(screen: Screen, tmp_path: Path) -> Iterator[Start]:
    """Start the program, each time with the same data folder; what is left at the end is ended."""
    running: list[Program] = []

    def begin(*options: str, program: Sequence[str] = PROGRAM, **environment: str) -> Program:
        data = tmp_path / "data"
        running.append(Program(screen, data, *options, program=program, **environment))
        return running[-1]

    yield begin
    for program in running:
        program.tidy_up()
    soon(lambda: not screen.windows())  # the next test must not take them for its own


def second_start(first: Program) -> subprocess.CompletedProcess[str]:
    """Start it once more with the same data folder."""
    return subprocess.run(
        [*first.program, "--port", str(free_port()), "--data", str(first.data)],
        cwd=ROOT, env=_own(first.screen.environment), capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip


def _own(environment: dict[str, str]) -> dict[str, str]:
    """What a person's terminal has, without what the suite adds for itself."""
    return {name: value for name, value in environment.items() if name not in FROM_PYTEST}
