"""The claim and what follows it: one short transaction each, fenced.

The gate row of a provider is taken first and what is in flight is counted in a statement of its
own, so that order and limits hold however many workers claim.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    Row,
    RowMapping,
    and_,
    bindparam,
    func,
    insert,
    literal_column,
    or_,
    select,
    update,
)

from app.store import schema, spending
from app.store.database import Transaction
from app.store.sight import Sight
from app.store.states import AttemptState, SlotState
from app.store.tasks import CANCELLED, refresh
from app.store.turns import PENDING, Chosen, Price, Turns

_slots = schema.slots
_tasks = schema.tasks
_gates = schema.provider_gates
_attempts = schema.attempts


class LeaseLost(Exception):
    """Another worker owns the slot now, or nobody may. Ends a late worker's attempt quietly."""


@dataclass(frozen=True)
class Claim:
    """The right to one slot.

    Attributes:
        fence: Must still be the slot's when the work is finished.
        number: Which attempt of the slot this is, from 1.
    """

    task_id: str
    generation: int
    slot: int
    provider: str
    fence: int
    number: int


@dataclass(frozen=True)
class Claimed:
    """What a provider's gate let through, and when to ask again.

    Attributes:
        due_at: Earliest time at which waiting work may start by itself, or None.
    """

    claims: tuple[Claim, ...] = ()
    due_at: int | None = None


def claim(
    tx: Transaction,
    provider: str,
    *,
    in_flight_limit: int,
    worker: str,
    lease: int,
    price: Price,
    answered: Collection[str] = (),
) -> Claimed:
    """Take the pending slots of a provider whose turn it is, as many as its gate lets through.

    Args:
        tx: The write transaction of the claim.
        provider: Whose slots.
        in_flight_limit: Requests of the provider that may be out at once, over all workers.
        worker: Who takes them.
        lease: Microseconds for which the right holds unless it is renewed.
        price: What an image will probably cost, for the limits of people.
        answered: Ids of attempts whose answer has come and is being saved: they are not out any
            more. At most as many as the limit are discounted, so that pictures cannot pile up.
    """
    gate = _gate(tx, provider)
    if not is_running(tx.connection) or gate.paused_code:
        return Claimed()
    if gate.blocked_until > tx.now:
        return Claimed(due_at=gate.blocked_until)
    running = _running_attempts(tx.connection, provider)
    out = Counter(owner for attempt_id, owner in running if attempt_id not in answered)
    free = min(in_flight_limit - out.total(), 2 * in_flight_limit - len(running))
    if free <= 0:
        return Claimed()
    turns = Turns(tx, provider, out, free)
    claims = tuple(_take(tx, one, worker, tx.now + lease) for one in turns.take(free, price))
    if claims:
        refresh(tx, {claim.task_id for claim in claims})
    due = [at for at in (_next_due(tx, provider), turns.due_at) if at is not None]
    return Claimed(claims, due_at=min(due, default=None))


def _next_due(tx: Transaction, provider: str) -> int | None:
    return tx.connection.execute(_NEXT_DUE, {"provider": provider, "now": tx.now}).scalar()


def _take(tx: Transaction, chosen: Chosen, worker: str, lease_until: int) -> Claim:
    slot = chosen.slot
    taken = {
        "task": slot.task_id,
        "of_generation": slot.generation,
        "number": slot.slot,
        "by": worker,
        "until": lease_until,
        "price": chosen.price,
    }
    tx.connection.execute(_TAKE, taken)
    tx.connection.execute(_COUNT_ATTEMPT, {"task": slot.task_id, "now": tx.now})
    return Claim(slot.task_id, slot.generation, slot.slot, slot.provider, slot.fence + 1,
                 slot.attempts + 1)  # fmt: skip


