"""Tokens: how a program comes in on behalf of a person.

A token is `whisk_` and 32 random bytes; only its SHA-256 is kept. It lends its owner's role or a
part of it, and follows what becomes of the owner at once.
"""

import hashlib
import secrets
import threading
from dataclasses import dataclass, replace
from typing import Protocol

from app.auth.roles import lesser
from app.auth.sessions import Principal
from app.clock import SECOND, Clock
from app.models import LOCAL_ADMIN, Role, Scope, UserInfo

PREFIX = "whisk_"
LOCAL_TOKEN = "token:local"
"""Id of the token that a server leaves for commands on its machine."""

SHOWN_CHARACTERS = len(PREFIX) + 8
USED_EVERY = 60 * SECOND
DAY = 24 * 3600 * SECOND

_LENT = {Scope.READ: Role.VIEWER, Scope.WRITE: Role.MEMBER, Scope.ADMIN: Role.ADMIN}


@dataclass(frozen=True)
class Token:
    """A token as it is kept. Times are microseconds since 1970.

    Attributes:
        token_hash: SHA-256 of the token, in hex.
        prefix: How it begins, to tell it from others.
    """

    id: str
    token_hash: str
    user_id: str
    name: str
    scope: Scope
    prefix: str
    created_at: int
    expires_at: int | None
    last_used_at: int | None = None


class TokenStore(Protocol):
    """What the store must offer."""

    def find_token(self, token_hash: str) -> tuple[Token, UserInfo] | None:
        """A token and its owner as they are now; None also when the owner is disabled."""
        ...

    def use_token(self, token_id: str, now: int) -> None:
        """Note that a token was used."""
        ...


class Tokens:
    """Tells whom a bearer token speaks for; may be called from any thread."""

    def __init__(self, store: TokenStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._lock = threading.Lock()
        self._local = ""

    def local(self) -> str:
        """A token with the rights of the local admin, for commands on this machine.

        Made at the first call, kept in memory only, and good until the process ends.
        """
        with self._lock:
            self._local = self._local or mint()
            return self._local

    def resolve(self, token: str) -> Principal | None:
        """Whom a token speaks for, with the role that it lends, or None."""
        if self._local and secrets.compare_digest(token.encode(), self._local.encode()):
            return Principal(LOCAL_ADMIN, LOCAL_TOKEN, "token", Scope.ADMIN)
        found = self._store.find_token(digest(token))
        if found is None:
            return None
        known, owner = found
        now = self._clock.now()
        if known.expires_at is not None and now >= known.expires_at:
            return None
        if known.last_used_at is None or now >= known.last_used_at + USED_EVERY:
            self._store.use_token(known.id, now)
        return Principal(lent(owner, known.scope), f"token:{known.id}", "token", known.scope)


def mint() -> str:
    """A new token."""
    return PREFIX + secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """Under what a token is kept."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def lent(owner: UserInfo, scope: Scope) -> UserInfo:
    """The owner, with no more rights than the scope lends."""
    return replace(owner, role=lesser(owner.role, _LENT[scope]))


def may_lend(role: Role, scope: Scope) -> bool:
    """Whether a role has all that a scope would lend."""
    return lesser(_LENT[scope], role) == _LENT[scope]
