"""How much of the queue is whose."""

from collections.abc import Mapping

from sqlalchemy import Connection, func, select

from app.store import schema
from app.store.sight import Sight

_tasks = schema.tasks

ByOwner = Mapping[str, Mapping[str, int]]


class Workload:
    """The tasks in the queue by owner and status; counted anew only when something changed."""

    def __init__(self) -> None:
        self._counted: tuple[int, ByOwner] = (-1, {})

    def by_owner(self, connection: Connection, sight: Sight | None) -> ByOwner:
        """The numbers, as far as they may be seen."""
        if sight is not None:
            return _counted(connection, sight)
        seq = connection.execute(select(schema.feed.c.seq)).scalar_one()
        if self._counted[0] != seq:
            self._counted = seq, _counted(connection, None)
        return self._counted[1]


def _counted(connection: Connection, sight: Sight | None) -> ByOwner:
    query = (
        select(_tasks.c.owner_id, _tasks.c.status, func.count())
        .where(_tasks.c.removed_at.is_(None))
        .group_by(_tasks.c.owner_id, _tasks.c.status)
    )
    if sight is not None:
        query = query.where(sight.tasks)
    found: dict[str, dict[str, int]] = {}
    for owner_id, status, count in connection.execute(query):
        found.setdefault(owner_id, {})[status] = count
    return found
