"""The queue as a whole: running or stopped, its counts, and what changed since a cursor."""

from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, true, update

from app.clock import iso
from app.models import QueueState, TaskStatus
from app.store import schema
from app.store.claims import closed_gates
from app.store.database import Transaction
from app.store.rows import MICRO, task_rows
from app.store.sight import Sight
from app.store.states import SlotState
from app.store.turns import held_back

_tasks = schema.tasks
_slots = schema.slots
_state = schema.queue_state


def set_running(tx: Transaction, running: bool) -> None:
    """Start or stop claiming. Setting what is set already changes nothing."""
    if tx.connection.execute(select(_state.c.running)).scalar_one() != running:
        tx.connection.execute(update(_state).values(running=running, changed_seq=tx.seq()))


def state(
    connection: Connection, now: int, sight: Sight | None = None, *, only_of: str | None = None
) -> QueueState:
    """The queue in a few numbers, of what is in sight.

    Whose limits and rights hold work back is told of one person where one is named.
    """
    seen = true() if sight is None else sight.tasks
    counts = {status.value: 0 for status in TaskStatus}
    done = wanted = cost = 0
    for row in connection.execute(
        select(
            _tasks.c.status,
            func.count().label("tasks"),
            func.sum(_tasks.c.images_done).label("done"),
            func.sum(_tasks.c.images_per_prompt).label("wanted"),
            func.sum(_tasks.c.cost).label("cost"),
        )
        .where(_tasks.c.removed_at.is_(None), seen)
        .group_by(_tasks.c.status)
    ):
        counts[row.status] = row.tasks
        done += row.done
        wanted += row.wanted
        cost += row.cost
    return QueueState(
        running=bool(connection.execute(select(_state.c.running)).scalar_one()),
        counts=counts,
        images_done=done,
        images_wanted=wanted,
        in_flight=_slots_in(connection, SlotState.RUNNING, seen),
        uncertain=_slots_in(connection, SlotState.UNCERTAIN, seen),
        cancelled=_cancelled(connection, seen),
        cost=cost / MICRO,
        waiting=[*_behind_gates(connection, now, sight), *_of_people(connection, now, only_of)],
    )


def _behind_gates(connection: Connection, now: int, sight: Sight | None) -> list[dict[str, Any]]:
    return [
        {
            "provider": gate.provider,
            "code": gate.paused_code or gate.blocked_code,
            "until": None if gate.paused_code else iso(gate.blocked_until),
            "tasks": gate.tasks,
        }
        for gate in closed_gates(connection, now, sight)
        if gate.tasks
    ]


def _of_people(connection: Connection, now: int, only_of: str | None) -> list[dict[str, Any]]:
    return [
        {
            "provider": held.provider,
            "code": "owner_disabled" if held.disabled_at else "daily_limit",
            "until": None if held.disabled_at else iso(held.held_until),
            "tasks": held.tasks,
            "owner": held.id,
            "owner_name": held.display_name,
        }
        for held in held_back(connection, now, only_of)
    ]


def _slots_in(connection: Connection, wanted: SlotState, seen: ColumnElement[bool]) -> int:
    return connection.execute(
        select(func.count())
        .select_from(_slots.join(_tasks))
        .where(
            _slots.c.state == wanted,
            _slots.c.generation == _tasks.c.generation,
            _tasks.c.removed_at.is_(None),
            seen,
        )
    ).scalar_one()


def _cancelled(connection: Connection, seen: ColumnElement[bool]) -> int:
    """Cancelled tasks that have ended; one may still be waiting for its last request."""
    return connection.execute(
        select(func.count()).where(
            _tasks.c.cancelled_at.is_not(None),
            _tasks.c.removed_at.is_(None),
            _tasks.c.status == TaskStatus.ERROR,
            seen,
        )
    ).scalar_one()


def changes(
    connection: Connection,
    since: int,
    now: int,
    sight: Sight | None = None,
    *,
    only_of: str | None = None,
) -> dict[str, Any]:
    """What was committed after `since`, of what is in sight; see `BaseApi.get_changes`."""
    feed = connection.execute(select(schema.feed)).one()
    latest = feed.seq
    reset = not feed.first_seq <= since <= latest
    if not reset and since == latest:
        return {"cursor": latest, "reset": False, "rows": [], "removed": [], "queue": None}
    if reset:
        rows, removed = task_rows(connection, now, sight=sight), []
    else:
        newer = _tasks.c.changed_seq > since
        rows = task_rows(connection, now, newer, sight)
        removed = list(
            connection.execute(select(_tasks.c.id).where(newer, _gone(since, sight))).scalars()
        )
    return {
        "cursor": latest,
        "reset": reset,
        "rows": rows,
        "removed": removed,
        "queue": state(connection, now, sight, only_of=only_of),
    }


def _gone(since: int, sight: Sight | None) -> ColumnElement[bool]:
    """Which changed tasks somebody may still hold who sees them no more.

    Of a hidden task only that it went out of sight, once: what happens to it later is not told.
    """
    removed = _tasks.c.removed_at.is_not(None)
    if sight is None:
        return removed
    return or_(and_(removed, sight.tasks), and_(~sight.tasks, _tasks.c.concealed_seq > since))
