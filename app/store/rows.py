"""Tasks as pages read them: dicts with the fields of `TaskItem`, in queue order."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Row,
    and_,
    bindparam,
    func,
    or_,
    select,
    true,
)

from app.clock import SECOND, iso
from app.models import CATEGORIES, TaskStatus
from app.store import schema
from app.store.sight import VISIBLE, Sight
from app.store.states import SlotState
from app.words import Words

MICRO = 1_000_000
"""Micro-dollars in a dollar."""

COUNT_ONE_BY_ONE = 50
"""Rows whose numbers are counted singly; beyond, one pass over the queue is cheaper."""

_english = Words("en")
_tasks = schema.tasks
_slots = schema.slots
_links = schema.task_references
_present = _tasks.c.removed_at.is_(None)

NOWHERE = -(2**62)
"""A position in front of every row."""

# Statements that are put together once: building one costs more than running it.
_references = (
    select(_links.c.task_id, _links.c.category, _links.c.reference_id)
    .join(_tasks)
    .where(_present)
    .order_by(_links.c.ordinal)
)
_outputs = (
    select(_slots.c.task_id, _slots.c.image_id)
    .join(_tasks)
    .where(_present)
    .where(_slots.c.generation == _tasks.c.generation, _slots.c.state == SlotState.DONE)
    .order_by(_slots.c.slot)
)
_references_of = _references.where(_links.c.task_id.in_(bindparam("ids", expanding=True)))
_outputs_of = _outputs.where(_slots.c.task_id.in_(bindparam("ids", expanding=True)))
_low, _high = bindparam("low", type_=BigInteger), bindparam("high", type_=BigInteger)
_names = select(schema.users.c.id, schema.users.c.display_name)
# The plain ranges come first: SQLite walks an index only along a plain comparison.
_count_between = (
    select(func.count())
    .select_from(_tasks)
    .where(
        _present,
        _tasks.c.position >= _low,
        _tasks.c.position <= _high,
        or_(_tasks.c.position > _low, _tasks.c.id > bindparam("low_id")),
        or_(_tasks.c.position < _high, _tasks.c.id <= bindparam("high_id")),
    )
)
_count_visible_between = _count_between.where(VISIBLE)


def task_rows(
    connection: Connection,
    now: int,
    where: ColumnElement[bool] | None = None,
    sight: Sight | None = None,
) -> list[dict[str, Any]]:
    """The tasks in sight that match, each a dict of `TaskItem`; all of them without `where`."""
    condition = true() if where is None else where
    if sight is not None:
        condition = and_(condition, sight.tasks)
    found = connection.execute(
        select(_tasks).where(_present, condition).order_by(_tasks.c.position, _tasks.c.id)
    ).all()
    numbers = range(1, len(found) + 1) if where is None else _numbers(connection, found, sight)
    references = connection.execute(_references.where(condition))
    outputs = connection.execute(_outputs.where(condition))
    return _dicts(found, numbers, references, outputs, _names_of(connection), now)


def page_rows(
    connection: Connection,
    found: Sequence[Row[Any]],
    first_number: int | None,
    now: int,
    sight: Sight | None = None,
) -> list[dict[str, Any]]:
    """Rows of `tasks`, a page at most, as dicts of `TaskItem`.

    `first_number` is the row number of the first, where it is known and the rows are neighbours.
    """
    if first_number is None:
        numbers = _numbers(connection, found, sight)
    else:
        numbers = range(first_number, first_number + len(found))
    ids = {"ids": [row.id for row in found]}
    references = connection.execute(_references_of, ids)
    outputs = connection.execute(_outputs_of, ids)
    return _dicts(found, numbers, references, outputs, _names_of(connection), now)


def _names_of(connection: Connection) -> dict[str, str]:
    """What people are called, by id."""
    return {row[0]: row[1] for row in connection.execute(_names)}


def _dicts(
    found: Sequence[Row[Any]],
    numbers: Iterable[int],
    references: Iterable[Row[Any, Any, Any]],
    outputs: Iterable[Row[Any, Any]],
    names: Mapping[str, str],
    now: int,
) -> list[dict[str, Any]]:
    by_category: defaultdict[str, dict[str, list[str]]] = defaultdict(
        lambda: {name: [] for name in ("", *CATEGORIES)}
    )
    for task_id, category, reference_id in references:
        by_category[task_id][category].append(reference_id)
    images: defaultdict[str, list[str]] = defaultdict(list)
    for task_id, image_id in outputs:
        images[task_id].append(image_id)
    return [
        _task_row(row, number, by_category[row.id], images[row.id], names, now)
        for row, number in zip(found, numbers, strict=True)
    ]


def _numbers(
    connection: Connection, found: Sequence[Row[Any]], sight: Sight | None
) -> Sequence[int]:
    """The row numbers of some rows, which come in queue order."""
    if len(found) > COUNT_ONE_BY_ONE:
        visible = true() if sight is None else sight.tasks
        ordered = connection.execute(
            select(_tasks.c.id).where(_present, visible).order_by(_tasks.c.position, _tasks.c.id)
        ).scalars()
        places = {task_id: stt for stt, task_id in enumerate(ordered, start=1)}
        return [places[row.id] for row in found]
    numbers: list[int] = []
    count = _count_between if sight is None else _count_visible_between
    seen = {} if sight is None else sight.values
    stt, position, task_id = 0, NOWHERE, ""
    for row in found:
        # From the row before, so that the whole queue is counted once at most.
        place = {"low": position, "low_id": task_id, "high": row.position, "high_id": row.id}
        stt += connection.execute(count, {**place, **seen}).scalar_one()
        numbers.append(stt)
        position, task_id = row.position, row.id
    return numbers


def _task_row(
    row: Row[Any],
    stt: int,
    references: dict[str, list[str]],
    outputs: list[str],
    names: Mapping[str, str],
    now: int,
) -> dict[str, Any]:
    sentence = _english(f"error.{row.error_code}", **row.error_params) if row.error_code else ""
    return {
        "id": row.id,
        "stt": stt,
        "task_name": row.task_name,
        "model": row.model,
        "aspect_ratio": row.aspect_ratio,
        "quality": row.quality,
        "reference_images": references[""],
        "reference_images_by_cat": {name: references[name] for name in CATEGORIES},
        "prompt": row.prompt,
        "images_per_prompt": row.images_per_prompt,
        "output_image": outputs[0] if outputs else None,
        "status": row.status,
        "elapsed_seconds": _elapsed(row, now),
        "error_message": sentence,
        "created_at": iso(row.created_at),
        "output_images": outputs,
        "progress": 100 * row.images_done // row.images_per_prompt,
        "error_code": row.error_code,
        "error_params": row.error_params,
        "negative_prompt": row.negative_prompt,
        "seed": row.seed,
        "owner": row.owner_id,
        "owner_name": names.get(row.owner_id, ""),
        "project_id": row.project_id,
        "filename_prefix": row.filename_prefix,
        "attempts": row.attempts,
        "cost": row.cost / MICRO,
        "started_at": iso(row.started_at),
        "completed_at": iso(row.finished_at),
        "next_attempt_at": iso(row.next_attempt_at),
        "position": row.position,
        "generation": row.generation,
        "revision": row.revision,
    }


def _elapsed(row: Row[Any], now: int) -> float:
    if row.started_at is None:
        return 0.0
    if row.finished_at is not None:
        return (row.finished_at - row.started_at) / SECOND
    return (now - row.started_at) / SECOND if row.status == TaskStatus.RUNNING else 0.0
