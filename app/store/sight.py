"""What one person may see: everything but the private projects of others."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, bindparam, or_, select

from app.store import schema

_tasks = schema.tasks
_projects = schema.projects


@dataclass(frozen=True)
class Sight:
    """Somebody from whom a project is hidden. Where nothing is hidden, there is None of these."""

    user_id: str
    hidden: tuple[str, ...]

    @property
    def tasks(self) -> ColumnElement[bool]:
        """The tasks that the person may see: their own wherever those are, and what is not hidden.

        A condition on `tasks`, for statements that are put together each time.
        """
        return or_(_tasks.c.project_id.not_in(self.hidden), _tasks.c.owner_id == self.user_id)

    @property
    def values(self) -> dict[str, object]:
        """What fills `VISIBLE`."""
        return {"viewer": self.user_id, "hidden": list(self.hidden)}


VISIBLE = or_(
    _tasks.c.project_id.not_in(bindparam("hidden", expanding=True)),
    _tasks.c.owner_id == bindparam("viewer"),
)
"""The same condition for statements that are put together once; see `Sight.values`."""


def sight_of(connection: Connection, user_id: str) -> Sight | None:
    """What is hidden from a person; None when nothing is."""
    hidden = connection.execute(
        select(_projects.c.id)
        .where(_projects.c.private, _projects.c.owner_id != user_id)
        .order_by(_projects.c.id)
    ).scalars()
    found = tuple(hidden)
    return Sight(user_id, found) if found else None
