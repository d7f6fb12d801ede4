"""The queue of a distant studio: see `BaseApi` for every promise."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from app.api.models import ApiResponse, answers
from app.api.queue_api import QueueApi
from app.api.real_studio import RealStudio
from app.errors import InvalidInput, NotFound
from app.models import MAX_IMPORT_MEGABYTES, MAX_TASKS_PER_ADD


class RealQueue(RealStudio, QueueApi):
    """Tasks, and the queue they wait in. Reading is repeated when an answer was lost."""

    def get_queue(self) -> ApiResponse:
        """See `BaseApi.get_queue`."""
        return self.known.queue(self.ask("GET", "/tasks/all", again=True))

    @answers
    def get_task(self, task_id: str) -> ApiResponse:
        """See `BaseApi.get_task`."""
        return self.ask("GET", f"/tasks/{_id(task_id)}", again=True)

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
        wanted = {
            "status": status,
            "search": search,
            "project_id": project_id,
            "after": after,
            "limit": limit,
        }
        return self.ask("GET", "/tasks", again=True, params=wanted)

    def get_changes(self, since: int, *, wait_seconds: float = 0) -> ApiResponse:
        """See `BaseApi.get_changes`."""
        wanted = {"since": since, "wait": max(0.0, min(wait_seconds, 30.0))}
        answer = self.ask("GET", "/changes", again=True, params=wanted, wait_seconds=wait_seconds)
        return self.known.changes(since, answer)

    def queue_state(self) -> ApiResponse:
        """See `BaseApi.queue_state`."""
        return self.known.state(self.ask("GET", "/queue", again=True))

    def export_tasks(
        self, file_type: str = "csv", *, task_ids: Sequence[str] | None = None
    ) -> ApiResponse:
        """See `BaseApi.export_tasks`."""
        which = None if task_ids is None else list(task_ids)
        body = {"file_type": file_type, "task_ids": which}
        return self.wire.download("/tasks/export", body, role=self.user.role)

    def add_to_queue(self, data: Mapping[str, Any]) -> ApiResponse:
        """See `BaseApi.add_to_queue`."""
        return self.ask("POST", "/tasks", again=True, body=_repeatable(data))

    @answers
    def add_many(self, tasks: Sequence[Mapping[str, Any]]) -> ApiResponse:
        """See `BaseApi.add_many`."""
        if len(tasks) > MAX_TASKS_PER_ADD:
            raise InvalidInput("too_many_tasks", count=len(tasks), limit=MAX_TASKS_PER_ADD)
        body = {"tasks": [_repeatable(task) for task in tasks]}
        return self.ask("POST", "/tasks/bulk", again=True, body=body)

    @answers
    def update_task(self, task_id: str, data: Mapping[str, Any]) -> ApiResponse:
        """See `BaseApi.update_task`."""
        return self.ask("PATCH", f"/tasks/{_id(task_id)}", body=dict(data))

    def move_tasks(self, task_ids: Sequence[str], *, before: str = "") -> ApiResponse:
        """See `BaseApi.move_tasks`."""
        # Moving to where it is already changes nothing.
        body = {"task_ids": list(task_ids), "before": before}
        return self.ask("POST", "/tasks/move", again=True, body=body)

    def delete_tasks(self, task_ids: Sequence[str]) -> ApiResponse:
        """See `BaseApi.delete_tasks`."""
        return self.ask("POST", "/tasks/delete", body={"task_ids": list(task_ids)})

    def start_queue(self) -> ApiResponse:
        """See `BaseApi.start_queue`."""
        return self.ask("POST", "/queue/start")

    def stop_queue(self) -> ApiResponse:
        """See `BaseApi.stop_queue`."""
        # Stopping twice spends nothing, starting twice might.
        return self.ask("POST", "/queue/stop", again=True)

    def cancel_tasks(self, task_ids: Sequence[str]) -> ApiResponse:
        """See `BaseApi.cancel_tasks`."""
        return self.ask("POST", "/tasks/cancel", body={"task_ids": list(task_ids)})

    def retry_tasks(
        self, task_ids: Sequence[str] | None = None, *, include_uncertain: bool = False
    ) -> ApiResponse:
        """See `BaseApi.retry_tasks`."""
        which = None if task_ids is None else list(task_ids)
        body = {"task_ids": which, "include_uncertain": include_uncertain}
        return self.ask("POST", "/tasks/retry", body=body)

    def run_tasks(self, task_ids: Sequence[str]) -> ApiResponse:
        """See `BaseApi.run_tasks`."""
        return self.ask("POST", "/tasks/run", body={"task_ids": list(task_ids)})

    # --- intake -------------------------------------------------------------------------------

    def split_prompts(self, text: str, separator: str = "line") -> ApiResponse:
        """See `BaseApi.split_prompts`."""
        body = {"text": text, "separator": separator}
        return self.ask("POST", "/tasks/split", again=True, body=body)

    @answers
    def import_tasks(
        self,
        file_name: str,
        content: bytes,
        *,
        pictures: Mapping[str, str] | None = None,
        defaults: Mapping[str, Any] | None = None,
        separator: str = "blank",
        only_check: bool = False,
        only_right: bool = False,
    ) -> ApiResponse:
        """See `BaseApi.import_tasks`."""
        if len(content) > MAX_IMPORT_MEGABYTES * 1024 * 1024:
            limit = f"{MAX_IMPORT_MEGABYTES} MB"
            raise InvalidInput("file_too_large", name=file_name, limit=limit)
        form = {
            "file_name": file_name,
            "pictures": self.json_text(pictures or {}),
            "defaults": self.json_text(defaults or {}),
            "separator": separator,
            "only_check": "1" if only_check else "0",
            "only_right": "1" if only_right else "0",
        }
        # Only a check can be repeated: an import carries nothing that would tell it from another.
        return self.ask(
            "POST", "/tasks/import", again=only_check, data=form, files={"file": ("file", content)}
        )


def _id(task_id: str) -> str:
    """An id as a step of a path."""
    if not RealStudio.is_id(task_id):
        raise NotFound("task_not_found")
    return task_id


def _repeatable(task: Mapping[str, Any]) -> dict[str, Any]:
    """With an id of this request, so that it may be sent again when its answer was lost."""
    return {**task, "client_request_id": task.get("client_request_id") or uuid4().hex}
