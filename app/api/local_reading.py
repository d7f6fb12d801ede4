"""Reading the queue of a local studio: see `BaseApi` for every promise."""

import hashlib
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from app.api.local_studio import LocalStudio
from app.api.models import ApiResponse, answers
from app.engine.texts import check_text
from app.errors import InvalidInput, NotFound
from app.intake import export
from app.models import (
    MAX_PAGE,
    MAX_SEARCH_CHARS,
    MAX_WAIT_SECONDS,
    MediaContent,
    QueueState,
    TaskStatus,
)
from app.store import listing, queue, rows, schema


class LocalReading(LocalStudio):
    """Tasks and the state of the queue, as they are now."""

    @answers
    def get_queue(self) -> ApiResponse:
        """See `BaseApi.get_queue`."""
        with self.studio.database.read() as connection:
            sight = self.sight(connection, "get_queue")
            found = rows.task_rows(connection, self.studio.clock.now(), sight=sight)
        return ApiResponse(success=True, data=found, total=len(found))

    @answers
    def get_task(self, task_id: str) -> ApiResponse:
        """See `BaseApi.get_task`."""
        return ApiResponse(success=True, data=self.task(task_id), total=1)

    def task(self, task_id: str) -> dict[str, Any]:
        """One row. Raises `NotFound`."""
        with self.studio.database.read() as connection:
            now = self.studio.clock.now()
            sight = self.sight(connection, "get_task")
            found = rows.task_rows(connection, now, schema.tasks.c.id == task_id, sight)
        if not found:
            raise NotFound("task_not_found")
        return found[0]

    @answers
    def query_tasks(
        self,
        *,
        status: str = "",
        search: str = "",
        project_id: str = "",
        after: str = "",
        limit: int = 50,
    ) -> ApiResponse:
        """See `BaseApi.query_tasks`."""
        if status and status not in set(TaskStatus):
            raise InvalidInput("invalid_value", field="status", name="status", value=status[:80])
        check_text("search", search)
        if len(search) > MAX_SEARCH_CHARS:
            raise InvalidInput("invalid_value", field="search", name="search", value=search[:80])
        check_text("project_id", project_id)
        if not 1 <= limit <= MAX_PAGE:
            raise InvalidInput("limit_range", field="limit", limit=MAX_PAGE)
        with self.studio.database.read() as connection:
            found, following, total = listing.page(
                connection,
                listing.Wanted(status, search, project_id, self.sight(connection, "query_tasks")),
                self.studio.totals,
                after=after,
                limit=limit,
                now=self.studio.clock.now(),
            )
        return ApiResponse(success=True, data={"tasks": found, "next": following}, total=total)

    @answers
    def get_changes(self, since: int, *, wait_seconds: float = 0) -> ApiResponse:
        """See `BaseApi.get_changes`."""
        database = self.studio.database
        until = time.monotonic() + min(max(wait_seconds, 0), MAX_WAIT_SECONDS)
        while True:
            # Read first: a change that is committed in between ends the wait at once.
            commits = database.commits
            with database.read() as connection:
                sight = self.sight(connection, "get_changes")
                found = queue.changes(
                    connection, since, self.studio.clock.now(), sight, only_of=self._only_of()
                )
            left = until - time.monotonic()
            if found["queue"] is not None or left <= 0 or not database.is_open:
                break
            database.wait_for_news(commits, left)
        if isinstance(found["queue"], QueueState):
            found["queue"] = asdict(found["queue"])
        return ApiResponse(success=True, data=found, total=len(found["rows"]))

    @answers
    def queue_state(self) -> ApiResponse:
        """See `BaseApi.queue_state`."""
        return self.state()

    def state(self) -> ApiResponse:
        """The answer of `queue_state`."""
        with self.studio.database.read() as connection:
            sight = self.sight(connection, "queue_state")
            found = queue.state(connection, self.studio.clock.now(), sight, only_of=self._only_of())
        return ApiResponse(success=True, data=asdict(found), total=sum(found.counts.values()))

    def _only_of(self) -> str | None:
        """Of whose limits this person hears; None for everybody's."""
        return None if self.reaches_all("queue_state") else self.user.id

    @answers
    def export_tasks(
        self, file_type: str = "csv", *, task_ids: Sequence[str] | None = None
    ) -> ApiResponse:
        """See `BaseApi.export_tasks`."""
        with self.studio.database.read() as connection:
            sight = self.sight(connection, "export_tasks")
            found = rows.task_rows(connection, self.studio.clock.now(), sight=sight)
            if task_ids is not None:
                wanted = set(task_ids)
                found = [row for row in found if row["id"] in wanted]
            used = self.seen_references(connection, _references_of(found))
            names = {reference_id: row.file_name for reference_id, row in used.items()}
        data, mime_type = export.written(file_type, found, names)
        content = MediaContent(
            mime_type=mime_type,
            file_name=f"whisk-queue.{file_type}",
            sha256=hashlib.sha256(data).hexdigest(),
            data=data,
        )
        return ApiResponse(success=True, data=content, total=1)


def _references_of(found: Sequence[dict[str, Any]]) -> list[str]:
    return [
        reference_id
        for row in found
        for ids in (row["reference_images"], *row["reference_images_by_cat"].values())
        for reference_id in ids
    ]
