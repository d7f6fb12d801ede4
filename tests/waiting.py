"""Waiting for what another thread brings about."""

import threading
import time
from collections.abc import Callable
from typing import Any

from app.api.base_api import BaseApi


def until(seen: Callable[[], bool], seconds: float = 30) -> None:
    """Wait until it is so; fails when it does not come about."""
    limit = time.monotonic() + seconds
    pause = threading.Event()
    while not seen():
        assert time.monotonic() < limit, "it did not come about in time"
        pause.wait(0.01)


def until_changed(api: BaseApi, seen: Callable[[], bool], seconds: float = 60) -> None:
    """Wait until a change of the studio has made it so; asks only after changes."""
    limit = time.monotonic() + seconds
    cursor = api.get_changes(0).data["cursor"]
    while not seen():
        left = limit - time.monotonic()
        assert left > 0, "it did not come about in time"
        cursor = api.get_changes(cursor, wait_seconds=left).data["cursor"]


def until_idle(api: BaseApi, seconds: float = 60) -> dict[str, Any]:
    """Wait until no task waits or runs; answers the queue's state."""
    until_changed(api, lambda: not _busy(api), seconds)
    return api.queue_state().data


def _busy(api: BaseApi) -> bool:
    counts = api.queue_state().data["counts"]
    return bool(counts["pending"] or counts["running"])
