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
        self._good_until: dict[bytes, int] = {}

    def mint(self) -> str:
        """A new token, good once and for 5 minutes."""
        token = secrets.token_urlsafe(32)
        now = self._clock.now()
        with self._lock:
            self._drop_stale(now)
            self._good_until[_digest(token)] = now + LAUNCH_TOKEN_LIFE
        return token

    def redeem(self, token: str) -> bool:
        """Whether a token is good; a good one is used up by this."""
        offered = _digest(token)
        with self._lock:
            self._drop_stale(self._clock.now())
            matches = [one for one in self._good_until if hmac.compare_digest(one, offered)]
            for match in matches:
                del self._good_until[match]
        return bool(matches)

    def _drop_stale(self, now: int) -> None:
        self._good_until = {one: end for one, end in self._good_until.items() if now < end}


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
