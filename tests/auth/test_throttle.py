"""How often a password may be tried: by account, by address, and in all."""

import pytest

from app.auth.passwords import hash_password
from app.auth.sessions import Sessions
from app.auth.throttle import ADDRESS_TRIES, GLOBAL_TRIES, network
from app.errors import NotAllowed, TryLater
from app.models import LOCAL_ADMIN
from app.store.people import People
from app.store.schema import login_tries

PASSWORD = "seven grey herons"


@pytest.fixture(autouse=True)
def _with_password(people):
    people.set_password_hash(LOCAL_ADMIN.id, hash_password(PASSWORD))


@pytest.fixture
def quick(monkeypatch):
    """What a check costs is not tried here."""
    monkeypatch.setattr(
        "app.auth.sessions.verify_password", lambda stored, password: password == PASSWORD
    )


def tried(sessions, username="local", password="wrong wrong wrong", address="192.0.2.7"):
    """The code of a try, empty when it opened a session, and how long to wait."""
    try:
        sessions.sign_in(username, password, address=address)
    except TryLater as error:
        return error.code, error.retry_after
    except NotAllowed as error:
        return error.code, None
    return "", None


def fail_often(sessions, clock, times, **more):
    """So many wrong passwords, each for another name, none too quick after another."""
    codes = []
    for number in range(times):
        codes.append(tried(sessions, f"nobody-{number}", **more)[0])
        clock.pass_seconds(1)
    return codes


@pytest.mark.parametrize(
    ("address", "counts_as"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::ffff", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
        ("", ""),
        ("testclient", ""),
        ("1.2.3.4.5", ""),
    ],
)
def test_an_address_counts_as_what_one_person_can_have(address, counts_as):
    assert network(address) == counts_as


@pytest.mark.usefixtures("quick")
def test_twenty_wrong_passwords_from_one_address_are_the_most(sessions, clock):
    codes = fail_often(sessions, clock, ADDRESS_TRIES + 1)

    assert codes == ["login_failed"] * ADDRESS_TRIES + ["login_throttled"]


@pytest.mark.usefixtures("quick")
def test_then_even_the_right_password_waits_until_the_first_is_ten_minutes_old(sessions, clock):
    fail_often(sessions, clock, ADDRESS_TRIES)

    code, seconds = tried(sessions, password=PASSWORD)

    assert (code, seconds) == ("login_throttled", 600 - ADDRESS_TRIES)
    clock.pass_seconds(seconds)
    assert tried(sessions, password=PASSWORD) == ("", None)


@pytest.mark.usefixtures("quick")
def test_another_address_is_not_held_up(sessions, clock):
    fail_often(sessions, clock, ADDRESS_TRIES)

    assert tried(sessions, password=PASSWORD, address="192.0.2.8")[0] == ""


@pytest.mark.usefixtures("quick")
def test_one_network_of_ipv6_is_one_address(sessions, clock):
    for number in range(ADDRESS_TRIES):
        tried(sessions, f"nobody-{number}", address=f"2001:db8::{number:x}")
        clock.pass_seconds(1)

    assert tried(sessions, "mai", address="2001:db8::ffff")[0] == "login_throttled"
    assert tried(sessions, "mai", address="2001:db8:0:1::1")[0] == "login_failed"


@pytest.mark.usefixtures("quick")
def test_a_right_password_clears_its_account_and_not_its_address(sessions, clock):
    fail_often(sessions, clock, ADDRESS_TRIES - 1)
    for _ in range(3):
        assert tried(sessions, password=PASSWORD)[0] == ""
        clock.pass_seconds(1)

    assert fail_often(sessions, clock, 2) == ["login_failed", "login_throttled"]


@pytest.mark.usefixtures("quick")
def test_ten_passwords_are_checked_in_a_second_whoever_asks(sessions, clock):
    codes = [
        tried(sessions, f"nobody-{number}", address=f"198.51.100.{number}")[0]
        for number in range(GLOBAL_TRIES)
    ]

    assert codes == ["login_failed"] * GLOBAL_TRIES
    assert tried(sessions, password=PASSWORD) == ("login_throttled", 1)
    clock.pass_seconds(1)
    assert tried(sessions, password=PASSWORD)[0] == ""


@pytest.mark.usefixtures("quick")
def test_a_restart_forgets_nothing(sessions, database, clock):
    fail_often(sessions, clock, ADDRESS_TRIES)

    again = Sessions(People(database), clock)

    assert tried(again)[0] == "login_throttled"


@pytest.mark.usefixtures("quick")
def test_a_refused_try_is_not_counted_so_that_nobody_is_shut_out_for_good(sessions, clock):
    fail_often(sessions, clock, ADDRESS_TRIES)
    for _ in range(50):
        assert tried(sessions)[0] == "login_throttled"

    clock.pass_seconds(600)

    assert tried(sessions, password=PASSWORD)[0] == ""


@pytest.mark.usefixtures("quick")
def test_tries_are_kept_for_ten_minutes_only(sessions, database, clock):
    fail_often(sessions, clock, 15)
    clock.pass_seconds(600)

    tried(sessions)

    with database.read() as connection:
        assert len(connection.execute(login_tries.select()).all()) == 1


def test_an_unknown_name_costs_as_much_work_as_a_known_one(sessions, monkeypatch):
    checked = []

    class Hasher:
        def verify(self, stored, password):
            checked.append(stored)
            return True

    monkeypatch.setattr("app.auth.passwords._HASHER", Hasher())

    codes = [tried(sessions, name)[0] for name in ("local", "nobody")]

    assert len(checked) == 2
    assert codes == ["", "login_failed"], "the hash of nobody fits no password"
