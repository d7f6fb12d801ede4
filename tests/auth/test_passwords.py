import unicodedata

import pytest

from app.auth import passwords
from app.auth.common_passwords import COMMON_PASSWORDS
from app.auth.passwords import check_password_rules, hash_password, verify_password
from app.errors import InvalidInput

GOOD = "seven grey herons"


def test_a_password_is_kept_as_an_argon2id_hash_of_the_stated_cost():
    assert hash_password(GOOD).startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_the_right_password_fits_and_a_wrong_one_does_not():
    stored = hash_password(GOOD)

    assert verify_password(stored, GOOD)
    assert not verify_password(stored, GOOD + "!")


def test_the_same_password_twice_has_two_hashes():
    assert hash_password(GOOD) != hash_password(GOOD)


def test_without_a_stored_hash_no_password_fits():
    assert not verify_password(None, GOOD)
    assert not verify_password(None, "")


def test_an_unknown_person_costs_as_much_work_as_a_known_one(monkeypatch):
    verified = []

    class Counting:
        def verify(self, stored, password):
            verified.append(stored)
            return True

    monkeypatch.setattr(passwords, "_HASHER", Counting())

    assert not verify_password(None, GOOD)
    assert [stored.split("$")[3] for stored in verified] == ["m=19456,t=2,p=1"]


def test_a_letter_typed_in_two_ways_is_the_same_password():
    composed = "mật khẩu của tôi"
    decomposed = unicodedata.normalize("NFD", composed)
    assert composed != decomposed

    assert verify_password(hash_password(composed), decomposed)


def test_half_a_surrogate_pair_is_a_wrong_password_and_not_a_crash():
    assert not verify_password(hash_password(GOOD), "\ud800" * 12)


@pytest.mark.parametrize("password", ["", "elevenchars", "ế" * 11])
def test_fewer_than_twelve_characters_are_refused(password):
    with pytest.raises(InvalidInput) as refusal:
        check_password_rules(password)

    assert refusal.value.code == "password_too_short"
    assert refusal.value.field == "password"
    assert refusal.value.params == {"limit": "12"}


@pytest.mark.parametrize("password", ["password1234", "PassWord1234", "matkhau12345"])
def test_what_is_guessed_first_is_refused_in_any_case(password):
    with pytest.raises(InvalidInput) as refusal:
        check_password_rules(password)

    assert refusal.value.code == "password_too_common"


@pytest.mark.parametrize("password", ["aqxrtzwplmne", GOOD, "ế" * 12])
def test_no_kind_of_sign_is_demanded(password):
    check_password_rules(password)


def test_every_listed_password_is_long_enough_to_be_reached():
    assert {word for word in COMMON_PASSWORDS if len(word) < 12 or word != word.casefold()} == set()
