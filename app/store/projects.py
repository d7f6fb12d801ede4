"""Projects: named groups of tasks, some of them private."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, insert, or_, select, update

from app.errors import Conflict
from app.store import schema
from app.store.database import Transaction
from app.store.sight import Sight

_projects = schema.projects
_tasks = schema.tasks


def everything(connection: Connection, sight: Sight | None) -> Sequence[Row[Any]]:
    """The projects in sight, the oldest first."""
    query = select(_projects).order_by(_projects.c.created_at, _projects.c.id)
    if sight is not None:
        query = query.where(_projects.c.id.not_in(sight.hidden))
    return connection.execute(query).all()


def find(connection: Connection, project_id: str) -> Row[Any] | None:
    """A project, or None when there is none of that id."""
    return connection.execute(select(_projects).where(_projects.c.id == project_id)).first()


def usable(connection: Connection, ids: Iterable[str], sight: Sight | None) -> set[str]:
    """Those of the ids that are projects in sight."""
    wanted = set(ids) - set(sight.hidden if sight else ())
    found = connection.execute(select(_projects.c.id).where(_projects.c.id.in_(wanted)))
    return set(found.scalars())


def add(tx: Transaction, project_id: str, *, name: str, owner_id: str, private: bool) -> Row[Any]:
    """A new project. Raises `Conflict` (`project_exists`)."""
    _check_name(tx.connection, project_id, name)
    tx.connection.execute(
        insert(_projects).values(
            id=project_id, name=name, owner_id=owner_id, private=private, created_at=tx.now
        )
    )
    found = find(tx.connection, project_id)
    assert found is not None
    return found


def change(tx: Transaction, project: Row[Any], values: Mapping[str, Any]) -> Row[Any]:
    """Change name and privacy; answers the project. Raises `Conflict` (`project_exists`).

    Becoming private takes its tasks out of the sight of others, and the change feed tells them.
    """
    if "name" in values:
        _check_name(tx.connection, project.id, values["name"])
    if values:
        tx.connection.execute(
            update(_projects).where(_projects.c.id == project.id).values(**values)
        )
    if values.get("private", project.private) != project.private:
        concealed = {"concealed_seq": tx.seq()} if values["private"] else {}
        tx.connection.execute(
            update(_tasks)
            .where(_tasks.c.project_id == project.id)
            .values(changed_seq=tx.seq(), **concealed)
        )
    found = find(tx.connection, project.id)
    assert found is not None
    return found


def conceals(connection: Connection, before: str, after: str) -> bool:
    """Whether a task that goes from one project to another goes out of anybody's sight."""
    moved = select(_projects.c.id).where(_projects.c.id == after, _projects.c.private)
    return before != after and connection.execute(moved).first() is not None


def _check_name(connection: Connection, project_id: str, name: str) -> None:
    # Also the name of a folder, and some disks do not tell upper from lower case.
    pattern = "".join(f"/{sign}" if sign in "/%_" else sign for sign in name)
    same: ColumnElement[bool] = or_(
        _projects.c.name == name, _projects.c.name.ilike(pattern, escape="/")
    )
    taken = select(_projects.c.id).where(and_(same, _projects.c.id != project_id))
    if connection.execute(taken).first():
        raise Conflict("project_exists", field="name", name=name)
