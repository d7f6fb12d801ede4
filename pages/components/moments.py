"""Times as people read them, where the browser does not do it."""

from datetime import datetime


def shown_time(iso: str) -> str:
    """`2026-11-23 14:05`, on the clock of the studio's machine."""
    return datetime.fromisoformat(iso).astimezone().strftime("%Y-%m-%d %H:%M")
