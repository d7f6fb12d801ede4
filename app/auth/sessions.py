"""Who is signed in: sessions that the server holds and can end.

A session is a random token in a cookie and a row under the token's SHA-256; the database alone
signs nobody in. `Sessions.resolve` is the one place that decides whether a token is good.
"""

import hashlib
import secrets
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass
from math import ceil
from typing import Protocol

from app.auth.passwords import verify_password
from app.auth.throttle import account_name, block_for, network
from app.clock import SECOND, Clock
from app.errors import NotAllowed, TryLater
from app.models import Scope, UserInfo

IDLE_LIMIT = 12 * 3600 * SECOND
ABSOLUTE_LIMIT = 30 * 24 * 3600 * SECOND
SEEN_EVERY = 60 * SECOND
REMEMBERED_FOR = 5 * SECOND
_MOST_REMEMBERED = 1_000


@dataclass(frozen=True)
class Account:
    """A person as the sign-in sees them."""

    user: UserInfo
    password_hash: str | None
    disabled: bool


@dataclass(frozen=True)
class Session:
    """One signed-in browser. Times are microseconds since 1970.

    Attributes:
        id: SHA-256 of the token, in hex.
        kind: How it was opened: `password`, `launch`, or `native` for the window of this server.
    """

    id: str
    user_id: str
    kind: str
    address: str
    user_agent: str
    created_at: int
    last_seen: int
    expires_at: int


@dataclass(frozen=True)
class Principal:
    """Whoever holds a good token, as of a few seconds ago at most.

    Attributes:
        user: The person, with the role that counts here.
        kind: That of a browser's session, or `token` for a program.
        scope: What a program's token lends; None for a session.
    """

    user: UserInfo
    session_id: str
    kind: str
    scope: Scope | None = None


class SessionStore(Protocol):
    """What the store must offer. Ids are `Session.id`, times microseconds since 1970."""

    def account(self, username: str) -> Account | None:
        """The account of a name in the form of `account_name`, or None."""
        ...

    def any_password(self) -> bool:
        """Whether anybody who is not disabled has a password."""
        ...

    def admit(self, account: str, address: str, now: int, block_for: Callable[[int], int]) -> int:
        """Count one try to sign in, before its password is checked; `address` is a `network`.

        Answers 0, or the time until which tries are refused; a refused try is not counted.
        Counting first, in one transaction, is what makes a hundred tries at once count.
        """
        ...

    def forgive(self, account: str, address: str) -> None:
        """Forget the tries of an account, because one was right; those of the address stay."""
        ...

    def on_end(self, tell: Callable[[Collection[str]], None]) -> None:
        """From now on say which sessions were ended, by id, right after; from whichever thread."""
        ...

    def add_session(self, session: Session) -> None:
        """Keep a session."""
        ...

    def find_session(self, session_id: str) -> tuple[Session, Account] | None:
        """A session and its owner as they are now, or None."""
        ...

    def see_session(self, session_id: str, now: int) -> None:
        """Note that a session was used. One that has ended stays ended."""
        ...

    def remove_session(self, session_id: str) -> None:
        """End one session. A second call does nothing."""
        ...

    def remove_sessions(self, user_id: str, but: str | None) -> list[str]:
        """End all sessions of a person, except one where an id is given; answers which ended."""
        ...

    def remove_stale_sessions(self, now: int, unseen_since: int) -> None:
        """Drop what expired by `now`, or was last seen at `unseen_since` or before."""
        ...


