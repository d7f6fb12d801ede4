"""The system's keyring: used when there is a real one, and asked as seldom as can be."""

import json
import sys
from pathlib import Path

import pytest

from app.errors import NotConfigured
from app.providers.key_stores import FILE_NAME, SERVICE, system_keyring
from app.providers.keys import KeyRing, KeyState

KEY = "AIza-first-key-0123456789"
OTHER = "AIza-other-key-9876543210"
HOME = "https://generativelanguage.googleapis.com"
ORIGIN = f"{HOME}:443"


class Desktop:
    """A keyring that counts what it is asked, and may be locked."""

    priority = 5.0

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}
        self.asked = 0
        self.locked = False

    def _open(self) -> None:
        self.asked += 1
        if self.locked:
            raise PermissionError(f"dismissed, and here is what was in it: {KEY}")

    def get_password(self, service: str, username: str) -> str | None:
        self._open()
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._open()
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._open()
        del self.kept[service, username]


@pytest.fixture
def desktop() -> Desktop:
    return Desktop()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def ring(data: Path, desktop: Desktop | None, url: str = HOME) -> KeyRing:
    """The keys of a data folder after a start on a machine with this desktop, or none."""
    keys = KeyRing(data, {}, keyring=lambda: desktop)
    keys.declare("gemini", ("GEMINI_API_KEY",), url, HOME)
    return keys


def test_a_key_goes_into_the_keyring_with_its_origin_and_not_into_a_file(data, desktop):
    keys = ring(data, desktop)
    keys.set("gemini", KEY)

    assert keys.place == "keyring"
    assert not data.exists()
    assert desktop.kept.keys() == {(SERVICE, f"gemini {data}")}
    assert ring(data, desktop).get("gemini") == KEY
    assert ring(data, desktop).state("gemini") == KeyState(True, "settings", KEY[-4:], ORIGIN)


def test_without_a_keyring_it_goes_into_the_file(data):
    keys = ring(data, None)
    keys.set("gemini", KEY)

    assert keys.place == "file"
    assert json.loads((data / FILE_NAME).read_text()) == {"gemini": {"key": KEY, "origin": ORIGIN}}


def test_a_key_of_the_keyring_is_bound_to_its_origin(data, desktop):
    ring(data, desktop).set("gemini", KEY)

    with pytest.raises(NotConfigured) as caught:
        ring(data, desktop, url="https://collector.example.org").get("gemini")

    assert caught.value.code == "key_of_other_origin"


def test_a_key_of_the_file_is_found_until_a_new_one_takes_its_place(data, desktop):
    ring(data, None).set("gemini", KEY)

    keys = ring(data, desktop)
    assert keys.get("gemini") == KEY
    keys.set("gemini", OTHER)

    assert keys.get("gemini") == OTHER
    assert KEY not in (data / FILE_NAME).read_text()


def test_forgetting_empties_both(data, desktop):
    ring(data, None).set("gemini", KEY)
    keys = ring(data, desktop)
    keys.set("gemini", OTHER)

    keys.forget("gemini")
    keys.forget("gemini")

    assert keys.get("gemini") is None
    assert desktop.kept == {}
    assert ring(data, None).get("gemini") is None


def test_two_data_folders_share_no_key(tmp_path, desktop):
    ring(tmp_path / "one", desktop).set("gemini", KEY)

    assert ring(tmp_path / "two", desktop).get("gemini") is None


def test_it_is_asked_once_however_often_the_queue_asks(data, desktop):
    ring(data, desktop).set("gemini", KEY)
    keys = ring(data, desktop)
    desktop.asked = 0

    assert {keys.get("gemini") for _ in range(10)} == {KEY}
    assert desktop.asked == 1


def test_a_keyring_that_stays_locked_is_asked_once_and_quoted_nowhere(data, desktop):
    desktop.locked = True
    keys = ring(data, desktop)

    for _ in range(3):
        with pytest.raises(NotConfigured) as caught:
            keys.get("gemini")
        assert caught.value.code == "keyring_closed"
        assert "Unlock it" in caught.value.message
        assert KEY not in str(caught.value)
        assert caught.value.__context__ is None or caught.value.__suppress_context__

    assert keys.state("gemini") == KeyState(problem="keyring_closed")
    assert desktop.asked == 1


def test_a_locked_keyring_is_asked_again_when_a_person_enters_a_key(data, desktop):
    desktop.locked = True
    keys = ring(data, desktop)
    with pytest.raises(NotConfigured):
        keys.set("gemini", KEY)
    assert not (data / FILE_NAME).exists(), "no key slips into a place that nobody was told of"

    desktop.locked = False
    keys.set("gemini", KEY)

    assert keys.get("gemini") == KEY


def test_a_damaged_file_stops_a_new_key_before_anything_is_changed(data, desktop):
    data.mkdir()
    (data / FILE_NAME).write_text("{")

    with pytest.raises(NotConfigured):
        ring(data, desktop).set("gemini", KEY)

    assert desktop.kept == {}


def test_what_others_wrote_under_our_name_is_no_key(data, desktop):
    desktop.kept[SERVICE, f"gemini {data}"] = KEY

    assert ring(data, desktop).get("gemini") is None


def test_the_keyring_is_not_looked_for_until_a_key_is_needed(data):
    def never():
        raise AssertionError("looking for a keyring takes a while")

    keys = KeyRing(data, {"GEMINI_API_KEY": KEY}, keyring=never)
    keys.declare("gemini", ("GEMINI_API_KEY",), HOME)

    assert keys.get("gemini") == KEY


@pytest.mark.parametrize("name", ["fail", "null"])
def test_the_keyring_of_a_machine_without_a_desktop_is_none(monkeypatch, name):
    backend = pytest.importorskip(f"keyring.backends.{name}").Keyring()
    monkeypatch.setattr("keyring.get_keyring", lambda: backend)

    assert system_keyring() is None


def test_a_real_keyring_is_found(monkeypatch, desktop):
    pytest.importorskip("keyring")
    monkeypatch.setattr("keyring.get_keyring", lambda: desktop)

    assert system_keyring() is desktop


def test_a_keyring_that_fails_at_once_is_none(monkeypatch):
    pytest.importorskip("keyring")

    def broken():
        raise RuntimeError("no bus")

    monkeypatch.setattr("keyring.get_keyring", broken)

    assert system_keyring() is None


def test_without_the_package_there_is_none(monkeypatch):
    monkeypatch.setitem(sys.modules, "keyring", None)

    assert system_keyring() is None
