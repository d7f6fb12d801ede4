"""A person's word on images that are not there: give up, ask again, paint anew."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from app.models import TaskStatus
from app.store import schema
from app.store.database import Transaction
from app.store.states import SlotState
from app.store.tasks import CANCELLED, chunks, forget_cancelling, fresh, new_slot, refresh

FAILED = (SlotState.ERROR, SlotState.UNCERTAIN)

_tasks = schema.tasks
_slots = schema.slots


def cancel(tx: Transaction, task_ids: Sequence[str]) -> tuple[int, int]:
    """Give up on waiting slots; answers how many tasks that is and how many requests are out."""
    touched: list[str] = []
    for portion in chunks(task_ids):
        touched.extend(
            tx.connection.execute(
                select(_tasks.c.id).where(
                    _tasks.c.id.in_(portion),
                    _tasks.c.removed_at.is_(None),
                    _tasks.c.cancelled_at.is_(None),
                    _tasks.c.status.in_((TaskStatus.PENDING, TaskStatus.RUNNING)),
                )
            ).scalars()
        )
    in_flight = 0
    for portion in chunks(touched):
        tx.connection.execute(
            update(_tasks).where(_tasks.c.id.in_(portion)).values(cancelled_at=tx.now)
        )
        theirs = _slots.c.task_id.in_(portion)
        tx.connection.execute(
            update(_slots)
            .where(theirs, _slots.c.state == SlotState.PENDING)
            .values(state=SlotState.ERROR, error_code=CANCELLED, error_params={}, not_before=0,
                    finished_at=tx.now)
        )  # fmt: skip
        in_flight += tx.connection.execute(
            select(func.count()).where(theirs, _slots.c.state == SlotState.RUNNING)
        ).scalar_one()
    refresh(tx, touched)
    return len(touched), in_flight


def retry(
    tx: Transaction,
    task_ids: Sequence[str] | None,
    *,
    include_uncertain: bool,
    owner_id: str | None = None,
) -> tuple[int, int]:
    """Put failed slots back into the queue; answers how many tasks and images it touched.

    Without ids, every failed task but the cancelled ones: only a person's finger on a task revives
    what was given up. `owner_id` leaves those of other people alone.
    """
    states = FAILED if include_uncertain else (SlotState.ERROR,)
    wanted = (
        select(_slots.c.task_id, _slots.c.generation, _slots.c.slot)
        .join(_tasks)
        .where(
            _slots.c.state.in_(states),
            _slots.c.generation == _tasks.c.generation,
            _tasks.c.removed_at.is_(None),
        )
    )
    if owner_id is not None:
        wanted = wanted.where(_tasks.c.owner_id == owner_id)
    found: list[Any] = []
    if task_ids is None:
        found.extend(tx.connection.execute(wanted.where(_tasks.c.cancelled_at.is_(None))))
    else:
        for portion in chunks(task_ids):
            found.extend(tx.connection.execute(wanted.where(_slots.c.task_id.in_(portion))))
    touched = list(dict.fromkeys(row.task_id for row in found))
    for portion in chunks(touched):
        tx.connection.execute(
            update(_slots)
            .where(
                _slots.c.task_id.in_(portion),
                _slots.c.state.in_(states),
                _slots.c.generation == select(_tasks.c.generation)
                .where(_tasks.c.id == _slots.c.task_id).scalar_subquery(),
            )
            .values(state=SlotState.PENDING, **fresh())
        )  # fmt: skip
    forget_cancelling(tx, touched if task_ids is None else task_ids)
    _begin_anew(tx, touched)
    return len(touched), len(found)


def uncertain_slots(
    connection: Connection, task_ids: Sequence[str] | None, owner_id: str | None = None
) -> int:
    """Images of these tasks, or of all, whose request may have been charged; see `retry`."""
    count = (
        select(func.count())
        .select_from(_slots.join(_tasks))
        .where(
            _slots.c.state == SlotState.UNCERTAIN,
            _slots.c.generation == _tasks.c.generation,
            _tasks.c.removed_at.is_(None),
        )
    )
    if owner_id is not None:
        count = count.where(_tasks.c.owner_id == owner_id)
    if task_ids is None:
        return connection.execute(count).scalar_one()
    return sum(
        connection.execute(count.where(_slots.c.task_id.in_(portion))).scalar_one()
        for portion in chunks(task_ids)
    )


def run_again(tx: Transaction, task_ids: Sequence[str]) -> int:
    """Raise the generation of finished tasks and ask for every image; answers how many."""
    again: list[Any] = []
    for portion in chunks(task_ids):
        again.extend(
            tx.connection.execute(
                select(_tasks).where(
                    _tasks.c.id.in_(portion),
                    _tasks.c.removed_at.is_(None),
                    _tasks.c.status.in_((TaskStatus.COMPLETED, TaskStatus.ERROR)),
                )
            )
        )
    if not again:
        return 0
    for task in again:
        tx.connection.execute(
            update(_tasks)
            .where(_tasks.c.id == task.id)
            .values(generation=task.generation + 1, revision=task.revision + 1, cancelled_at=None)
        )
    tx.connection.execute(
        insert(_slots),
        [
            new_slot(task, task.generation + 1, slot)
            for task in again
            for slot in range(1, task.images_per_prompt + 1)
        ],
    )
    _begin_anew(tx, [task.id for task in again])
    return len(again)


def _begin_anew(tx: Transaction, task_ids: Sequence[str]) -> None:
    """The clock of a task that is asked for again starts at its next request."""
    for portion in chunks(task_ids):
        tx.connection.execute(
            update(_tasks)
            .where(_tasks.c.id.in_(portion), _tasks.c.status != TaskStatus.RUNNING)
            .values(started_at=None, finished_at=None)
        )
    refresh(tx, task_ids)
