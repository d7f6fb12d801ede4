"""Who has a page open."""

import pytest

from app.auth.presence import GRACE, Presence
from app.clock import SECOND


@pytest.fixture
def presence(clock):
    return Presence(clock)


def there(presence):
    return [one.user_id for one in presence.present()]


def test_at_first_nobody_is_there(presence):
    assert presence.present() == []


def test_who_opens_a_page_is_there_from_then_on(presence, clock):
    began = clock.now()
    presence.enter("page 1", "mai", "10.0.0.5")
    clock.pass_seconds(60)
    presence.enter("page 2", "mai", "10.0.0.6")
    presence.enter("page 3", "mai", "10.0.0.5")

    (mai,) = presence.present()
    assert (mai.user_id, mai.since) == ("mai", began)
    assert mai.addresses == ["10.0.0.5", "10.0.0.6"]


def test_who_came_first_stands_first(presence, clock):
    presence.enter("1", "mai")
    clock.pass_seconds(1)
    presence.enter("2", "an")

    assert there(presence) == ["mai", "an"]


def test_who_closes_one_page_of_two_stays(presence, clock):
    presence.enter("1", "mai")
    presence.enter("2", "mai")
    presence.leave("1")
    clock.pass_seconds(GRACE / SECOND + 1)

    assert there(presence) == ["mai"]


def test_who_reloads_was_never_away(presence, clock):
    began = clock.now()
    presence.enter("1", "mai", "10.0.0.5")
    clock.pass_seconds(100)
    presence.leave("1")
    assert presence.present()[0].addresses == ["10.0.0.5"]
    clock.pass_seconds(GRACE / SECOND - 1)
    presence.enter("2", "mai", "10.0.0.5")
    clock.pass_seconds(GRACE / SECOND + 1)

    assert presence.present()[0].since == began


def test_who_stays_away_is_gone_and_comes_back_anew(presence, clock):
    presence.enter("1", "mai")
    presence.leave("1")
    presence.leave("1")
    clock.pass_seconds(GRACE / SECOND)
    assert there(presence) == []

    presence.enter("2", "mai")
    assert presence.present()[0].since == clock.now()


def test_a_page_that_was_never_opened_cannot_leave(presence):
    presence.leave("nothing")

    assert there(presence) == []
