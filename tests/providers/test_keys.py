"""Keys: where they come from, who may read them, and where they never show."""

import json
import os
import stat
import sys
import threading

import pytest

from app.errors import InvalidInput, NotConfigured, WhiskError
from app.providers.key_stores import FILE_NAME
from app.providers.keys import KeyRing, KeyState, origin_of

KEY = "AIza-first-key-0123456789"
OTHER = "AIza-other-key-9876543210"
HOME = "https://generativelanguage.googleapis.com"


@pytest.fixture
def ring(tmp_path):
    """Open the ring of one folder, again and again, with any environment."""

    def opened(environment=None, url=HOME, folder=tmp_path / "data"):
        keys = KeyRing(folder, environment or {})
        keys.declare("gemini", ("GEMINI_API_KEY", "GOOGLE_API_KEY"), url, HOME)
        return keys

    return opened


def test_without_a_key_there_is_none(ring):
    keys = ring()

    assert (keys.get("gemini"), keys.state("gemini")) == (None, KeyState())


def test_a_key_that_was_set_is_there_after_a_restart(ring):
    ring().set("gemini", KEY)

    keys = ring()
    assert keys.get("gemini") == KEY
    assert keys.state("gemini") == KeyState(True, "settings", KEY[-4:], f"{HOME}:443")


def test_a_second_set_replaces_the_first(ring):
    keys = ring()
    keys.set("gemini", KEY)
    keys.set("gemini", OTHER)

    assert keys.get("gemini") == OTHER


def test_the_environment_goes_before_the_file(ring):
    ring().set("gemini", OTHER)

    keys = ring({"GEMINI_API_KEY": KEY})

    assert (keys.get("gemini"), keys.state("gemini").source) == (KEY, "environment")


def test_the_first_variable_that_is_set_wins(ring):
    both = {"GEMINI_API_KEY": KEY, "GOOGLE_API_KEY": OTHER}

    assert ring(both).get("gemini") == KEY
    assert ring(both | {"GEMINI_API_KEY": " "}).get("gemini") == OTHER


def test_a_variable_that_holds_no_key_is_named_and_its_content_is_not(ring):
    keys = ring({"GEMINI_API_KEY": f"{KEY}\n{OTHER}"})

    with pytest.raises(NotConfigured) as caught:
        keys.get("gemini")

    assert caught.value.code == "key_variable_malformed"
    assert "GEMINI_API_KEY" in str(caught.value)
    assert KEY not in str(caught.value)
    assert keys.state("gemini") == KeyState(source="environment", problem="key_variable_malformed")


def test_forgetting_removes_the_key_and_a_second_time_does_nothing(ring):
    keys = ring()
    keys.set("gemini", KEY)

    keys.forget("gemini")
    keys.forget("gemini")

    assert ring().get("gemini") is None


def test_forgetting_leaves_the_keys_of_others(ring):
    keys = ring()
    keys.declare("other", (), "https://example.org")
    keys.set("gemini", KEY)
    keys.set("other", OTHER)

    keys.forget("gemini")

    assert keys.get("other") == OTHER


@pytest.mark.parametrize(
    "key",
    ["", "   ", f"{KEY}\n", f" {KEY}", "two words", "tab\there", "nul\x00", "esc\x1b", "clé",
     "x" * 501],
    ids=["empty", "blank", "newline", "space before", "two words", "tab", "nul", "escape", "accent",
         "too long"],
)  # fmt: skip
def test_what_cannot_be_a_key_is_refused_and_not_repeated(ring, key):
    keys = ring()

    with pytest.raises(InvalidInput) as caught:
        keys.set("gemini", key)

    assert (caught.value.code, caught.value.field) == ("key_malformed", "key")
    assert caught.value.params == {}
    assert keys.get("gemini") is None


def test_a_provider_that_needs_no_key_can_have_none(ring):
    with pytest.raises(InvalidInput) as caught:
        ring().set("painter", KEY)

    assert caught.value.code == "provider_unknown"
    assert ring().get("painter") is None


@pytest.mark.parametrize(
    "url",
    ["https://collector.example.org", "http://generativelanguage.googleapis.com",
     "https://generativelanguage.googleapis.com:8443"],
    ids=["another host", "another scheme", "another port"],
)  # fmt: skip
def test_a_key_is_refused_for_another_origin_with_a_sentence_that_says_what_to_do(ring, url):
    ring().set("gemini", KEY)

    elsewhere = ring(url=url)
    with pytest.raises(NotConfigured) as caught:
        elsewhere.get("gemini")

    assert caught.value.code == "key_of_other_origin"
    assert caught.value.params == {"kept": f"{HOME}:443", "address": origin_of(url)}
    assert "Enter the key of the present address" in caught.value.message
    assert elsewhere.state("gemini") == KeyState(
        source="settings", origin=f"{HOME}:443", problem="key_of_other_origin"
    )
    assert ring().get("gemini") == KEY