# Statements of every claim, put together once: that costs more than running them.
_NEXT_DUE = select(func.min(_slots.c.not_before)).where(
    _slots.c.provider == bindparam("provider"),
    PENDING,
    # Spelled out for the same reason as `PENDING`.
    _slots.c.not_before > literal_column("0"),
    _slots.c.not_before > bindparam("now", type_=BigInteger),
)
_GATE = select(_gates).where(_gates.c.provider == bindparam("provider")).with_for_update()
_IS_RUNNING = select(schema.queue_state.c.running)
_RUNNING = select(_slots.c.attempt_id, _slots.c.owner_id).where(
    _slots.c.provider == bindparam("provider"), _slots.c.state == SlotState.RUNNING
)
_TAKE = (
    update(_slots)
    .where(
        _slots.c.task_id == bindparam("task"),
        _slots.c.generation == bindparam("of_generation"),
        _slots.c.slot == bindparam("number"),
    )
    .values(
        state=SlotState.RUNNING,
        fence=_slots.c.fence + 1,
        # Counted here and not at the end, so that a crash counts as well.
        attempts=_slots.c.attempts + 1,
        worker=bindparam("by"),
        lease_until=bindparam("until", type_=BigInteger),
        reserved=bindparam("price", type_=BigInteger),
        attempt_id=None,
        not_before=0,
        error_code="",
        error_params={},
    )
)
_COUNT_ATTEMPT = (
    update(_tasks)
    .where(_tasks.c.id == bindparam("task"))
    .values(
        attempts=_tasks.c.attempts + 1,
        started_at=func.coalesce(_tasks.c.started_at, bindparam("now", type_=BigInteger)),
    )
)


def _is_slot(task_id: str, generation: int, slot: int) -> Any:
    return and_(
        _slots.c.task_id == task_id, _slots.c.generation == generation, _slots.c.slot == slot
    )


def _held(held: Claim) -> Any:
    return and_(
        _is_slot(held.task_id, held.generation, held.slot),
        _slots.c.state == SlotState.RUNNING,
        _slots.c.fence == held.fence,
    )


def renew(tx: Transaction, worker: str, lease: int) -> None:
    """Prolong every lease of a worker that is alive."""
    tx.connection.execute(
        update(_slots)
        .where(_slots.c.state == SlotState.RUNNING, _slots.c.worker == worker)
        .values(lease_until=tx.now + lease)
    )


def begin(tx: Transaction, held: Claim, intent: Mapping[str, Any]) -> bool:
    """Write the intent down before the request leaves.

    Answers false, and ends the claim, when the task has left the queue or was cancelled meanwhile:
    do not send.

    Raises:
        LeaseLost: The slot is not ours any more: do not send.
    """
    task = _task(tx, held)
    if task.removed_at is not None:
        _settle(tx, held, state=SlotState.REMOVED)
        return False
    if task.cancelled_at is not None:
        give_back(tx, held, state=SlotState.ERROR, code=CANCELLED)
        return False
    tx.connection.execute(insert(_attempts), [{**intent, "state": AttemptState.SENT}])
    _settle(tx, held, attempt_id=intent["id"])
    return True


def _settle(tx: Transaction, held: Claim, **values: Any) -> None:
    """Write to the slot if it is still ours."""
    result = tx.connection.execute(update(_slots).where(_held(held)).values(**values))
    if result.rowcount != 1:
        raise LeaseLost(f"slot {held.slot} of task {held.task_id}")


def finish(
    tx: Transaction, held: Claim, attempt: Mapping[str, Any], image: Mapping[str, Any]
) -> None:
    """The picture is on disk: image, slot, attempt, task and cost in one transaction.

    Args:
        tx: The write transaction.
        held: The claim under which it was painted.
        attempt: `id`, `cost` and what else the answer told.
        image: The row of `images`.

    Raises:
        LeaseLost: Nothing was written; whoever continues will find the file and adopt it.
    """
    _settle(tx, held, state=SlotState.DONE, image_id=image["id"], finished_at=tx.now, takeovers=0)
    close_attempt(tx, attempt, AttemptState.SAVED)
    tx.connection.execute(insert(schema.images), [{**image, "created_at": tx.now}])
    refresh(tx, [held.task_id])


def close_attempt(tx: Transaction, attempt: Mapping[str, Any], state: AttemptState) -> None:
    """End an attempt, and count what it cost for its task and its task's owner."""
    tx.connection.execute(
        update(_attempts)
        .where(_attempts.c.id == attempt["id"])
        .values(**attempt, state=state, finished_at=tx.now)
    )
    spending.record(tx, attempt, state)


def give_back(
    tx: Transaction,
    held: Claim,
    *,
    state: SlotState,
    not_before: int = 0,
    code: str = "",
    params: Mapping[str, str] | None = None,
    counts: bool = True,
) -> None:
    """End a claim without a picture: the slot waits again, or has failed.

    What would wait again for a cancelled task is given up instead, for a removed one removed.

    Args:
        tx: The write transaction.
        held: The claim that ends.
        state: `pending`, `error` or `uncertain`.
        not_before: Earliest time of the next attempt, for `pending`.
        code: Why, as an error code; `params` fill its sentence.
        params: See `code`.
        counts: Whether the attempt counts; one that the gate should have held back does not.
    """
    if state == SlotState.PENDING:
        task = _task(tx, held)
        if task.removed_at is not None:
            state = SlotState.REMOVED
        elif task.cancelled_at is not None:
            state, not_before, code, params = SlotState.ERROR, 0, CANCELLED, {}
    values: dict[str, Any] = {
        "state": state,
        "not_before": not_before,
        "error_code": code,
        "error_params": dict(params or {}),
        "finished_at": tx.now,
    }
    if not counts:
        values["attempts"] = _slots.c.attempts - 1
    _settle(tx, held, **values)
    refresh(tx, [held.task_id])


