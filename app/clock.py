"""Time, in one place, so that tests can move it."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from functools import lru_cache

SECOND = 1_000_000
"""Microseconds. Stored times are integers: float seconds since 1970 lose the last digits."""


class Clock:
    """The machine's clock."""

    def now(self) -> int:
        """Microseconds since 1970, UTC."""
        return time.time_ns() // 1_000

    async def sleep(self, seconds: float) -> None:
        """Wait without holding the thread."""
        await asyncio.sleep(seconds)


@lru_cache(maxsize=4_096)
def iso(microseconds: int | None) -> str | None:
    """`2026-11-23T14:05:09.250Z`, or None for None.

    Kept for a while: tasks that were added together have one time, and lists are long.
    """
    if microseconds is None:
        return None
    moment = datetime.fromtimestamp(microseconds / SECOND, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def local_day(microseconds: int) -> tuple[str, int]:
    """The day on this machine's calendar, `2026-11-23`, and when the next one begins."""
    day = datetime.fromtimestamp(microseconds / SECOND, UTC).astimezone().date()
    # Of the naive midnight, so that a day with a change of the clock has its own length.
    midnight = datetime.combine(day + timedelta(days=1), time_of_day.min).astimezone()  # noqa: DTZ
    return day.isoformat(), int(midnight.timestamp()) * SECOND
