"""Who has a page open: kept in memory, told by whoever serves the pages."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from app.clock import SECOND, Clock

GRACE = 10 * SECOND
"""Microseconds for which somebody whose last page has gone counts as there: pages are reloaded."""


@dataclass(frozen=True)
class Present:
    """Somebody who is there.

    Attributes:
        since: When the first of the pages was opened, microseconds since 1970.
        addresses: Where the pages were asked for from, each once, in the order they came.
    """

    user_id: str
    since: int
    addresses: Sequence[str]


@dataclass(frozen=True)
class _Page:
    user_id: str
    address: str


class Presence:
    """The open pages, by a name that is the page's own; may be used from any thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._pages: dict[str, _Page] = {}
        self._since: dict[str, int] = {}
        self._left: dict[str, tuple[int, str]] = {}

    def enter(self, page: str, user_id: str, address: str = "") -> None:
        """A person has opened a page. A second call for the same page does nothing."""
        with self._lock:
            self._forget_who_left()
            self._left.pop(user_id, None)
            self._since.setdefault(user_id, self._clock.now())
            self._pages[page] = _Page(user_id, address)

    def leave(self, page: str) -> None:
        """A page is gone. A second call does nothing."""
        with self._lock:
            gone = self._pages.pop(page, None)
            if gone and all(page.user_id != gone.user_id for page in self._pages.values()):
                self._left[gone.user_id] = self._clock.now(), gone.address

    def present(self) -> list[Present]:
        """Who is there, the longest first."""
        with self._lock:
            self._forget_who_left()
            from_where = {user_id: {last: None} for user_id, (_, last) in self._left.items()}
            for page in self._pages.values():
                from_where.setdefault(page.user_id, {})[page.address] = None
            found = [
                Present(user_id, since, [one for one in from_where[user_id] if one])
                for user_id, since in self._since.items()
            ]
        return sorted(found, key=lambda one: (one.since, one.user_id))

    def _forget_who_left(self) -> None:
        now = self._clock.now()
        for user_id, (at, _) in list(self._left.items()):
            if now >= at + GRACE:
                del self._left[user_id]
                del self._since[user_id]
