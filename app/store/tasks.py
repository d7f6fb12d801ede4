"""Rows of the queue: added, changed, removed, asked for again."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    Insert,
    Row,
    String,
    bindparam,
    delete,
    func,
    insert,
    literal,
    literal_column,
    select,
    true,
    union_all,
    update,
)

from app.models import MAX_IMAGES_PER_PROMPT, TaskStatus
from app.store import schema
from app.store.database import Transaction
from app.store.sight import Sight
from app.store.states import SlotState, may_finish, task_status

POSITION_STEP = 1024
"""Gap between neighbours, so that a row can move between two others without touching them."""

CHUNK = 5_000
"""Ids in one statement; SQLite takes 32,766 parameters."""

CANCELLED = "cancelled"
"""Error code of an image on which a person gave up."""

_tasks = schema.tasks
_slots = schema.slots


@dataclass(frozen=True, kw_only=True)
class NewTask:
    """A checked task on its way into the queue.

    Attributes:
        columns: Its fields by column name.
        references: Reference ids by category; the empty category holds the uncategorised.
    """

    id: str
    provider: str
    columns: Mapping[str, Any]
    references: Mapping[str, Sequence[str]]
    client_request_id: str | None = None


def chunks(ids: Iterable[str]) -> Iterator[list[str]]:
    """The ids in portions that one statement can take, each id once."""
    unique = list(dict.fromkeys(ids))
    for start in range(0, len(unique), CHUNK):
        yield unique[start : start + CHUNK]


def known_requests(
    connection: Connection, owner_id: str, request_ids: Sequence[str]
) -> dict[str, str]:
    """Task ids by the client request ids that this person has used before."""
    found: dict[str, str] = {}
    for portion in chunks(request_ids):
        for row in connection.execute(
            select(_tasks.c.client_request_id, _tasks.c.id).where(
                _tasks.c.owner_id == owner_id, _tasks.c.client_request_id.in_(portion)
            )
        ):
            found[row.client_request_id] = row.id
    return found


_ADD_TASKS = insert(_tasks).values(
    # Written into the statement: ten thousand rows need not carry them as parameters.
    status=literal_column(f"'{TaskStatus.PENDING}'"),
    error_code=literal_column("''"),
    error_params=literal_column("'{}'"),
    **{name: literal_column("0") for name in ("images_done", "attempts", "cost")},
    **{name: literal_column("1") for name in ("generation", "revision")},
)


def add(tx: Transaction, owner_id: str, new: Sequence[NewTask]) -> None:
    """Append tasks, each with one pending slot for every wanted image."""
    if not new:
        return
    last = tx.connection.execute(
        select(func.max(_tasks.c.position)).where(_tasks.c.removed_at.is_(None))
    ).scalar()
    positions = {
        task.id: (last or 0) + POSITION_STEP * number for number, task in enumerate(new, start=1)
    }
    tx.connection.execute(
        _ADD_TASKS, [_new_row(tx, owner_id, task, positions[task.id]) for task in new]
    )
    for provider in {task.provider for task in new}:
        of = {"provider": provider, "prefix": f"{provider}:%", "last": last or 0}
        tx.connection.execute(_add_slots(), of)
    links = [link for task in new for link in _links(task.id, task.references)]
    if links:
        tx.connection.execute(insert(schema.task_references), links)


def _new_row(tx: Transaction, owner_id: str, task: NewTask, position: int) -> dict[str, Any]:
    return {
        "id": task.id,
        "position": position,
        "owner_id": owner_id,
        "client_request_id": task.client_request_id,
        **task.columns,
        "created_at": tx.now,
        "changed_seq": tx.seq(),
    }


def new_slot(task: Row[Any], generation: int, slot: int) -> dict[str, Any]:
    """The row of a slot of a task that waits for its first attempt."""
    return {
        **_FRESH_SLOT,
        "task_id": task.id,
        "generation": generation,
        "slot": slot,
        "provider": task.model.partition(":")[0],
        "owner_id": task.owner_id,
        "position": task.position,
    }


_FRESH_SLOT: Mapping[str, Any] = {
    "state": SlotState.PENDING,
    "not_before": 0,
    "attempts": 0,
    "takeovers": 0,
    "fence": 0,
    "worker": "",
    "lease_until": 0,
    "reserved": 0,
    "error_code": "",
    "error_params": {},
}


@cache
def _add_slots() -> Insert:
    """One slot for every image of the tasks of a provider behind a position.

    The database makes the rows itself: ten thousand tasks want up to a hundred thousand.
    """
    numbers = union_all(
        *(select(literal(number).label("slot")) for number in range(1, MAX_IMAGES_PER_PROMPT + 1))
    ).subquery()
    row = {
        **{name: literal(value, _slots.c[name].type) for name, value in _FRESH_SLOT.items()},
        "task_id": _tasks.c.id,
        "generation": literal(1),
        "slot": numbers.c.slot,
        "provider": bindparam("provider", type_=String),
        "owner_id": _tasks.c.owner_id,
        "position": _tasks.c.position,
    }
    wanted = (
        select(*(value.label(name) for name, value in row.items()))
        .select_from(_tasks.join(numbers, numbers.c.slot <= _tasks.c.images_per_prompt))
        .where(
            _tasks.c.removed_at.is_(None),
            _tasks.c.position > bindparam("last", type_=BigInteger),
            _tasks.c.model.like(bindparam("prefix", type_=String)),
        )
    )
    return insert(_slots).from_select(list(row), wanted)


def _links(task_id: str, references: Mapping[str, Sequence[str]]) -> Iterator[dict[str, Any]]:
    for category, ids in references.items():
        for ordinal, reference_id in enumerate(ids):
            yield {
                "task_id": task_id,
                "category": category,
                "ordinal": ordinal,
                "reference_id": reference_id,
            }


def find(connection: Connection, task_id: str, sight: Sight | None = None) -> Row[Any] | None:
    """The row of a task that is in the queue, and in sight."""
    visible = true() if sight is None else sight.tasks
    return connection.execute(
        select(_tasks).where(_tasks.c.id == task_id, _tasks.c.removed_at.is_(None), visible)
    ).first()


def references_of(connection: Connection, task_id: str) -> dict[str, list[str]]:
    """Reference ids by category, in order; only categories that have some."""
    links = schema.task_references
    found: dict[str, list[str]] = {}
    for row in connection.execute(
        select(links.c.category, links.c.reference_id)
        .where(links.c.task_id == task_id)
        .order_by(links.c.ordinal)
    ):
        found.setdefault(row.category, []).append(row.reference_id)
    return found


def change(
    tx: Transaction,
    task_id: str,
    *,
    columns: Mapping[str, Any],
    references: Mapping[str, Sequence[str]] | None = None,
    provider: str | None = None,
) -> None:
    """Write changed columns, references and provider of a task; raises its revision."""
    if references is not None:
        links = schema.task_references
        tx.connection.execute(delete(links).where(links.c.task_id == task_id))
        if rows := list(_links(task_id, references)):
            tx.connection.execute(insert(links), rows)
    tx.connection.execute(
        update(_tasks)
        .where(_tasks.c.id == task_id)
        .values(**columns, revision=_tasks.c.revision + 1)
    )
    if provider is not None:
        tx.connection.execute(
            update(_slots)
            .where(_slots.c.task_id == task_id, _slots.c.state != SlotState.DONE)
            .values(provider=provider)
        )
    if "images_per_prompt" in columns:
        _resize(tx, task_id, columns["images_per_prompt"])
    refresh(tx, [task_id])


def _resize(tx: Transaction, task_id: str, wanted: int) -> None:
    """Drop slots beyond the wanted number, add or revive those that lack."""
    task = tx.connection.execute(select(_tasks).where(_tasks.c.id == task_id)).one()
    current = (_slots.c.task_id == task_id) & (_slots.c.generation == task.generation)
    tx.connection.execute(
        update(_slots).where(current, _slots.c.slot > wanted).values(state=SlotState.REMOVED)
    )
    # A slot that was dropped with its picture comes back with it: it has been paid for.
    revived = _slots.c.slot <= wanted, _slots.c.state == SlotState.REMOVED
    tx.connection.execute(
        update(_slots).where(current, *revived, _slots.c.image_id.is_not(None))
        .values(state=SlotState.DONE)
    )  # fmt: skip
    tx.connection.execute(
        update(_slots).where(current, *revived).values(state=SlotState.PENDING, **fresh())
    )
    known = set(tx.connection.execute(select(_slots.c.slot).where(current)).scalars())
    missing = [
        new_slot(task, task.generation, slot) for slot in range(1, wanted + 1) if slot not in known
    ]
    if missing:
        tx.connection.execute(insert(_slots), missing)
    # Wanting more is the opposite of having given up; the images given up before stay so.
    forget_cancelling(tx, [task_id])


def fresh() -> dict[str, Any]:
    """What a slot forgets when it is asked for anew."""
    return {"not_before": 0, "attempts": 0, "takeovers": 0, "error_code": "", "error_params": {}}


def remove(tx: Transaction, task_ids: Sequence[str]) -> int:
    """Take tasks out of the queue; answers how many were in it.

    Waiting slots go with them. A running slot ends by itself: its request may be paid.
    """
    removed = 0
    for portion in chunks(task_ids):
        result = tx.connection.execute(
            update(_tasks)
            .where(_tasks.c.id.in_(portion), _tasks.c.removed_at.is_(None))
            .values(removed_at=tx.now, changed_seq=tx.seq())
        )
        removed += result.rowcount
        tx.connection.execute(
            update(_slots)
            .where(
                _slots.c.task_id.in_(portion),
                _slots.c.state.not_in((SlotState.RUNNING, SlotState.DONE)),
            )
            .values(state=SlotState.REMOVED)
        )
    return removed


def forget_cancelling(tx: Transaction, task_ids: Sequence[str]) -> None:
    """Whoever asks again has not given up."""
    revived: list[str] = []
    for portion in chunks(task_ids):
        revived += tx.connection.execute(
            update(_tasks)
            .where(_tasks.c.id.in_(portion), _tasks.c.cancelled_at.is_not(None))
            .values(cancelled_at=None)
            .returning(_tasks.c.id)
        ).scalars()
    refresh(tx, revived)


# Statements that are put together once: that costs more than running them.
_SLOTS_NOW = (
    select(
        _slots.c.task_id, _slots.c.state, _slots.c.not_before, _slots.c.error_code,
        _slots.c.error_params, _tasks.c.cancelled_at,
    )
    .join(_tasks)
    .where(
        _tasks.c.id.in_(bindparam("ids", expanding=True)),
        _slots.c.generation == _tasks.c.generation,
        _slots.c.state != SlotState.REMOVED,
    )
    .order_by(_slots.c.slot)
)  # fmt: skip
_DERIVED = ("status", "images_done", "error_code", "error_params", "next_attempt_at", "changed_seq")
_goes_on = update(_tasks).where(_tasks.c.id == bindparam("task")).values(
    {name: bindparam(f"new_{name}", type_=_tasks.c[name].type) for name in _DERIVED}
)  # fmt: skip
_has_ended = _goes_on.values(finished_at=func.coalesce(_tasks.c.finished_at, bindparam("now")))
_goes_on = _goes_on.values(finished_at=None)


def refresh(tx: Transaction, task_ids: Iterable[str]) -> None:
    """Derive the tasks' own columns from their slots, and tell the change feed."""
    for portion in chunks(task_ids):
        slots_of: dict[str, list[Row[*tuple[Any, ...]]]] = {task_id: [] for task_id in portion}
        for slot in tx.connection.execute(_SLOTS_NOW, {"ids": portion}):
            slots_of[slot.task_id].append(slot)
        going: list[dict[str, Any]] = []
        ended: list[dict[str, Any]] = []
        for task_id, slots in slots_of.items():
            if not slots:
                # The task has left the queue, and nothing of it is out any more.
                continue
            derived = _derived(tx, slots)
            new = {f"new_{name}": value for name, value in derived.items()}
            if may_finish(derived["status"]):
                ended.append({"task": task_id, "now": tx.now, **new})
            else:
                going.append({"task": task_id, **new})
        for statement, rows in ((_goes_on, going), (_has_ended, ended)):
            if rows:
                tx.connection.execute(statement, rows)


def _derived(tx: Transaction, slots: Sequence[Row[*tuple[Any, ...]]]) -> dict[str, Any]:
    status = task_status(Counter(slot.state for slot in slots))
    # The request that was out when a person gave up brought its picture; the task stays given up.
    given_up = status == TaskStatus.COMPLETED and slots[0].cancelled_at is not None
    status = TaskStatus.ERROR if given_up else status
    waiting = [slot for slot in slots if slot.state == SlotState.PENDING]
    troubled = [slot for slot in slots if slot.error_code]
    # A possible charge is the more pressing news than a plain failure.
    troubled.sort(key=lambda slot: slot.state != SlotState.UNCERTAIN)
    shown = troubled[0] if troubled and status != TaskStatus.RUNNING else None
    due = min((slot.not_before for slot in waiting), default=0)
    return {
        "status": status,
        "images_done": sum(slot.state == SlotState.DONE for slot in slots),
        "error_code": shown.error_code if shown else CANCELLED if given_up else "",
        "error_params": shown.error_params if shown else {},
        "next_attempt_at": due if status == TaskStatus.PENDING and due > tx.now else None,
        "changed_seq": tx.seq(),
    }
