"""Renews static/icon.png, the icon of the window and of the bundle, from static/favicon.svg.

Usage: python docs/make_icon.py
"""

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.browser.conftest import ARGUMENTS, CHROMIUM  # noqa: E402

PIXELS = 256
PAGE = "<style>*{{margin:0}}svg{{display:block;width:{pixels}px;height:{pixels}px}}</style>{svg}"


def main() -> None:
    """Draw the vector picture in a real Chromium, on nothing."""
    svg = (ROOT / "static" / "favicon.svg").read_text(encoding="utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": PIXELS, "height": PIXELS})
        page.set_content(PAGE.format(pixels=PIXELS, svg=svg))
        page.screenshot(path=ROOT / "static" / "icon.png", omit_background=True)
        browser.close()


if __name__ == "__main__":
    main()
