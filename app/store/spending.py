"""What people spend: counted by day in the transactions that spend, held back by those that claim.

A day is that of the machine on which the studio runs, as its clock on the wall says. What a request
cost belongs to the day on which it ended.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from app.clock import local_day
from app.store import audit, schema
from app.store.audit import SPEND, UNCERTAIN_SPEND, Deed
from app.store.database import Transaction
from app.store.states import AttemptState, SlotState

_users = schema.users
_slots = schema.slots
_spending = schema.spending
_attempts = schema.attempts
_tasks = schema.tasks

MICRO = 1_000_000


def record(tx: Transaction, attempt: Mapping[str, Any], state: AttemptState) -> None:
    """Count what an attempt that has just ended cost, and write it down.

    One whose outcome nobody knows counts with its estimate: it may have been charged.
    """
    uncertain = state == AttemptState.UNCERTAIN
    if not (uncertain or attempt.get("cost")):
        return
    ended = tx.connection.execute(
        select(_attempts, _tasks.c.owner_id)
        .join(_tasks, _tasks.c.id == _attempts.c.task_id)
        .where(_attempts.c.id == attempt["id"])
    ).one()
    cost = ended.estimated_cost if uncertain else ended.cost
    if not uncertain:
        tx.connection.execute(
            update(_tasks)
            .where(_tasks.c.id == ended.task_id)
            .values(cost=_tasks.c.cost + ended.cost)
        )
    if not cost:
        return
    _add(tx, ended.owner_id, cost)
    details = {
        "attempt": ended.id,
        "model": ended.model,
        "slot": ended.slot,
        "dollars": cost / MICRO,
    }
    action = UNCERTAIN_SPEND if uncertain else SPEND
    audit.note(tx, Deed(ended.owner_id, action, "task", ended.task_id, details))


def _add(tx: Transaction, owner_id: str, cost: int) -> None:
    day, _ = local_day(tx.now)
    today = (_spending.c.owner_id == owner_id) & (_spending.c.day == day)
    counted = tx.connection.execute(
        update(_spending).where(today).values(spent=_spending.c.spent + cost)
    )
    if counted.rowcount == 0:
        tx.connection.execute(insert(_spending).values(owner_id=owner_id, day=day, spent=cost))


def spent_today(connection: Connection, owner_id: str, now: int) -> int:
    """Micro-dollars that a person has spent since midnight."""
    day, _ = local_day(now)
    found = select(_spending.c.spent).where(
        _spending.c.owner_id == owner_id, _spending.c.day == day
    )
    return connection.execute(found).scalar() or 0


def reserved(connection: Connection, owner_id: str) -> int:
    """Micro-dollars that a person's running requests will probably cost, at every provider."""
    running = select(func.sum(_slots.c.reserved)).where(
        _slots.c.state == SlotState.RUNNING, _slots.c.owner_id == owner_id
    )
    return int(connection.execute(running).scalar() or 0)


def lock(tx: Transaction, owner_id: str) -> None:
    """Let nobody else claim for a person until the transaction ends, at whichever provider."""
    tx.connection.execute(select(_users.c.id).where(_users.c.id == owner_id).with_for_update())
