"""What a distant studio last said, to show while it is away."""

import threading
from dataclasses import replace
from typing import Any

from app.api.models import ApiResponse

AWAY = "server_unreachable"


class LastKnown:
    """The last good answers by name, and the queue's rows, kept up to date by the change feed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answers: dict[str, Any] = {}
        self._rows: dict[str, dict[str, Any]] = {}
        self._queue: dict[str, Any] | None = None
        self._cursor = 0

    def answer(self, name: str, answer: ApiResponse) -> ApiResponse:
        """The answer itself; one that says that the server is away gets the last good data."""
        with self._lock:
            if answer.success:
                self._answers[name] = answer.data
            elif answer.code == AWAY:
                return replace(answer, data=self._answers.get(name))
        return answer

    def changes(self, since: int, answer: ApiResponse) -> ApiResponse:
        """The same for `get_changes`; what is known then comes as the whole queue."""
        with self._lock:
            if answer.success:
                self._take(since, answer.data)
            elif answer.code == AWAY:
                known: dict[str, Any] = {
                    "cursor": self._cursor,
                    "reset": True,
                    "rows": self._in_order(),
                    "removed": [],
                    "queue": self._queue,
                }
                return replace(answer, data=known if self._cursor else None)
        return answer

    def _take(self, since: int, changes: dict[str, Any]) -> None:
        if changes["reset"]:
            self._rows = {row["id"]: row for row in changes["rows"]}
        elif since > self._cursor or changes["cursor"] < self._cursor:
            # Something between is not known here, or this is older than what is.
            return
        else:
            self._rows.update((row["id"], row) for row in changes["rows"])
            for task_id in changes["removed"]:
                self._rows.pop(task_id, None)
        self._cursor = changes["cursor"]
        self._queue = changes["queue"] or self._queue

    def queue(self, answer: ApiResponse) -> ApiResponse:
        """The same for `get_queue`."""
        if answer.code != AWAY:
            return answer
        with self._lock:
            return replace(answer, data=self._in_order() if self._cursor else None)

    def state(self, answer: ApiResponse) -> ApiResponse:
        """The same for `queue_state`."""
        with self._lock:
            if answer.success:
                self._queue = answer.data
            elif answer.code == AWAY:
                return replace(answer, data=self._queue)
        return answer

    def _in_order(self) -> list[dict[str, Any]]:
        ordered = sorted(self._rows.values(), key=lambda row: (row["position"], row["id"]))
        return [{**row, "stt": stt} for stt, row in enumerate(ordered, start=1)]
