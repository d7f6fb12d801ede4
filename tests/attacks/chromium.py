"""A Chromium for which the attacker's name leads to this machine."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.attacks.by_browser import ELSEWHERE
from tests.browser.conftest import ARGUMENTS, CHROMIUM


@contextmanager
def chromium() -> Iterator[Browser]:
    """Skips with a sentence where there is none."""
    if not CHROMIUM:
        assert not os.environ.get("CI"), "CI must have Chromium: no attack is skipped there"
        pytest.skip("no Chromium found: install it, or name it in CHROMIUM")
    rule = f"--host-resolver-rules=MAP {ELSEWHERE} 127.0.0.1"
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, rule])
        yield found
        found.close()
