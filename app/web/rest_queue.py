"""The queue over HTTP: tasks, and the queue they wait in."""

from typing import Annotated, Any, cast

from anyio import CapacityLimiter, to_thread
from fastapi import Body, Depends, Query, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from app.models import MAX_IMPORT_MEGABYTES, MAX_PAGE, MAX_WAIT_SECONDS, QueueState, TaskItem
from app.web.answers import answered
from app.web.bodies import MB
from app.web.desk import Desk, Table, checked_id
from app.web.media import picture
from app.web.shapes import (
    TASK_EXAMPLE,
    Cancelled,
    Changes,
    Export,
    Ids,
    ImportReport,
    Move,
    Retried,
    Retry,
    TaskFields,
    TaskIds,
    TaskPage,
    Tasks,
    Text,
)
from app.web.uploads import files_of, flag_of, object_of, read_up_to, text_of, texts_of, uploaded

MAX_PATIENT = 200
"""Requests that may wait for a change at once; one more gets its answer without waiting."""

TASK_ERRORS = (
    "prompt_empty", "prompt_too_long", "name_too_long", "model_unknown", "model_retired",
    "ratio_unsupported", "quality_unsupported", "negative_prompt_unsupported",
    "images_per_prompt_range", "seed_range", "too_many_references",
    "too_many_references_in_category", "reference_not_found", "project_not_found",
)  # fmt: skip
IMPORT_ERRORS = (
    "import_has_problems", "file_type_unknown", "file_too_large", "file_unreadable", "file_empty",
    "no_prompt_column", "column_twice", "too_many_rows", "too_many_columns", "too_many_cells",
    "cell_too_large", "quote_unbalanced", "no_file", "too_many_files", "separator_unknown",
)  # fmt: skip

_EXAMPLES: Any = {"a task": {"value": TASK_EXAMPLE}}
_BULK: Any = {"two tasks": {"value": {"tasks": [TASK_EXAMPLE, {"prompt": "A fox in the snow"}]}}}
_IMPORT_FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "file_name": {"type": "string"},
                        "pictures": {
                            "type": "string",
                            "description": "JSON object: reference id by file name.",
                        },
                        "defaults": {
                            "type": "string",
                            "description": "JSON object: fields for what a row leaves out.",
                        },
                        "separator": {"type": "string", "enum": ["line", "blank"]},
                        "only_check": {"type": "string", "enum": ["0", "1"]},
                        "only_right": {"type": "string", "enum": ["0", "1"]},
                    },
                }
            }
        },
    }
}

Form = Annotated[FormData, Depends(uploaded)]


def register(table: Table, desk: Desk) -> None:
    """Enter the routes."""
    routes = _Queue(desk)
    tag = "queue"
    add = table.add
    add("GET", "/queue", routes.queue_state, tag=tag, answers=QueueState)
    add("POST", "/queue/start", routes.start_queue, tag=tag, answers=QueueState)
    add("POST", "/queue/stop", routes.stop_queue, tag=tag, answers=QueueState)
    add("GET", "/changes", routes.get_changes, tag=tag, answers=Changes)
    tag = "tasks"
    add("GET", "/tasks", routes.query_tasks, tag=tag, answers=TaskPage,
        errors=("cursor_unknown", "limit_range"))  # fmt: skip
    add("GET", "/tasks/all", routes.get_queue, tag=tag, answers=list[TaskItem])
    add("POST", "/tasks", routes.add_to_queue, tag=tag, answers=TaskItem,
        errors=(*TASK_ERRORS, "queue_limit_reached"))  # fmt: skip
    add("POST", "/tasks/bulk", routes.add_many, tag=tag, answers=Ids,
        errors=(*TASK_ERRORS, "too_many_tasks", "queue_limit_reached"))  # fmt: skip
    add("POST", "/tasks/delete", routes.delete_tasks, tag=tag, answers=type(None),
        errors=("not_yours",))  # fmt: skip
    add("POST", "/tasks/move", routes.move_tasks, tag=tag, answers=type(None),
        errors=("task_not_found", "not_yours"))  # fmt: skip
    add("POST", "/tasks/cancel", routes.cancel_tasks, tag=tag, answers=Cancelled,
        errors=("not_yours",))  # fmt: skip
    add("POST", "/tasks/retry", routes.retry_tasks, tag=tag, answers=Retried,
        errors=("not_yours", "queue_limit_reached"))  # fmt: skip
    add("POST", "/tasks/run", routes.run_tasks, tag=tag, answers=type(None),
        errors=("not_yours", "queue_limit_reached"))  # fmt: skip
    add("POST", "/tasks/split", routes.split_prompts, tag=tag, answers=Ids,
        errors=("separator_unknown",))  # fmt: skip
    add("POST", "/tasks/import", routes.import_tasks, tag=tag, answers=ImportReport,
        errors=(*TASK_ERRORS, *IMPORT_ERRORS, "too_many_tasks", "queue_limit_reached"),
        extra=_IMPORT_FORM)  # fmt: skip
    add("POST", "/tasks/export", routes.export_tasks, tag=tag, errors=("export_type_unknown",),
        responses={200: {"description": "The file.", "content": {
            kind: {"schema": {"type": "string"}} for kind in ("text/csv", "application/json")
        }}})  # fmt: skip
    add("GET", "/tasks/{task_id}", routes.get_task, tag=tag, answers=TaskItem,
        errors=("task_not_found",))  # fmt: skip
    add("PATCH", "/tasks/{task_id}", routes.update_task, tag=tag, answers=TaskItem,
        errors=(*TASK_ERRORS, "task_not_found", "task_running", "task_changed",
                "not_yours"))  # fmt: skip


