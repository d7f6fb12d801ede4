"""A real server process, as a person starts it."""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LINK = re.compile(rb"https?://127\.0\.0\.1:\d+/auth\?t=\S+")
FROM_PYTEST = ("NICEGUI_USER_SIMULATION", "NICEGUI_SCREEN_TEST_PORT", "PYTEST_CURRENT_TEST")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """`python main.py` on a free port with its own data folder.

    `printed` holds what it wrote to both streams: until it was ready, and all of it once stopped.
    """

    def __init__(self, data: Path, *options: str, **environment: str) -> None:
        self.data = data
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._options = options
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None
        self.link = ""
        self.printed = b""

    def start(self) -> None:
        """Start, and read the launch link from what it prints."""
        environment = {**os.environ, "WHISK_PAINTER_LATENCY": "0", **self._environment}
        for name in FROM_PYTEST:
            environment.pop(name, None)
        self._process = subprocess.Popen(
            [sys.executable, "main.py", "--no-browser", "--port", str(self.port),
             "--data", str(self.data), *self._options],
            cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        assert self._process.stdout is not None
        said = b""
        while not (found := LINK.search(said)):
            line = self._process.stdout.readline()
            assert line, f"the server did not start:\n{said.decode()}"
            said += line
        self.printed += said
        self.link = found.group().decode()
        self.url = self.link.partition("/auth?")[0]

    def stop(self, with_signal: int = signal.SIGTERM) -> None:
        """End the process and wait for it."""
        if self._process is None:
            return
        self._process.send_signal(with_signal)
        try:
            self._process.wait(60)
        finally:
            self._process.kill()
            self._process.wait()
            assert self._process.stdout is not None
            self.printed += self._process.stdout.read()
            self._process.stdout.close()
            self._process = None

    def kill(self) -> None:
        """kill -9."""
        self.stop(signal.SIGKILL)
