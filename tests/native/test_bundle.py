"""What `make app` built starts on this platform, without an installed Python, and paints."""

import os
import subprocess
import sys

import pytest

from tests.browser.server import ROOT
from tests.native.conftest import Start, second_start
from tests.native.screen import Screen
from tests.native.test_window import paint, until_drawn, until_shown

pytestmark = pytest.mark.native

BUNDLE = ROOT / "dist" / "whisk" / ("whisk.exe" if sys.platform == "win32" else "whisk")


@pytest.fixture
def bundle() -> str:
    if not BUNDLE.exists():
        assert not os.environ.get("CI"), "CI must build the bundle first: make app"
        pytest.skip("there is no bundle: make app")
    return str(BUNDLE)


def test_the_bundle_paints_in_its_own_window(start: Start, screen: Screen, bundle: str) -> None:
    program = start(program=[bundle])
    window = program.window()
    until_drawn(screen)
    before = screen.colours()

    until_shown(screen, paint(program, "a red lighthouse at dusk"), before)

    assert second_start(program).stdout.startswith("Whisk Desktop is open already")
    screen.close_window(window)
    assert program.wait() == 0


def test_the_bundle_has_the_commands(bundle: str, tmp_path: os.PathLike[str]) -> None:
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "WHISK_DATA": str(tmp_path)}

    done = subprocess.run(
        [bundle, "add", "a boat"], env=environment, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert "Added 1 task" in done.stdout