class _Queue:
    def __init__(self, desk: Desk) -> None:
        self._mine = desk.mine
        # Their own line: those who wait for a change must not fill the pool that serves everybody.
        self._patient = CapacityLimiter(MAX_PATIENT)

    # --- the queue ----------------------------------------------------------------------------

    def queue_state(self, request: Request) -> Response:
        """The whole queue in a few numbers."""
        return answered(self._mine(request).queue_state())

    def start_queue(self, request: Request) -> Response:
        """Start claiming pending work. Repeating it changes nothing."""
        return answered(self._mine(request).start_queue())

    def stop_queue(self, request: Request) -> Response:
        """Claim no more; requests in flight end and are saved. Repeating it changes nothing."""
        return answered(self._mine(request).stop_queue())

    async def get_changes(
        self,
        request: Request,
        since: Annotated[int, Query(description="Cursor of the last answer; 0 for all.")] = 0,
        wait: Annotated[
            float,
            Query(ge=0, le=MAX_WAIT_SECONDS, allow_inf_nan=False,
                  description="Seconds to wait for a change (long polling)."),
        ] = 0,
    ) -> Response:  # fmt: skip
        """What was committed after the cursor; the whole queue for 0 or an unknown cursor."""
        mine = self._mine(request)
        if wait and self._patient.available_tokens >= 1:
            answer = await to_thread.run_sync(
                lambda: mine.get_changes(since, wait_seconds=wait), limiter=self._patient
            )
        else:
            answer = await to_thread.run_sync(mine.get_changes, since)
        return answered(answer)

    # --- tasks --------------------------------------------------------------------------------

    def query_tasks(
        self,
        request: Request,
        status: str = "",
        search: str = "",
        project_id: str = "",
        after: Annotated[str, Query(description="`next` of the page before.")] = "",
        limit: Annotated[int, Query(description=f"1 to {MAX_PAGE}.")] = 50,
    ) -> Response:
        """One page of the tasks that match, in queue order."""
        return answered(
            self._mine(request).query_tasks(
                status=status, search=search, project_id=project_id, after=after, limit=limit
            )
        )

    def get_queue(self, request: Request) -> Response:
        """Every task in queue order, in one answer."""
        return answered(self._mine(request).get_queue())

    def add_to_queue(
        self, request: Request, task: Annotated[TaskFields, Body(openapi_examples=_EXAMPLES)]
    ) -> Response:
        """Create one pending task at the end. With a `client_request_id` it may be repeated."""
        return answered(self._mine(request).add_to_queue(cast("dict[str, Any]", task)))

    def add_many(
        self, request: Request, tasks: Annotated[Tasks, Body(openapi_examples=_BULK)]
    ) -> Response:
        """Create up to 10,000 tasks, all or none; answers their ids in order."""
        return answered(self._mine(request).add_many(cast("list[Any]", tasks["tasks"])))

    def get_task(self, request: Request, task_id: str) -> Response:
        """One task."""
        return answered(self._mine(request).get_task(checked_id(task_id, "task_not_found")))

    def update_task(
        self, request: Request, task_id: str, fields: Annotated[TaskFields, Body()]
    ) -> Response:
        """Change fields of a task; a `revision` makes it fail when the row changed meanwhile."""
        known = checked_id(task_id, "task_not_found")
        return answered(self._mine(request).update_task(known, cast("dict[str, Any]", fields)))

    def delete_tasks(self, request: Request, which: Annotated[TaskIds, Body()]) -> Response:
        """Remove tasks; their images stay. `total` is how many there were."""
        return answered(self._mine(request).delete_tasks(which["task_ids"]))

    def move_tasks(self, request: Request, move: Annotated[Move, Body()]) -> Response:
        """Put tasks in front of another, or at the end."""
        return answered(self._mine(request).move_tasks(move["task_ids"], before=move["before"]))

    def cancel_tasks(self, request: Request, which: Annotated[TaskIds, Body()]) -> Response:
        """Give up on the images of tasks that are not there yet."""
        return answered(self._mine(request).cancel_tasks(which["task_ids"]))

    def retry_tasks(self, request: Request, which: Annotated[Retry, Body()]) -> Response:
        """Ask again for the failed images of tasks."""
        return answered(
            self._mine(request).retry_tasks(
                which["task_ids"], include_uncertain=which["include_uncertain"]
            )
        )

    def run_tasks(self, request: Request, which: Annotated[TaskIds, Body()]) -> Response:
        """Paint finished tasks anew; earlier images stay."""
        return answered(self._mine(request).run_tasks(which["task_ids"]))

    # --- texts and files ----------------------------------------------------------------------

    def split_prompts(self, request: Request, text: Annotated[Text, Body()]) -> Response:
        """The prompts that a text holds."""
        return answered(self._mine(request).split_prompts(text["text"], text["separator"]))

    def import_tasks(self, request: Request, form: Form) -> Response:
        """Read a CSV or TXT file into tasks, or only check it."""
        file = files_of(form, "file")[0]
        answer = self._mine(request).import_tasks(
            text_of(form, "file_name", file.filename or ""),
            read_up_to(file, MAX_IMPORT_MEGABYTES * MB),
            pictures=texts_of(form, "pictures"),
            defaults=object_of(form, "defaults"),
            separator=text_of(form, "separator", "blank"),
            only_check=flag_of(form, "only_check"),
            only_right=flag_of(form, "only_right"),
        )
        return answered(answer)

    def export_tasks(self, request: Request, export: Annotated[Export, Body()]) -> Response:
        """The tasks as a file."""
        answer = self._mine(request).export_tasks(export["file_type"], task_ids=export["task_ids"])
        return picture(answer, request.headers, download=True)
