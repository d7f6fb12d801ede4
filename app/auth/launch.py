"""Launch links: how the person in front of the machine signs in without a password."""

import hashlib
import hmac
import secrets
import threading

from app.clock import SECOND, Clock

LAUNCH_TOKEN_LIFE = 5 * 60 * SECOND


class LaunchTokens:
    """One-time tokens for `/auth?t=…`, kept in memory: a restart makes new ones."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._good: dict[bytes, tuple[int, str]] = {}

    def mint(self, kind: str = "launch") -> str:
        """A new token, good once and for 5 minutes; `kind` is that of the session it opens."""
        token = secrets.token_urlsafe(32)
        now = self._clock.now()
        with self._lock:
            self._drop_stale(now)
            self._good[_digest(token)] = now + LAUNCH_TOKEN_LIFE, kind
        return token

    def redeem(self, token: str) -> str:
        """The kind of session that a good token opens, or nothing; it is used up by this."""
        offered = _digest(token)
        with self._lock:
            self._drop_stale(self._clock.now())
            matches = [one for one in self._good if hmac.compare_digest(one, offered)]
            kinds = [self._good.pop(match)[1] for match in matches]
        return kinds[0] if kinds else ""

    def _drop_stale(self, now: int) -> None:
        self._good = {one: good for one, good in self._good.items() if now < good[0]}


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
