"""Tasks as pages read them: dicts with the fields of `TaskItem`, in queue order."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, func, not_, or_, select, true

from app.clock import SECOND, iso
from app.models import CATEGORIES, TaskStatus
from app.store import schema
from app.store.states import SlotState
from app.words import Words

MICRO = 1_000_000
"""Micro-dollars in a dollar."""

COUNT_ONE_BY_ONE = 50
"""Rows whose numbers are counted singly; beyond, one pass over the queue is cheaper."""

_english = Words("en")
_tasks = schema.tasks
_present = _tasks.c.removed_at.is_(None)


def task_rows(
    connection: Connection, now: int, where: ColumnElement[bool] | None = None
) -> list[dict[str, Any]]:
    """The tasks that match, each a dict of `TaskItem`; all of them without `where`."""
    condition = true() if where is None else where
    found = connection.execute(
        select(_tasks).where(_present, condition).order_by(_tasks.c.position, _tasks.c.id)
    ).all()
    references = _references(connection, condition)
    outputs = _outputs(connection, condition)
    numbers = (
        {row.id: stt for stt, row in enumerate(found, start=1)}
        if where is None
        else _numbers(connection, found)
    )
    return [
        _task_row(row, numbers[row.id], references[row.id], outputs[row.id], now) for row in found
    ]


def _references(
    connection: Connection, where: ColumnElement[bool]
) -> defaultdict[str, dict[str, list[str]]]:
    links = schema.task_references
    by_task: defaultdict[str, dict[str, list[str]]] = defaultdict(
        lambda: {name: [] for name in ("", *CATEGORIES)}
    )
    for row in connection.execute(
        select(links.c.task_id, links.c.category, links.c.reference_id)
        .join(_tasks)
        .where(_present, where)
        .order_by(links.c.ordinal)
    ):
        by_task[row.task_id][row.category].append(row.reference_id)
    return by_task


def _outputs(connection: Connection, where: ColumnElement[bool]) -> defaultdict[str, list[str]]:
    slots = schema.slots
    by_task: defaultdict[str, list[str]] = defaultdict(list)
    for row in connection.execute(
        select(slots.c.task_id, slots.c.image_id)
        .join(_tasks)
        .where(_present, where)
        .where(slots.c.generation == _tasks.c.generation, slots.c.state == SlotState.DONE)
        .order_by(slots.c.slot)
    ):
        by_task[row.task_id].append(row.image_id)
    return by_task


def _numbers(connection: Connection, found: Sequence[Row[Any]]) -> dict[str, int]:
    """The row numbers of some rows, which come in queue order."""
    if len(found) > COUNT_ONE_BY_ONE:
        ordered = connection.execute(
            select(_tasks.c.id).where(_present).order_by(_tasks.c.position, _tasks.c.id)
        ).scalars()
        return {task_id: stt for stt, task_id in enumerate(ordered, start=1)}
    numbers: dict[str, int] = {}
    stt, previous = 0, None
    for row in found:
        # From the row before, so that the whole queue is counted once at most.
        stt += _rows_up_to(connection, row, previous)
        numbers[row.id], previous = stt, row
    return numbers


def _rows_up_to(connection: Connection, last: Row[Any], after: Row[Any] | None) -> int:
    counted = select(func.count()).select_from(_tasks).where(_present, _is_up_to(last))
    if after is not None:
        # The range comes first: SQLite walks an index only along a plain comparison.
        counted = counted.where(_tasks.c.position >= after.position, not_(_is_up_to(after)))
    return connection.execute(counted).scalar_one()


def _is_up_to(row: Row[Any]) -> ColumnElement[bool]:
    return and_(
        _tasks.c.position <= row.position,
        or_(_tasks.c.position < row.position, _tasks.c.id <= row.id),
    )


def _task_row(
    row: Row[Any], stt: int, references: dict[str, list[str]], outputs: list[str], now: int
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
