"""Moving rows of the queue."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, and_, bindparam, or_, select, update

from app.store import schema
from app.store.database import Transaction
from app.store.tasks import POSITION_STEP, chunks

_tasks = schema.tasks
_slots = schema.slots
_present = _tasks.c.removed_at.is_(None)
_places = select(_tasks.c.position, _tasks.c.id).where(_present)


class _Place(NamedTuple):
    """Where a row stands: rows are ordered by it."""

    position: int
    id: str


def move(tx: Transaction, task_ids: Sequence[str], before: Row[Any] | None) -> int:
    """Put tasks in front of another, or at the end; answers how many are in the queue.

    They keep their order. Only the moved rows are written, unless the gap has become too narrow;
    then every row gets a new position once.
    """
    place = _Place(before.position, before.id) if before else None
    moved = _in_order(tx, set(task_ids) - ({place.id} if place else set()))
    if not moved:
        return 0
    previous = _previous(tx, place, {row.id for row in moved})
    if _is_there(moved, previous, place):
        return len(moved)
    positions = _between(len(moved), previous, place)
    if positions is None:
        _spread(tx, moved, place)
    else:
        _place(tx, dict(zip((row.id for row in moved), positions, strict=True)))
    return len(moved)


def _in_order(tx: Transaction, task_ids: set[str]) -> list[_Place]:
    found: list[_Place] = []
    for portion in chunks(task_ids):
        found += map(_place_of, tx.connection.execute(_places.where(_tasks.c.id.in_(portion))))
    return sorted(found)


def _place_of(row: Row[Any, Any]) -> _Place:
    return _Place(row[0], row[1])


def _previous(tx: Transaction, before: _Place | None, moved: set[str]) -> _Place | None:
    """The row that stays and stands right in front of the place; None at the top."""
    rows = _places
    if before is not None:
        rows = rows.where(_is_before(before.position, before.id))
    rows = rows.order_by(_tasks.c.position.desc(), _tasks.c.id.desc())
    # Read until a row is found that is not on the move itself.
    for row in tx.connection.execute(rows).yield_per(100):
        if row.id not in moved:
            return _place_of(row)
    return None


def _is_before(position: int, task_id: str) -> ColumnElement[bool]:
    return or_(
        _tasks.c.position < position,
        and_(_tasks.c.position == position, _tasks.c.id < task_id),
    )


def _is_there(moved: list[_Place], previous: _Place | None, before: _Place | None) -> bool:
    after_previous = previous is None or moved[0] > previous
    return after_previous and (before is None or moved[-1] < before)


def _between(count: int, previous: _Place | None, before: _Place | None) -> Sequence[int] | None:
    """Free positions between two neighbours; None when there are too few."""
    if before is None:
        start = previous.position if previous else 0
        return [start + POSITION_STEP * number for number in range(1, count + 1)]
    if previous is None:
        start = before.position - POSITION_STEP * (count + 1)
        return [start + POSITION_STEP * number for number in range(1, count + 1)]
    step = (before.position - previous.position) // (count + 1)
    if step < 1:
        return None
    return [previous.position + step * number for number in range(1, count + 1)]


def _spread(tx: Transaction, moved: list[_Place], before: _Place | None) -> None:
    on_the_move = {row.id for row in moved}
    order: list[str] = []
    for task_id in tx.connection.execute(
        select(_tasks.c.id).where(_present).order_by(_tasks.c.position, _tasks.c.id)
    ).scalars():
        if before is not None and task_id == before.id:
            order += [row.id for row in moved]
        if task_id not in on_the_move:
            order.append(task_id)
    _place(tx, {task_id: POSITION_STEP * place for place, task_id in enumerate(order, start=1)})


def _place(tx: Transaction, positions: dict[str, int]) -> None:
    rows = [{"task": task_id, "place": place} for task_id, place in positions.items()]
    tx.connection.execute(
        update(_tasks)
        .where(_tasks.c.id == bindparam("task"))
        .values(position=bindparam("place"), changed_seq=tx.seq()),
        rows,
    )
    tx.connection.execute(
        update(_slots)
        .where(_slots.c.task_id == bindparam("task"))
        .values(position=bindparam("place")),
        rows,
    )
