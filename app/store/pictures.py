"""Rows of reference images and of saved images."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from app.store import schema
from app.store.database import Transaction
from app.store.tasks import chunks

_references = schema.reference_images
_images = schema.images
_attempts = schema.attempts


def reference_by_hash(connection: Connection, sha256: str) -> Row[Any] | None:
    """The reference that was uploaded with exactly these bytes."""
    return connection.execute(select(_references).where(_references.c.sha256 == sha256)).first()


def add_reference(tx: Transaction, row: dict[str, Any]) -> None:
    """Note a stored reference image."""
    tx.connection.execute(insert(_references), [{**row, "created_at": tx.now}])


def references(connection: Connection, ids: Sequence[str]) -> dict[str, Row[Any]]:
    """The reference images of these ids that exist, by id."""
    found: dict[str, Row[Any]] = {}
    for portion in chunks(ids):
        for row in connection.execute(select(_references).where(_references.c.id.in_(portion))):
            found[row.id] = row
    return found


def images(connection: Connection, ids: Sequence[str]) -> dict[str, Row[Any]]:
    """Saved images with the words and settings of their attempt, by id."""
    found: dict[str, Row[Any]] = {}
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
            .where(_images.c.id.in_(portion))
        ):
            found[row.id] = row
    return found
