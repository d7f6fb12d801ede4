"""The queue of a local studio: see `BaseApi` for every promise."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any
from uuid import uuid4

from sqlalchemy import Row

from app.api.base_api import EDITABLE, FREE_WHILE_RUNNING
from app.api.local_reading import LocalReading
from app.api.models import ApiResponse, answers
from app.engine.drafts import Draft, check, read_draft, reference_ids
from app.errors import Conflict, InvalidInput, NotFound, WhiskError
from app.models import CATEGORIES, MAX_TASKS_PER_ADD, ModelInfo, TaskStatus
from app.store import moving, outcomes, pictures, preferences, queue, tasks
from app.store.database import DEFAULT_PROJECT, Transaction
from app.store.tasks import NewTask


class LocalQueue(LocalReading):
    """What changes tasks and the queue they wait in."""

    @answers
    def add_to_queue(self, data: Mapping[str, Any]) -> ApiResponse:
        """See `BaseApi.add_to_queue`."""
        (task_id,) = self.add([data])
        return ApiResponse(success=True, data=self.task(task_id), message="Added", total=1)

    @answers
    def add_many(self, tasks: Sequence[Mapping[str, Any]]) -> ApiResponse:
        """See `BaseApi.add_many`."""
        ids = self.add(tasks)
        return ApiResponse(success=True, data=ids, message=_count("Added", ids), total=len(ids))

    def add(self, items: Sequence[Mapping[str, Any]]) -> list[str]:
        """Check and append tasks, all or none; answers their ids. Raises `WhiskError`."""
        self.demand("queue")
        if len(items) > MAX_TASKS_PER_ADD:
            raise InvalidInput("too_many_tasks", count=len(items), limit=MAX_TASKS_PER_ADD)
        drafts = self.drafts(items)
        with self.studio.database.write() as tx:
            requests = [str(item.get("client_request_id") or "")[:64] for item in items]
            known = tasks.known_requests(tx.connection, self.user.id, list(filter(None, requests)))
            new: list[NewTask] = []
            ids: list[str] = []
            for (draft, model), request in zip(drafts, requests, strict=True):
                task_id = known.get(request) if request else None
                if task_id is None:
                    task_id = uuid4().hex
                    new.append(_new_task(task_id, draft, model, request))
                    if request:
                        known[request] = task_id
                ids.append(task_id)
            tasks.add(tx, self.user.id, new)
        self.engine.wake()
        return ids

    def drafts(self, items: Sequence[Mapping[str, Any]]) -> list[tuple[Draft, ModelInfo]]:
        """Every item as a checked draft; `params["row"]` of the error is the first bad one."""
        read: list[Draft] = []
        for number, item in enumerate(items, start=1):
            try:
                read.append(read_draft(item))
            except WhiskError as error:
                error.params["row"] = str(number)
                raise
        known = self.known_references(read)
        checked: list[tuple[Draft, ModelInfo]] = []
        for number, draft in enumerate(read, start=1):
            try:
                checked.append((draft, self.checked(draft, known)))
            except WhiskError as error:
                error.params["row"] = str(number)
                raise
        return checked

    def known_references(self, drafts: Sequence[Draft]) -> set[str]:
        """Those of the drafts' references that exist."""
        with self.studio.database.read() as connection:
            return set(pictures.references(connection, reference_ids(drafts)))

    def checked(self, draft: Draft, known: set[str]) -> ModelInfo:
        """Check a draft, fill its project; answers its model. Raises `WhiskError`."""
        if draft.project_id not in ("", DEFAULT_PROJECT):
            with self.studio.database.read() as connection:
                if preferences.project_name(connection, draft.project_id) is None:
                    raise InvalidInput("project_not_found", field="project_id")
        draft.project_id = draft.project_id or DEFAULT_PROJECT
        return check(draft, self.studio.catalogue, known, self.studio.clock.now())

    @answers
    def update_task(self, task_id: str, data: Mapping[str, Any]) -> ApiResponse:
        """See `BaseApi.update_task`."""
        self.demand("queue")
        with self.studio.database.write() as tx:
            row = tasks.find(tx.connection, task_id)
            if row is None:
                raise NotFound("task_not_found")
            if data.get("revision", row.revision) != row.revision:
                raise Conflict("task_changed")
            self._update(tx, row, data)
        self.engine.wake()
        return ApiResponse(success=True, data=self.task(task_id), message="Saved", total=1)

    def _update(self, tx: Transaction, row: Row[Any], data: Mapping[str, Any]) -> None:
        references = tasks.references_of(tx.connection, row.id)
        before = _draft(row, references)
        after = read_draft(data, before)
        known = set(pictures.references(tx.connection, reference_ids([after])))
        model = self.checked(after, known)
        changed = {
            item.name
            for item in fields(Draft)
            if getattr(before, item.name) != getattr(after, item.name)
        }
        if not changed:
            return
        held = changed - FREE_WHILE_RUNNING
        if held and row.status == TaskStatus.RUNNING:
            raise Conflict("task_running", field=min(held), fields=", ".join(sorted(held)))
        columns = {name: value for name, value in after.columns().items() if name in changed}
        rewritten = changed & {"reference_images", "reference_images_by_cat"}
        tasks.change(
            tx,
            row.id,
            columns=columns,
            references=after.references() if rewritten else None,
            provider=model.provider if "model" in changed else None,
        )

    @answers
    def delete_tasks(self, task_ids: Sequence[str]) -> ApiResponse:
        """See `BaseApi.delete_tasks`."""
        self.demand("queue")
        with self.studio.database.write() as tx:
            removed = tasks.remove(tx, task_ids)
        return ApiResponse(success=True, message=f"Deleted {removed} task(s)", total=removed)

    @answers
    def start_queue(self) -> ApiResponse:
        """See `BaseApi.start_queue`."""
        return self._set_running(True)

    @answers
    def stop_queue(self) -> ApiResponse:
        """See `BaseApi.stop_queue`."""
        return self._set_running(False)

    def _set_running(self, running: bool) -> ApiResponse:
        self.demand("queue")
        with self.studio.database.write() as tx:
            queue.set_running(tx, running)
        self.engine.wake()
        return self.state()

    @answers
    def move_tasks(self, task_ids: Sequence[str], *, before: str = "") -> ApiResponse:
        """See `BaseApi.move_tasks`."""
        self.demand("queue")
        with self.studio.database.write() as tx:
            place = tasks.find(tx.connection, before) if before else None
            if before and place is None:
                raise NotFound("task_not_found", field="before")
            moved = moving.move(tx, task_ids, place)
        return ApiResponse(success=True, message=f"Moved {moved} task(s)", total=moved)

    @answers
    def cancel_tasks(self, task_ids: Sequence[str]) -> ApiResponse:
        """See `BaseApi.cancel_tasks`."""
        self.demand("queue")
        with self.studio.database.write() as tx:
            cancelled, in_flight = outcomes.cancel(tx, task_ids)
        return ApiResponse(
            success=True,
            data={"tasks": cancelled, "in_flight": in_flight},
            message=f"Cancelled {cancelled} task(s)",
            total=cancelled,
        )

    @answers
    def retry_tasks(
        self, task_ids: Sequence[str] | None = None, *, include_uncertain: bool = False
    ) -> ApiResponse:
        """See `BaseApi.retry_tasks`."""
        self.demand("queue")
        with self.studio.database.write() as tx:
            touched, images = outcomes.retry(tx, task_ids, include_uncertain=include_uncertain)
            left = outcomes.uncertain_slots(tx.connection, task_ids)
        self.engine.wake()
        return ApiResponse(
            success=True,
            data={"tasks": touched, "images": images, "uncertain_left": left},
            message=f"Retrying {images} image(s) of {touched} task(s)",
            total=images,
        )

    @answers
    def run_tasks(self, task_ids: Sequence[str]) -> ApiResponse:
        """See `BaseApi.run_tasks`."""
        self.demand("queue")
        with self.studio.database.write() as tx:
            again = outcomes.run_again(tx, task_ids)
        self.engine.wake()
        return ApiResponse(success=True, message=f"{again} task(s) wait again", total=again)


def _new_task(task_id: str, draft: Draft, model: ModelInfo, request: str) -> NewTask:
    return NewTask(
        id=task_id,
        provider=model.provider,
        columns=draft.columns(),
        references=draft.references(),
        client_request_id=request or None,
    )


def _draft(row: Row[Any], references: Mapping[str, Sequence[str]]) -> Draft:
    columns = {name: getattr(row, name) for name in EDITABLE if hasattr(row, name)}
    by_category = {name: list(ids) for name, ids in references.items() if name}
    return Draft(
        **columns,
        reference_images=list(references.get("", ())),
        reference_images_by_cat={name: by_category.get(name, []) for name in CATEGORIES},
    )


def _count(verb: str, items: Sequence[str]) -> str:
    return f"{verb} {len(items)} task(s)"
