"""How long passwords are refused after wrong ones: for an account, an address, everybody.

Never for good: a lasting ban would let a stranger lock the owner out. The launch link of the
machine itself is never throttled.
"""

import unicodedata
from ipaddress import IPv6Address, ip_address, ip_network

from app.clock import SECOND

FREE_TRIES = 5
FIRST_BLOCK_SECONDS = 30
LONGEST_BLOCK_SECONDS = 15 * 60
FORGOTTEN_AFTER = 24 * 3600 * SECOND
"""Microseconds after which old failures no longer count."""

ADDRESS_TRIES = 20
ADDRESS_WINDOW = 10 * 60 * SECOND
"""So many wrong passwords from one address in so many microseconds are the most."""

GLOBAL_TRIES = 10
GLOBAL_WINDOW = SECOND
"""So many passwords are checked in so many microseconds, whoever asks."""

MAX_ACCOUNT_CHARS = 200


def account_name(typed: str) -> str:
    """The form in which user names are stored, compared and counted."""
    return unicodedata.normalize("NFKC", typed).strip().casefold()[:MAX_ACCOUNT_CHARS]


def block_for(failures: int) -> int:
    """Microseconds to wait after so many failures in a row.

    None for the first four, 30 s after the fifth, then twice as long each time, 15 min at most: a
    lasting ban would let a stranger lock the owner out.
    """
    if failures < FREE_TRIES:
        return 0
    doublings = min(failures - FREE_TRIES, 10)
    return min(FIRST_BLOCK_SECONDS * 2**doublings, LONGEST_BLOCK_SECONDS) * SECOND


def network(address: str) -> str:
    """What counts as one address: all of IPv4, the first half of IPv6, which one person has whole.

    Empty for what is no address; that counts for none.
    """
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ip_network((found, 64), strict=False))
    return str(found)