def _task(tx: Transaction, held: Claim) -> Row[Any, Any]:
    found = select(_tasks.c.removed_at, _tasks.c.cancelled_at).where(_tasks.c.id == held.task_id)
    return tx.connection.execute(found).one()


def orphans(connection: Connection) -> Sequence[RowMapping]:
    """Slots that run though nobody can be running them, with their attempt where one was sent."""
    return (
        connection.execute(
            select(_slots, _attempts)
            .outerjoin(
                _attempts,
                and_(_attempts.c.id == _slots.c.attempt_id, _attempts.c.state == AttemptState.SENT),
            )
            .where(_slots.c.state == SlotState.RUNNING)
            .order_by(_slots.c.position, _slots.c.slot)
        )
        .mappings()
        .all()
    )


def count_takeover(tx: Transaction, held: Claim) -> int:
    """Note that a slot's worker died with it; answers how often that has happened in a row."""
    return tx.connection.execute(
        update(_slots)
        .where(_held(held))
        .values(takeovers=_slots.c.takeovers + 1)
        .returning(_slots.c.takeovers)
    ).scalar_one()


def is_running(connection: Connection) -> bool:
    """Whether the queue claims work."""
    return bool(connection.execute(_IS_RUNNING).scalar_one())


def _running_attempts(connection: Connection, provider: str) -> list[tuple[str | None, str]]:
    """Attempt and owner of a provider's running slots; None where no intent is written yet."""
    found = connection.execute(_RUNNING, {"provider": provider})
    return [(row.attempt_id, row.owner_id) for row in found]


def _gate(tx: Transaction, provider: str) -> Row[Any]:
    named = {"provider": provider}
    if gate := tx.connection.execute(_GATE, named).first():
        return gate
    tx.connection.execute(
        insert(_gates).values(provider=provider, blocked_until=0, blocked_code="", paused_code="")
    )
    return tx.connection.execute(_GATE, named).one()


def block(tx: Transaction, provider: str, until: int, code: str) -> None:
    """Let a provider cool down until a time; an earlier time never shortens a longer wait."""
    gate = _gate(tx, provider)
    if until > gate.blocked_until:
        _change_gate(tx, provider, blocked_until=until, blocked_code=code)


def pause(tx: Transaction, provider: str, code: str) -> None:
    """Give a provider no work until a person has mended what `code` says."""
    if _gate(tx, provider).paused_code != code:
        _change_gate(tx, provider, paused_code=code)


def unpause(tx: Transaction, provider: str) -> None:
    """Give a provider work again; a cool-down goes on."""
    if _gate(tx, provider).paused_code:
        _change_gate(tx, provider, paused_code="")


def reopen(tx: Transaction, provider: str) -> None:
    """Give a provider work at once: a new key has quotas of its own."""
    gate = _gate(tx, provider)
    if gate.paused_code or gate.blocked_until > tx.now:
        _change_gate(tx, provider, paused_code="", blocked_until=0, blocked_code="")


def _change_gate(tx: Transaction, provider: str, **values: Any) -> None:
    tx.connection.execute(update(_gates).where(_gates.c.provider == provider).values(**values))
    tx.connection.execute(update(schema.queue_state).values(changed_seq=tx.seq()))


def closed_gates(
    connection: Connection, now: int, sight: Sight | None = None
) -> Sequence[Row[Any]]:
    """Gates that hold work back now, with the number of tasks in sight that wait behind each."""
    behind = select(func.count(_slots.c.task_id.distinct())).where(
        _slots.c.provider == _gates.c.provider, _slots.c.state == SlotState.PENDING
    )
    if sight is not None:
        behind = behind.join(_tasks, _tasks.c.id == _slots.c.task_id).where(sight.tasks)
    waiting = behind.correlate(_gates).scalar_subquery().label("tasks")
    return connection.execute(
        select(_gates, waiting).where(or_(_gates.c.paused_code != "", _gates.c.blocked_until > now))
    ).all()
