"""What was done by whom, for good: rows are added and never touched again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from app.store import schema
from app.store.database import Transaction

_audit = schema.audit

SPEND = "spend"
"""The action of a request that cost something."""

UNCERTAIN_SPEND = "spend.uncertain"
"""The action of a request that may have cost something."""


@dataclass(frozen=True)
class Deed:
    """One action of a person, on one thing.

    Attributes:
        action: `user.add`, `token.revoke`, `studio.change`, `spend`, ...
        object_kind: What was acted on: `user`, `token`, `task`, ...
        details: What a reader wants to know; never a password, a key or a token.
        address: Where the request came from, if it came from anywhere.
    """

    user_id: str
    action: str
    object_kind: str
    object_id: str
    details: Mapping[str, Any] = field(default_factory=dict[str, Any])
    address: str = ""


def note(tx: Transaction, deed: Deed) -> None:
    """Write a deed down in the transaction that does it."""
    tx.connection.execute(
        insert(_audit).values(
            at=tx.now,
            user_id=deed.user_id,
            action=deed.action,
            object_kind=deed.object_kind,
            object_id=deed.object_id,
            details=dict(deed.details),
            address=deed.address[:64],
        )
    )


def entries(
    connection: Connection, *, before: int | None, limit: int, user_id: str, action: str
) -> Sequence[Row[Any]]:
    """The newest entries that match, the newest first; empty words match everything.

    `before` is the id of the last entry of the page before.
    """
    query = select(_audit).order_by(_audit.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(_audit.c.id < before)
    if user_id:
        query = query.where(_audit.c.user_id == user_id)
    if action:
        query = query.where(_audit.c.action == action)
    return connection.execute(query).all()
