"""The queue's part of the contract: tasks, and the queue they wait in."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from app.api.models import ApiResponse


class QueueApi(ABC):
    """Tasks are read, added, changed, moved and asked for again; the queue starts and stops.

    Everybody sees the whole queue but the private projects of others, whose tasks do not exist for
    them. A member changes their own tasks only: where one of the named tasks belongs to somebody
    else, nothing changes and the code is `not_yours`; an admin changes all.
    """

    # --- reading ------------------------------------------------------------------------------

    @abstractmethod
    def get_queue(self) -> ApiResponse:
        """Answer every task in queue order as a list of dicts (`TaskItem`); `total` is the count.

        An empty queue is a success with an empty list.
        """

    @abstractmethod
    def get_task(self, task_id: str) -> ApiResponse:
        """Answer one task as a dict. Errors: `task_not_found`."""

    @abstractmethod
    def query_tasks(
        self,
        *,
        status: str = "",
        search: str = "",
        project_id: str = "",
        after: str = "",
        limit: int = 50,
    ) -> ApiResponse:
        """Answer one page of the tasks that match, in queue order.

        Answers `{"tasks", "next"}`: `tasks` are dicts (`TaskItem`), `next` is the cursor of the
        page behind this one, empty on the last. `total` counts all that match. A cursor stays
        good while rows come, go and move: the page begins behind the place where it pointed.

        Args:
            status: Only tasks of this status.
            search: Only tasks whose prompt or name contains this text; at most 1,000
                characters; case matters only beyond ASCII, and `%` and `_` mean themselves.
            project_id: Only tasks of this project.
            after: `next` of the page before.
            limit: Tasks on a page, 1 to 1,000.

        Errors: `cursor_unknown`, `limit_range`, `invalid_value`.
        """

    @abstractmethod
    def get_changes(self, since: int, *, wait_seconds: float = 0) -> ApiResponse:
        """What was committed after the cursor `since`; 0 asks for everything.

        Answers `{"cursor", "reset", "rows", "removed", "queue"}`: rows are whole tasks as dicts,
        `removed` is a list of ids, also of tasks that went out of this person's sight, `queue` a
        `QueueState` as a dict, or None when nothing changed.
        `reset` is true when `since` is not a cursor of this studio: forget what you hold and take
        `rows` as the whole queue. Asking twice with one cursor answers at least as much again.

        With `wait_seconds`, at most 30, the answer comes as soon as something changed, and empty
        when nothing did in that time.
        """

    @abstractmethod
    def queue_state(self) -> ApiResponse:
        """Answer the `QueueState`."""

    @abstractmethod
    def export_tasks(
        self, file_type: str = "csv", *, task_ids: Sequence[str] | None = None
    ) -> ApiResponse:
        """Answer a `MediaContent` with the tasks in queue order; None means all of them.

        `csv` has the columns that `import_tasks` reads, then status, message and image ids; a cell
        that a spreadsheet would run as a formula begins with `'`. `json` is a list of `TaskItem`s
        exactly as `get_queue` answers them. Unknown ids are passed over.
        Errors: `export_type_unknown`.
        """

    # --- writing ------------------------------------------------------------------------------

    @abstractmethod
    def add_to_queue(self, data: Mapping[str, Any]) -> ApiResponse:
        """Create one pending task at the end; answers the task as a dict.

        Ignores `id`, `stt`, `status` and every other read-only field. `client_request_id` makes
        it safe to repeat: the same id twice by one person is the same task.
        Errors: as `add_many`.
        """

    @abstractmethod
    def add_many(self, tasks: Sequence[Mapping[str, Any]]) -> ApiResponse:
        """Create pending tasks at the end, all of them or none; answers their ids, in order.

        Errors: `prompt_empty`, `prompt_too_long`, `model_unknown`, `ratio_unsupported`,
        `quality_unsupported`, `too_many_references`, `too_many_references_in_category`,
        `reference_not_found`, `images_per_prompt_range`, `seed_range`, `unknown_field`,
        `invalid_value`, `too_many_tasks`. On failure `params["row"]` is the first bad row, from 1.
        `queue_limit_reached`: `params["left"]` more would do; see `PeopleApi.update_user`.
        """

    @abstractmethod
    def update_task(self, task_id: str, data: Mapping[str, Any]) -> ApiResponse:
        """Change the fields in `EDITABLE`; answers the task as a dict.

        Read-only fields of a row handed back whole are ignored; a key that no row has is refused
        by name. A `revision` in `data` makes the call fail when the row has changed since. A
        running task refuses all but `FREE_WHILE_RUNNING`. Fewer images drop slots that are not
        saved, more add pending ones. Sending the same twice changes nothing the second time.
        Errors: `task_not_found`, `task_running`, `task_changed`, and those of `add_many`.
        """

    @abstractmethod
    def move_tasks(self, task_ids: Sequence[str], *, before: str = "") -> ApiResponse:
        """Put tasks in front of the task `before`, or at the end when it is empty.

        They keep the order they have in the queue. `total` is how many there were; unknown ids
        are passed over, and `before` itself is not moved. Moving what is there already changes
        nothing. Errors: `task_not_found` (for `before`).
        """

    @abstractmethod
    def delete_tasks(self, task_ids: Sequence[str]) -> ApiResponse:
        """Remove tasks and renumber the rest; `total` is how many were there.

        Images stay on disk and in the gallery. A request in flight ends and its picture is saved.
        Unknown ids are passed over.
        """

    # --- running ------------------------------------------------------------------------------

    @abstractmethod
    def start_queue(self) -> ApiResponse:
        """Start claiming pending work; answers the `QueueState`. Durable over a restart.

        Starting a running queue is a success and changes nothing.
        """

    @abstractmethod
    def stop_queue(self) -> ApiResponse:
        """Claim no more; answers the `QueueState`. Durable over a restart.

        Requests in flight end and are saved. Stopping a stopped queue changes nothing.
        """

    @abstractmethod
    def cancel_tasks(self, task_ids: Sequence[str]) -> ApiResponse:
        """Give up on the images of tasks that are not there yet.

        Waiting images become `error` with the code `cancelled`. A request that has left may be
        paid: it ends, its picture is saved, and its task still ends as `cancelled`. `retry_tasks`
        asks for the missing images again. `total` is the number of tasks that were pending or
        running; others and unknown ids are passed over. Answers `{"tasks", "in_flight"}`.
        """

    @abstractmethod
    def retry_tasks(
        self, task_ids: Sequence[str] | None = None, *, include_uncertain: bool = False
    ) -> ApiResponse:
        """Put the failed images of tasks back into the queue.

        None means every failed task, for a member of their own, but those that were cancelled:
        giving up is taken back only for tasks that are named. Saved images stay, only the missing
        are asked for again. Images whose request may have been charged are left alone unless
        `include_uncertain`: that is the person's word.
        `total` is the number of images put back; answers `{"tasks", "images", "uncertain_left"}`.
        """

    @abstractmethod
    def run_tasks(self, task_ids: Sequence[str]) -> ApiResponse:
        """Paint finished tasks anew: raises their generation and asks for every image again.

        Earlier images stay on disk and in the gallery. Pending and running tasks are left as they
        are. `total` is the number of tasks put back into the queue.
        """
