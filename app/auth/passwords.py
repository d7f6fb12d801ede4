"""Passwords: how they are judged, kept and checked."""

import threading
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from app.auth.common_passwords import COMMON_PASSWORDS
from app.errors import InvalidInput

MIN_PASSWORD_CHARS = 12

# 19 MiB, two passes, one lane: the smallest setting that OWASP's password storage cheat sheet
# names for argon2id, and 20 ms on a small machine.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)

# Each check holds 19 MiB; a crowd at the login page waits instead of filling the memory.
_TURNS = threading.BoundedSemaphore(2)

# Of random bytes that were thrown away: no password fits, and checking costs as much as any other.
_NOBODYS_HASH = (
    "$argon2id$v=19$m=19456,t=2,p=1$6FR5iLVGxPjQtZKd6FrMqw"
    "$jy1CeJw4WtfNjodviWZbL7dyo7Tmhi2xJfENeAyRawo"
)


def hash_password(password: str) -> str:
    """What is kept of a password: an argon2id hash with its own salt. Takes some 20 ms."""
    with _TURNS:
        return _HASHER.hash(_encoded(password))


def verify_password(stored: str | None, password: str) -> bool:
    """Whether `password` is the one that was hashed to `stored`.

    None, where there is no such person or no password, is never right and takes as long, so that
    the time of an answer does not tell who has an account.
    """
    with _TURNS:
        try:
            right = _HASHER.verify(stored or _NOBODYS_HASH, _encoded(password))
        except VerifyMismatchError:
            right = False
    return right and stored is not None


def check_password_rules(password: str) -> None:
    """Refuse a password that is guessed first; which signs it is made of does not matter.

    Raises:
        InvalidInput: `password_too_short` (under 12 characters), `password_too_common`.
    """
    if len(_normal(password)) < MIN_PASSWORD_CHARS:
        raise InvalidInput("password_too_short", field="password", limit=MIN_PASSWORD_CHARS)
    if _normal(password).casefold() in COMMON_PASSWORDS:
        raise InvalidInput("password_too_common", field="password")


def _normal(password: str) -> str:
    # "ế" is one character or three, by keyboard and system; either way it is the same password.
    return unicodedata.normalize("NFKC", password)


def _encoded(password: str) -> bytes:
    return _normal(password).encode("utf-8", "surrogatepass")
