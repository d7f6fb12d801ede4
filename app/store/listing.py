"""One page of the queue at a time, by a cursor that survives changes."""

import base64
import binascii
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    String,
    and_,
    bindparam,
    func,
    or_,
    select,
)

from app.errors import InvalidInput
from app.store import schema
from app.store.rows import NOWHERE, page_rows
from app.store.sight import VISIBLE, Sight

MOST_TOTALS = 100

_tasks = schema.tasks
_seq = select(schema.feed.c.seq)


@dataclass(frozen=True)
class Wanted:
    """Which tasks a listing is about; empty means all."""

    status: str = ""
    search: str = ""
    project_id: str = ""
    sight: Sight | None = None


class Totals:
    """How many tasks match what, as of one number of the change feed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seq = 0
        self._totals: dict[Wanted, int] = {}

    def of(self, connection: Connection, seq: int, wanted: Wanted) -> int:
        """The total, counted at most once for each state of the queue."""
        with self._lock:
            known = self._totals.get(wanted) if self._seq == seq else None
        if known is not None:
            return known
        found = connection.execute(_statements(*_shape(wanted)).total, _values(wanted))
        total = found.scalar_one()
        with self._lock:
            if self._seq != seq or len(self._totals) >= MOST_TOTALS:
                self._seq, self._totals = seq, {}
            self._totals[wanted] = total
        return total


@dataclass(frozen=True)
class _Cursor:
    """Where a page ended: the place, and the row number there as of a number of the feed."""

    position: int = NOWHERE
    task_id: str = ""
    stt: int = 0
    seq: int = 0

    def written(self) -> str:
        place = json.dumps([self.position, self.task_id, self.stt, self.seq])
        return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def page(
    connection: Connection, wanted: Wanted, totals: Totals, *, after: str, limit: int, now: int
) -> tuple[list[dict[str, Any]], str, int]:
    """The tasks behind a cursor, the cursor of the next page or empty, and how many match in all.

    Raises:
        InvalidInput: `cursor_unknown`.
    """
    cursor = _read(after) if after else _Cursor()
    seq = connection.execute(_seq).scalar_one()
    found = connection.execute(
        _statements(*_shape(wanted)).rows,
        {
            **_values(wanted),
            "position": cursor.position,
            "task_id": cursor.task_id,
            "most": limit + 1,
        },
    ).all()
    # Neighbours are numbered on; where rows between are left out, or changed, they are counted.
    status, search, project, _ = _shape(wanted)
    known = not (status or search or project) and (not after or cursor.seq == seq)
    first = cursor.stt + 1 if known else None
    rows = page_rows(connection, found[:limit], first, now, wanted.sight)
    following = ""
    if len(found) > limit:
        last = rows[-1]
        following = _Cursor(last["position"], last["id"], last["stt"], seq).written()
    return rows, following, totals.of(connection, seq, wanted)


class _Statements(NamedTuple):
    rows: Select[Any]
    total: Select[int]


def _shape(wanted: Wanted) -> tuple[bool, bool, bool, bool]:
    return (
        bool(wanted.status),
        bool(wanted.search),
        bool(wanted.project_id),
        wanted.sight is not None,
    )


def _values(wanted: Wanted) -> Mapping[str, Any]:
    # As the database does it: beyond ASCII every letter means itself.
    folded = "".join(sign.lower() if sign.isascii() else sign for sign in wanted.search)
    pattern = "".join(f"/{sign}" if sign in "/%_" else sign for sign in folded)
    values = {"status": wanted.status, "search": f"%{pattern}%", "project_id": wanted.project_id}
    seen = wanted.sight.values if wanted.sight else {}
    return {name: value for name, value in values.items() if getattr(wanted, name)} | seen


@cache
def _statements(status: bool, search: bool, project: bool, hides: bool) -> _Statements:
    """The statements of one shape of filter, put together once."""
    wanted: list[ColumnElement[bool]] = [_tasks.c.removed_at.is_(None)]
    if hides:
        wanted.append(VISIBLE)
    if status:
        wanted.append(_tasks.c.status == bindparam("status"))
    if project:
        wanted.append(_tasks.c.project_id == bindparam("project_id"))
    if search:
        pattern = bindparam("search", type_=String)
        wanted.append(
            or_(
                func.lower(_tasks.c.prompt).like(pattern, escape="/"),
                func.lower(_tasks.c.task_name).like(pattern, escape="/"),
            )
        )
    position = bindparam("position", type_=BigInteger)
    behind = and_(
        _tasks.c.position >= position,
        or_(_tasks.c.position > position, _tasks.c.id > bindparam("task_id")),
    )
    rows = select(_tasks).where(*wanted, behind).order_by(_tasks.c.position, _tasks.c.id)
    return _Statements(
        rows.limit(bindparam("most", type_=BigInteger)),
        select(func.count()).select_from(_tasks).where(*wanted),
    )


def _read(cursor: str) -> _Cursor:
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        values: Any = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        position, task_id, stt, seq = values
    except (UnicodeError, binascii.Error, ValueError, TypeError, RecursionError) as error:
        raise InvalidInput("cursor_unknown", field="after") from error
    numbers = (position, stt, seq)
    if any(type(number) is not int or abs(number) >= 1 << 62 for number in numbers):
        raise InvalidInput("cursor_unknown", field="after")
    if not isinstance(task_id, str):
        raise InvalidInput("cursor_unknown", field="after")
    return _Cursor(position, task_id, stt, seq)