def test_the_key_of_the_present_address_takes_the_place_of_another(ring):
    ring().set("gemini", KEY)

    elsewhere = ring(url="https://gateway.example.org")
    elsewhere.set("gemini", OTHER)

    assert elsewhere.get("gemini") == OTHER
    assert ring().state("gemini").problem == "key_of_other_origin"


def test_another_path_at_the_same_origin_changes_nothing(ring):
    ring().set("gemini", KEY)

    assert ring(url=f"{HOME}/proxy?x=1").get("gemini") == KEY


def test_a_key_of_the_environment_belongs_to_the_address_of_the_environment(ring):
    keys = ring({"GEMINI_API_KEY": KEY}, url="http://127.0.0.1:9000")

    assert keys.get("gemini") == KEY
    assert keys.state("gemini").origin == "http://127.0.0.1:9000"


@pytest.mark.parametrize("content", [f'{{"gemini": "{KEY}"}}', f'{{"gemini": {{"key": "{KEY}"}}}}'])
def test_a_key_from_before_origins_were_kept_belongs_to_the_usual_address(ring, tmp_path, content):
    file = tmp_path / "data" / FILE_NAME
    file.parent.mkdir()
    file.write_text(content)

    assert ring().get("gemini") == KEY
    assert ring().state("gemini").origin == f"{HOME}:443"
    with pytest.raises(NotConfigured, match="not sent"):
        ring(url="https://collector.example.org").get("gemini")


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://example.org", "https://example.org:443"),
        ("https://EXAMPLE.org:443/v1?x=1", "https://example.org:443"),
        ("http://127.0.0.1:9000/path", "http://127.0.0.1:9000"),
        ("http://[::1]:9000", "http://[::1]:9000"),
    ],
)
def test_an_origin_is_scheme_host_and_port(url, origin):
    assert origin_of(url) == origin


def test_a_short_key_gives_no_hint(ring):
    keys = ring()
    keys.set("gemini", "shortkey")

    assert keys.state("gemini").hint == ""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_nobody_but_the_owner_may_read_the_file_even_with_a_careless_umask(ring, tmp_path):
    before = os.umask(0)
    try:
        ring().set("gemini", KEY)
    finally:
        os.umask(before)

    file = tmp_path / "data" / FILE_NAME
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_a_write_that_fails_leaves_the_old_key_and_no_litter(ring, tmp_path, monkeypatch):
    keys = ring()
    keys.set("gemini", KEY)

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("app.providers.key_stores.os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        keys.set("gemini", OTHER)

    assert keys.get("gemini") == KEY
    assert [file.name for file in (tmp_path / "data").iterdir()] == [FILE_NAME]


@pytest.mark.parametrize(
    "content",
    ["{", "[]", '{"gemini": ["AIza-loose-key"]}', '{"gemini": {"origin": "AIza"}}', "\udcff"],
    ids=["cut off", "a list", "an odd entry", "half an entry", "no text"],
)
def test_a_damaged_file_is_named_kept_and_not_quoted(ring, tmp_path, content):
    file = tmp_path / "data" / FILE_NAME
    file.parent.mkdir()
    file.write_bytes(content.encode(errors="surrogateescape"))
    before = file.read_bytes()
    keys = ring()

    for ask in (
        lambda: keys.get("gemini"),
        lambda: keys.set("gemini", KEY),
        lambda: keys.forget("gemini"),
    ):
        with pytest.raises(NotConfigured) as caught:
            ask()
        assert caught.value.code == "keys_unreadable"
        assert str(file) in str(caught.value)
        assert "AIza" not in str(caught.value)
        assert caught.value.__suppress_context__

    assert keys.state("gemini") == KeyState(problem="keys_unreadable")
    assert file.read_bytes() == before


def test_without_a_folder_keys_live_in_memory_only(ring):
    keys = ring(folder=None)
    keys.set("gemini", KEY)

    assert keys.get("gemini") == KEY
    keys.forget("gemini")
    assert keys.get("gemini") is None


def test_no_text_of_the_ring_holds_a_key(ring):
    keys = ring(folder=None)
    keys.set("gemini", KEY)

    assert KEY not in f"{keys!r} {keys} {vars(keys)}"


def test_two_threads_that_set_keys_lose_none(ring, tmp_path):
    keys = ring()
    names = [f"provider-{number}" for number in range(8)]
    for name in names:
        keys.declare(name, (), HOME)
    threads = [threading.Thread(target=keys.set, args=(name, f"{KEY}-{name}")) for name in names]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    stored = json.loads((tmp_path / "data" / FILE_NAME).read_text())
    assert sorted(stored) == names


def test_every_failure_of_the_ring_is_one_that_a_person_can_read(ring):
    with pytest.raises(WhiskError) as caught:
        ring({"GEMINI_API_KEY": "two words"}).get("gemini")

    assert caught.value.message != f"error.{caught.value.code}"
