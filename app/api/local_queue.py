"""The queue of a local studio: see `BaseApi` for every promise."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Row

from app.api.base_api import EDITABLE, FREE_WHILE_RUNNING
from app.api.local_reading import LocalReading
from app.api.models import ApiResponse, answers
from app.engine.drafts import Draft, check, read_draft, reference_ids
from app.errors import Conflict, InvalidInput, NotFound, WhiskError
from app.models import CATEGORIES, MAX_TASKS_PER_ADD, ModelInfo, TaskStatus
from app.store import limits, moving, outcomes, owners, projects, queue, tasks
from app.store.database import DEFAULT_PROJECT, Transaction
from app.store.tasks import NewTask


@dataclass(frozen=True)
class Known:
    """Ids that a task of this person may name."""

    references: set[str]
    projects: set[str]


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
            limits.check_room(tx, self.user.id, len(new))
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
        known = self.known(read)
        checked: list[tuple[Draft, ModelInfo]] = []
        for number, draft in enumerate(read, start=1):
            try:
                checked.append((draft, self.checked(draft, known)))
            except WhiskError as error:
                error.params["row"] = str(number)
                raise
        return checked

    def known(self, drafts: Sequence[Draft]) -> Known:
        """What the drafts name and this person may use."""
        with self.studio.database.read() as connection:
            return self._known(connection, drafts)

    def _known(self, connection: Connection, drafts: Sequence[Draft]) -> Known:
        named = {draft.project_id for draft in drafts} - {"", DEFAULT_PROJECT}
        sight = self.sight(connection, "list_projects") if named else None
        return Known(
            set(self.seen_references(connection, reference_ids(drafts))),
            {DEFAULT_PROJECT} | (projects.usable(connection, named, sight) if named else set()),
        )

    def checked(self, draft: Draft, known: Known) -> ModelInfo:
        """Check a draft, fill its project; answers its model. Raises `WhiskError`."""
        draft.project_id = draft.project_id or DEFAULT_PROJECT
        if draft.project_id not in known.projects:
            raise InvalidInput("project_not_found", field="project_id")
        return check(draft, self.studio.catalogue, known.references, self.studio.clock.now())

    def own(self, tx: Transaction, method: str, task_ids: Sequence[str]) -> Sequence[str]:
        """The ids of those tasks that the person may know of; an admin may change any.

        Raises:
            NotAllowed: `not_yours`: some belong to somebody else.
        """
        if not self.reaches_all(method):
            sight = self.sight(tx.connection, "get_queue")
            return owners.own(tx.connection, task_ids, self.user.id, sight)
        if foreign := owners.others(tx.connection, task_ids, self.user.id):
            told = {"tasks": len(foreign), "of_others": True}
            self.note(tx, method, "task", next(iter(foreign)), told)
        return task_ids

    @answers
    def update_task(self, task_id: str, data: Mapping[str, Any]) -> ApiResponse:
        """See `BaseApi.update_task`."""
        with self.studio.database.write() as tx:
            mine = self.own(tx, "update_task", [task_id])
            row = tasks.find(tx.connection, task_id) if mine else None
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
        known = self._known(tx.connection, [before, after])
        # Where it is, it may stay, also in a project that its owner does not see any more.
        known.projects.add(before.project_id)
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
        if projects.conceals(tx.connection, before.project_id, after.project_id):
            columns["concealed_seq"] = tx.seq()
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
        with self.studio.database.write() as tx:
            removed = tasks.remove(tx, self.own(tx, "delete_tasks", task_ids))
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
        with self.studio.database.write() as tx:
            queue.set_running(tx, running)
        self.engine.wake()
        return self.state()

    @answers
    def move_tasks(self, task_ids: Sequence[str], *, before: str = "") -> ApiResponse:
        """See `BaseApi.move_tasks`."""
        with self.studio.database.write() as tx:
            mine = self.own(tx, "move_tasks", task_ids)
            sight = self.sight(tx.connection, "get_queue")
            place = tasks.find(tx.connection, before, sight) if before else None
            if before and place is None:
                raise NotFound("task_not_found", field="before")
            moved = moving.move(tx, mine, place)
        return ApiResponse(success=True, message=f"Moved {moved} task(s)", total=moved)

    @answers
    def cancel_tasks(self, task_ids: Sequence[str]) -> ApiResponse:
        """See `BaseApi.cancel_tasks`."""
        with self.studio.database.write() as tx:
            mine = self.own(tx, "cancel_tasks", task_ids)
            cancelled, in_flight = outcomes.cancel(tx, mine)
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
        with self.studio.database.write() as tx:
            which = None if task_ids is None else self.own(tx, "retry_tasks", task_ids)
            owner = None if self.reaches_all("retry_tasks") else self.user.id
            touched, images = outcomes.retry(
                tx, which, include_uncertain=include_uncertain, owner_id=owner
            )
            left = outcomes.uncertain_slots(tx.connection, which, owner)
            if images:
                limits.check_room(tx, self.user.id)
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
        with self.studio.database.write() as tx:
            again = outcomes.run_again(tx, self.own(tx, "run_tasks", task_ids))
            if again:
                limits.check_room(tx, self.user.id)
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
