"""Waiting for tasks to end, by the change feed alone."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from app.api.models import ApiResponse, TaskStatus
from app.errors import Conflict
from app.models import MAX_WAIT_SECONDS

UNREACHABLE_PATIENCE_SECONDS = 120.0
"""How long a server which is away is believed to come back."""

PAUSE_SECONDS = 1.0

_UNFINISHED = (TaskStatus.PENDING, TaskStatus.RUNNING)

OnChange = Callable[[list[dict[str, Any]]], None]


class Waiting:
    """One `BaseApi.wait_for`: the watched rows, kept up to date by the change feed."""

    def __init__(
        self,
        get_changes: Callable[..., ApiResponse],
        task_ids: Sequence[str] | None,
        on_change: OnChange | None,
    ) -> None:
        self._get_changes = get_changes
        self._watched = None if task_ids is None else set(task_ids)
        self._on_change = on_change
        self._rows: dict[str, dict[str, Any]] = {}
        self._queue: dict[str, Any] = {}
        self._cursor = 0
        self._away_since: float | None = None

    def until_done(self, timeout_seconds: float | None) -> ApiResponse:
        """See `BaseApi.wait_for`."""
        until = None if timeout_seconds is None else time.monotonic() + timeout_seconds
        patience = 0.0
        while True:
            answer = self._get_changes(self._cursor, wait_seconds=patience)
            if answer.success:
                self._take(answer.data)
                if (ended := self._ended()) is not None:
                    return ended
            elif not self._may_come_back(answer):
                return answer
            left = MAX_WAIT_SECONDS if until is None else until - time.monotonic()
            if left <= 0:
                return self._refused(Conflict("wait_timeout", seconds=timeout_seconds))
            patience = min(left, MAX_WAIT_SECONDS)

    def _may_come_back(self, answer: ApiResponse) -> bool:
        """Whether a failure is only a server that is away, and not for too long; pauses then."""
        if answer.code != "server_unreachable":
            return False
        now = time.monotonic()
        self._away_since = self._away_since or now
        threading.Event().wait(PAUSE_SECONDS)
        return now - self._away_since < UNREACHABLE_PATIENCE_SECONDS

    def _take(self, changes: dict[str, Any]) -> None:
        self._away_since = None
        if changes["reset"]:
            self._rows.clear()
        if self._watched is None:
            self._watched = {row["id"] for row in changes["rows"]}
        for row in changes["rows"]:
            if row["id"] in self._watched:
                self._rows[row["id"]] = row
        for task_id in changes["removed"]:
            self._rows.pop(task_id, None)
        self._queue = changes["queue"] or self._queue
        changed = changes["cursor"] != self._cursor
        self._cursor = changes["cursor"]
        if changed and self._on_change:
            self._on_change(self._in_order())

    def _in_order(self) -> list[dict[str, Any]]:
        return sorted(self._rows.values(), key=lambda row: (row["position"], row["id"]))

    def _ended(self) -> ApiResponse | None:
        unfinished = [row for row in self._rows.values() if row["status"] in _UNFINISHED]
        if not unfinished:
            rows = self._in_order()
            return ApiResponse(success=True, data=rows, total=len(rows))
        if any(row["status"] == TaskStatus.RUNNING for row in unfinished):
            return None
        if not self._queue["running"]:
            return self._refused(Conflict("queue_stopped"))
        held = {
            (one["provider"], one.get("owner")): one["code"]
            for one in self._queue["waiting"]
            if not one["until"]
        }
        reasons = [_reason(held, row) for row in unfinished]
        if all(reasons):
            return self._refused(Conflict("waits_for_person", reason=reasons[0]))
        return None

    def _refused(self, error: Conflict) -> ApiResponse:
        return ApiResponse.refused(error, self._in_order())


def _reason(held: Mapping[tuple[str, str | None], str], row: Mapping[str, Any]) -> str | None:
    """Why nothing of a task starts until a person acts: its provider is paused, or its owner is."""
    provider = row["model"].partition(":")[0]
    return held.get((provider, None)) or held.get((provider, row["owner"]))
