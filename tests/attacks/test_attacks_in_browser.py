"""The attacks that need a browser, each first seen to work on a bare NiceGUI app."""

import pytest
from playwright.sync_api import Browser

from tests.attacks import by_browser
from tests.attacks.attack import Attack
from tests.attacks.targets import Bare, Ours

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("attack", by_browser.ATTACKS, ids=lambda attack: attack.run.__name__)
def test_an_attack_that_works_on_a_bare_app_is_refused(
    attack: Attack, bare: Bare, open_bare: Bare, ours: Ours, browser: Browser
) -> None:
    on_bare = attack.run(open_bare if attack.without_password else bare, browser)
    assert on_bare.worked is not attack.bare_withstands, on_bare

    on_ours = attack.run(ours, browser)
    assert not on_ours.worked, on_ours
