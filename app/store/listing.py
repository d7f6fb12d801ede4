"""One page of the queue at a time, by a cursor that survives changes."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, true

from app.errors import InvalidInput
from app.store import schema
from app.store.rows import task_rows

_tasks = schema.tasks
_present = _tasks.c.removed_at.is_(None)


@dataclass(frozen=True)
class Wanted:
    """Which tasks a listing is about; empty means all."""

    status: str = ""
    search: str = ""
    project_id: str = ""

    def condition(self) -> ColumnElement[bool]:
        """The tasks that match."""
        wanted: list[ColumnElement[bool]] = [true()]
        if self.status:
            wanted.append(_tasks.c.status == self.status)
        if self.project_id:
            wanted.append(_tasks.c.project_id == self.project_id)
        if self.search:
            wanted.append(
                or_(
                    _tasks.c.prompt.icontains(self.search, autoescape=True),
                    _tasks.c.task_name.icontains(self.search, autoescape=True),
                )
            )
        return and_(*wanted)


def page(
    connection: Connection, wanted: Wanted, *, after: str, limit: int, now: int
) -> tuple[list[dict[str, Any]], str, int]:
    """The tasks behind a cursor, the cursor of the next page or empty, and how many match in all.

    Raises:
        InvalidInput: `cursor_unknown`.
    """
    condition = wanted.condition()
    behind = _behind(after) if after else true()
    ids = (
        connection.execute(
            select(_tasks.c.id)
            .where(_present, condition, behind)
            .order_by(_tasks.c.position, _tasks.c.id)
            .limit(limit + 1)
        )
        .scalars()
        .all()
    )
    rows = task_rows(connection, now, _tasks.c.id.in_(ids[:limit])) if ids else []
    total = connection.execute(
        select(func.count()).select_from(_tasks).where(_present, condition)
    ).scalar_one()
    more = len(ids) > limit
    return rows, _cursor(rows) if more else "", total


def _cursor(rows: Sequence[dict[str, Any]]) -> str:
    place = json.dumps([rows[-1]["position"], rows[-1]["id"]], separators=(",", ":"))
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def _behind(cursor: str) -> ColumnElement[bool]:
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        position, task_id = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (UnicodeError, binascii.Error, ValueError, TypeError, RecursionError) as error:
        raise InvalidInput("cursor_unknown", field="after") from error
    if type(position) is not int or abs(position) >= 1 << 63 or not isinstance(task_id, str):
        raise InvalidInput("cursor_unknown", field="after")
    return or_(
        _tasks.c.position > position,
        and_(_tasks.c.position == position, _tasks.c.id > task_id),
    )