class Sessions:
    """Opens, resolves and ends sessions; may be called from any thread."""

    def __init__(self, store: SessionStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._lock = threading.Lock()
        self._remembered: dict[str, tuple[Principal, int]] = {}
        self._endings = 0
        self._listeners: list[Callable[[Collection[str]], None]] = []
        # Whoever ends them: a person, an admin, a new password.
        store.on_end(self._forget)

    def on_end(self, tell: Callable[[Collection[str]], None]) -> None:
        """From now on say which sessions were ended, by id, right after; from whichever thread."""
        self._listeners.append(tell)

    def open(
        self, user: UserInfo, kind: str = "password", address: str = "", user_agent: str = ""
    ) -> str:
        """Open a session for a person; answers its token, which is not kept here."""
        token = secrets.token_urlsafe(32)
        now = self._clock.now()
        self._store.remove_stale_sessions(now, now - IDLE_LIMIT)
        self._store.add_session(
            Session(
                id=_digest(token),
                user_id=user.id,
                kind=kind,
                address=address[:64],
                user_agent=user_agent[:300],
                created_at=now,
                last_seen=now,
                expires_at=now + ABSOLUTE_LIMIT,
            )
        )
        return token

    def sign_in(
        self, username: str, password: str, *, address: str = "", user_agent: str = ""
    ) -> str:
        """Open a session with a password; answers its token.

        Raises:
            NotAllowed: `login_failed`; the same for a wrong password, an unknown name, a disabled
                person and one without a password.
            TryLater: `login_throttled`, too many failures in a row for this name or from this
                address; `retry_after` says when.
        """
        name = account_name(username)
        where = network(address)
        self._admit(name, where)
        account = self._store.account(name)
        known = account if account and not account.disabled else None
        right = verify_password(known.password_hash if known else None, password)
        if known is None or not right:
            raise NotAllowed("login_failed")
        self._store.forgive(name, where)
        return self.open(known.user, "password", address, user_agent)

    def any_password(self) -> bool:
        """Whether anybody can sign in with a password."""
        return self._store.any_password()

    def remembered(self, token: str) -> Principal | None:
        """Whom the token belonged to within the last 5 s, without asking the store."""
        with self._lock:
            principal, read_at = self._remembered.get(_digest(token), (None, 0))
        fresh = read_at <= self._clock.now() < read_at + REMEMBERED_FOR
        return principal if fresh else None

    def resolve(self, token: str) -> Principal | None:
        """Whom a token belongs to, or None.

        A session ends 12 h after it was last seen and 30 days after it was opened. Role and
        disabled state are the person's of now, 5 s late at most.
        """
        principal = self.remembered(token)
        if principal is not None:
            return principal
        with self._lock:
            endings = self._endings
        principal = self._read(_digest(token))
        if principal is not None:
            self._remember(principal, endings)
        return principal

    def end(self, token: str) -> None:
        """End the session of a token, at once. A second call does nothing."""
        self._store.remove_session(_digest(token))

    def end_all(self, user_id: str, but: str | None = None) -> None:
        """End every session of a person, except that of the token `but`."""
        self._store.remove_sessions(user_id, _digest(but) if but else None)

    def _admit(self, name: str, where: str) -> None:
        now = self._clock.now()
        blocked_until = self._store.admit(name, where, now, block_for)
        if blocked_until > now:
            seconds = ceil((blocked_until - now) / SECOND)
            raise TryLater("login_throttled", retry_after=seconds, seconds=seconds)

    def _read(self, session_id: str) -> Principal | None:
        found = self._store.find_session(session_id)
        if found is None:
            return None
        session, account = found
        now = self._clock.now()
        expired = now >= session.expires_at or now >= session.last_seen + IDLE_LIMIT
        if expired or account.disabled:
            return None
        if now >= session.last_seen + SEEN_EVERY:
            self._store.see_session(session_id, now)
        return Principal(account.user, session_id, session.kind)

    def _remember(self, principal: Principal, endings: int) -> None:
        with self._lock:
            # A session that ended while we read must not come back from the dead.
            if endings != self._endings:
                return
            if len(self._remembered) >= _MOST_REMEMBERED:
                self._remembered.clear()
            self._remembered[principal.session_id] = (principal, self._clock.now())

    def _forget(self, ended: Collection[str]) -> None:
        with self._lock:
            self._endings += 1
            self._remembered.clear()
        for tell in self._listeners:
            tell(ended)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
