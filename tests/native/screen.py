"""A virtual screen with a window manager, and what a person sees and does there."""

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from PIL import Image, ImageGrab

from app.window.demand import NEEDED

PROGRAMS = ("Xvfb", "openbox", "wmctrl", "xdotool")
SIZE = (1440, 1000)
INSIDE = (90, 90, 1350, 900)
"""What a window in the middle shows below its title: left, top, right, bottom."""

Colour = tuple[int, int, int]


def missing() -> list[str]:
    """What this machine lacks for these tests."""
    programs = [name for name in PROGRAMS if not shutil.which(name)]
    packages = [name for name in NEEDED if not find_spec(name.partition(".")[0])]
    return programs + packages


def soon(seen: Callable[[], bool], seconds: float = 60) -> None:
    """Wait until it is so; looks seldom, because looking at a screen takes work."""
    limit = time.monotonic() + seconds
    pause = threading.Event()
    while not seen():
        assert time.monotonic() < limit, "it did not come about in time"
        pause.wait(0.1)


class Screen:
    """An X server of its own, so that no test touches the screen of whoever runs it."""

    def __init__(self, log: Path) -> None:
        reading, writing = os.pipe()
        self._log = log.open("wb")
        size = "x".join(map(str, (*SIZE, 24)))
        self._server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(writing), "-screen", "0", size, "-nolisten", "tcp"],
            pass_fds=[writing], stdout=self._log, stderr=self._log,
        )  # fmt: skip
        os.close(writing)
        with open(reading, "rb") as said:
            self.display = f":{said.readline().decode().strip()}"
        self.environment = {**os.environ, "DISPLAY": self.display}
        self.environment.pop("WAYLAND_DISPLAY", None)
        self._manager = subprocess.Popen(
            ["openbox"], env=self.environment, stdout=self._log, stderr=self._log
        )
        soon(lambda: self._ask("wmctrl", "-m") != "")

    def close(self) -> None:
        """Take the screen away."""
        for process in (self._manager, self._server):
            process.terminate()
            process.wait(10)
        self._log.close()

    def windows(self) -> dict[str, str]:
        """Ids of the windows, by title."""
        lines = [line.split(None, 3) for line in self._ask("wmctrl", "-l").splitlines()]
        return {line[3]: line[0] for line in lines if len(line) == 4}

    def wait_for(self, title: str) -> str:
        """The id of the window whose title begins so, as soon as there is one."""
        soon(lambda: self.shows(title))
        return next(at for name, at in self.windows().items() if name.startswith(title))

    def shows(self, title: str) -> bool:
        """Whether there is a window whose title begins so."""
        return any(name.startswith(title) for name in self.windows())

    def active(self) -> str:
        """Title of the window in front."""
        return self._ask("xdotool", "getactivewindow", "getwindowname").strip()

    def close_window(self, window: str) -> None:
        """Press the window's close button."""
        self._ask("wmctrl", "-i", "-c", window)

    def minimise(self, window: str) -> None:
        """Put a window away."""
        self._ask("xdotool", "windowminimize", window)
        soon(lambda: self.active() == "")

    def move(self, window: str, x: int, y: int, width: int, height: int) -> None:
        """Give a window another place."""
        self._ask("wmctrl", "-i", "-r", window, "-e", f"0,{x},{y},{width},{height}")

    def maximise(self, window: str) -> None:
        """Make a window as large as the screen."""
        self._ask("wmctrl", "-i", "-r", window, "-b", "add,maximized_vert,maximized_horz")

    def geometry(self, window: str) -> dict[str, str]:
        """Where a window stands, as xdotool says it: X, Y, WIDTH, HEIGHT."""
        lines = self._ask("xdotool", "getwindowgeometry", "--shell", window).splitlines()
        found = dict(line.split("=") for line in lines)
        return {name: found.get(name, "") for name in ("X", "Y", "WIDTH", "HEIGHT")}

    def answer_dialog(self, title: str, text: str) -> None:
        """Wait for a dialog, write over what stands in it, and press Enter."""
        self.wait_for(title)
        soon(lambda: self.active().startswith(title))
        self._ask("xdotool", "key", "ctrl+a")
        self._ask("xdotool", "type", "--delay", "1", text)
        self._ask("xdotool", "key", "Return")

    def picture(self) -> Image.Image:
        """What is on the screen."""
        return ImageGrab.grab(xdisplay=self.display).convert("RGB")

    def colours(self) -> set[Colour]:
        """The colours inside of a window of the usual size, roughly."""
        return rough_colours(self.picture().crop(INSIDE))

    def _ask(self, *words: str) -> str:
        done = subprocess.run(
            words, env=self.environment, capture_output=True, text=True, check=False
        )
        return done.stdout


def rough_colours(picture: Image.Image) -> set[Colour]:
    """The colours of a picture in 32 steps each."""
    small = picture.convert("RGB").point(lambda value: value & 0xF8)
    return {colour for _, colour in small.getcolors(1 << 24)}  # type: ignore[misc]
