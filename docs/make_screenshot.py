"""Renews docs/screenshot.png: the sample storyboard, painted, in a real Chromium.

Usage: python docs/make_screenshot.py [--dark] [--narrow] [--out FILE]
"""

import argparse
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.browser.conftest import ARGUMENTS, CHROMIUM  # noqa: E402
from tests.browser.server import Server  # noqa: E402
from tests.browser.test_story import import_storyboard, sign_in, wait_until_painted  # noqa: E402


def main() -> None:
    """Start a server of its own, paint the storyboard, take the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--narrow", action="store_true")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "screenshot.png")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = Server(Path(folder))
        server.start()
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(
            viewport={"width": 390 if options.narrow else 1440, "height": 844},
            color_scheme="dark" if options.dark else "light",
        )
        sign_in(page, server)
        import_storyboard(page)
        page.get_by_role("button", name="Start", exact=True).click()
        wait_until_painted(page, server)
        page.wait_for_timeout(6000)
        page.screenshot(path=options.out)
        browser.close()
        server.stop()


if __name__ == "__main__":
    main()
