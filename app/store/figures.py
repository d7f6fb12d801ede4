"""Sums over everything that was ever asked for and saved."""

from typing import Any

from sqlalchemy import Connection, func, select

from app.store import schema
from app.store.rows import MICRO

_attempts = schema.attempts
_images = schema.images


def attempts(connection: Connection) -> list[dict[str, Any]]:
    """Requests by provider and outcome, with what they cost in dollars."""
    found = connection.execute(
        select(
            _attempts.c.provider,
            _attempts.c.state,
            func.count().label("count"),
            func.sum(_attempts.c.cost).label("cost"),
        )
        .group_by(_attempts.c.provider, _attempts.c.state)
        .order_by(_attempts.c.provider, _attempts.c.state)
    )
    return [
        {"provider": row.provider, "state": row.state, "count": row._mapping["count"],  # pyright: ignore[reportPrivateUsage] -- its documented name
         "cost": row.cost / MICRO}
        for row in found
    ]  # fmt: skip


def images(connection: Connection) -> tuple[int, int]:
    """How many images were saved, and how many bytes they are."""
    found = connection.execute(select(func.count(), func.sum(_images.c.size))).one()
    return found[0], found[1] or 0
