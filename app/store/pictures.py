"""Rows of reference images and of saved images."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, and_, exists, func, insert, or_, select, true

from app.store import schema
from app.store.database import Transaction
from app.store.sight import Sight
from app.store.tasks import chunks

_references = schema.reference_images
_owners = schema.reference_owners
_links = schema.task_references
_tasks = schema.tasks
_images = schema.images
_attempts = schema.attempts


def reference_by_hash(connection: Connection, sha256: str) -> Row[Any] | None:
    """The reference that was uploaded with exactly these bytes."""
    return connection.execute(select(_references).where(_references.c.sha256 == sha256)).first()


def add_reference(tx: Transaction, row: dict[str, Any]) -> None:
    """Note a stored reference image."""
    tx.connection.execute(insert(_references), [{**row, "created_at": tx.now}])


def own_reference(tx: Transaction, reference_id: str, user_id: str, file_name: str) -> None:
    """Note that a person uploaded a picture, and under which name; the first name stays."""
    mine = and_(_owners.c.reference_id == reference_id, _owners.c.user_id == user_id)
    if tx.connection.execute(select(_owners.c.user_id).where(mine)).first() is None:
        tx.connection.execute(
            insert(_owners).values(reference_id=reference_id, user_id=user_id, file_name=file_name)
        )


def references(
    connection: Connection,
    ids: Sequence[str],
    user_id: str,
    *,
    only_seen: bool = False,
    sight: Sight | None = None,
) -> dict[str, Row[Any]]:
    """The reference images of these ids, by id, under the name that this person gave them.

    With `only_seen`, those that the person uploaded or that a task in sight uses.
    """
    mine = and_(_owners.c.reference_id == _references.c.id, _owners.c.user_id == user_id)
    columns = [column for column in _references.c if column.name != "file_name"]
    file_name = func.coalesce(_owners.c.file_name, _references.c.file_name).label("file_name")
    query = select(*columns, file_name).outerjoin(_owners, mine)
    if only_seen:
        used = exists().where(
            _links.c.reference_id == _references.c.id,
            _tasks.c.id == _links.c.task_id,
            _tasks.c.removed_at.is_(None),
            true() if sight is None else sight.tasks,
        )
        query = query.where(or_(_owners.c.user_id.is_not(None), used))
    found: dict[str, Row[Any]] = {}
    for portion in chunks(ids):
        for row in connection.execute(query.where(_references.c.id.in_(portion))):
            found[row.id] = row
    return found


def images(
    connection: Connection, ids: Sequence[str], sight: Sight | None = None
) -> dict[str, Row[Any]]:
    """Saved images of tasks in sight, with the words and settings of their attempt, by id."""
    found: dict[str, Row[Any]] = {}
    visible = true() if sight is None else sight.tasks
    for portion in chunks(ids):
        for row in connection.execute(
            select(
                _images,
                _attempts.c.prompt,
                _attempts.c.model,
                _attempts.c.model_version,
                _attempts.c.aspect_ratio,
                _attempts.c.quality,
            )
            .join(_attempts, _attempts.c.id == _images.c.attempt_id)
            .join(_tasks, _tasks.c.id == _images.c.task_id)
            .where(_images.c.id.in_(portion), visible)
        ):
            found[row.id] = row
    return found
