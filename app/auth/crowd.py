"""How often one address may try to sign in, whatever names it tries."""

import ipaddress
import threading
from collections import deque
from math import ceil

from app.clock import SECOND, Clock
from app.errors import TryLater

TRIES = 20
WINDOW = 10 * 60 * SECOND
"""Microseconds in which an address has that many tries; a right password is none."""

MOST_ADDRESSES = 10_000


class Crowd:
    """Counts tries by address, in memory. The account's own count is kept in the database."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._tries: dict[str, deque[int]] = {}

    def admit(self, address: str) -> None:
        """Count one try of an address, before its password is checked; no address, no count.

        Raises:
            TryLater: `login_throttled`; a refused try is not counted.
        """
        place, now = neighbourhood(address), self._clock.now()
        if not place:
            return
        with self._lock:
            tries = self._tries.pop(place, None) or deque[int](maxlen=TRIES)
            # At the end: the first is then whoever was quiet for longest.
            self._tries[place] = tries
            free_at = tries[0] + WINDOW if len(tries) == TRIES else now
            if free_at > now:
                seconds = ceil((free_at - now) / SECOND)
                raise TryLater("login_throttled", retry_after=seconds, seconds=seconds)
            tries.append(now)
            if len(self._tries) > MOST_ADDRESSES:
                del self._tries[next(iter(self._tries))]

    def forgive(self, address: str) -> None:
        """Take back the latest try of an address, because it was right."""
        with self._lock:
            tries = self._tries.get(neighbourhood(address))
            if tries:
                tries.pop()


def neighbourhood(address: str) -> str:
    """An address, or the /64 of an IPv6 address: whoever has one has all of those."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if found.version == 4:
        return str(found)
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, 64), strict=False))
