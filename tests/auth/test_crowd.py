import pytest

from app.auth.crowd import MOST_ADDRESSES, TRIES, Crowd, neighbourhood
from app.errors import TryLater

HOME = "192.0.2.7"


@pytest.fixture
def crowd(clock):
    return Crowd(clock)


def seconds_to_wait(crowd, address=HOME):
    try:
        crowd.admit(address)
    except TryLater as error:
        return error.retry_after
    return 0


def test_an_address_has_twenty_tries_in_ten_minutes(crowd, clock):
    for _ in range(TRIES):
        assert seconds_to_wait(crowd) == 0
        clock.pass_seconds(10)

    assert seconds_to_wait(crowd) == 600 - 10 * TRIES
    clock.pass_seconds(600 - 10 * TRIES)
    assert seconds_to_wait(crowd) == 0
    assert seconds_to_wait(crowd) == 10


def test_one_address_says_nothing_about_another(crowd):
    for _ in range(TRIES):
        crowd.admit(HOME)

    assert seconds_to_wait(crowd, "192.0.2.8") == 0
    assert seconds_to_wait(crowd, HOME) > 0


def test_a_right_password_is_no_try(crowd):
    for _ in range(3 * TRIES):
        crowd.admit(HOME)
        crowd.forgive(HOME)

    assert seconds_to_wait(crowd) == 0


def test_without_an_address_nothing_is_counted(crowd):
    assert [seconds_to_wait(crowd, "") for _ in range(2 * TRIES)] == [0] * 2 * TRIES


def test_a_flood_of_addresses_is_forgotten_from_the_oldest(crowd):
    for _ in range(TRIES):
        crowd.admit(HOME)
    for number in range(MOST_ADDRESSES):
        crowd.admit(f"host-{number}")

    assert seconds_to_wait(crowd) == 0


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "testclient"),
        ("", ""),
    ],
)
def test_whoever_has_one_ipv6_address_has_a_whole_network_of_them(address, place):
    assert neighbourhood(address) == place
