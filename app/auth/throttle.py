"""How long an account refuses passwords after wrong ones."""

import unicodedata

from app.clock import SECOND

FREE_TRIES = 5
FIRST_BLOCK_SECONDS = 30
LONGEST_BLOCK_SECONDS = 15 * 60
FORGOTTEN_AFTER = 24 * 3600 * SECOND
"""Microseconds after which old failures no longer count."""

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
