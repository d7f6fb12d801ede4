"""Whose rows a person is about to change."""

from collections.abc import Sequence

from sqlalchemy import Connection, select

from app.errors import NotAllowed
from app.store import schema
from app.store.sight import Sight
from app.store.tasks import chunks

_tasks = schema.tasks


def others(connection: Connection, task_ids: Sequence[str], user_id: str) -> dict[str, str]:
    """Which of the tasks in the queue belong to somebody else, and in which project they are."""
    found: dict[str, str] = {}
    for portion in chunks(task_ids):
        for row in connection.execute(
            select(_tasks.c.id, _tasks.c.project_id).where(
                _tasks.c.id.in_(portion),
                _tasks.c.owner_id != user_id,
                _tasks.c.removed_at.is_(None),
            )
        ):
            found[row.id] = row.project_id
    return found


def own(
    connection: Connection, task_ids: Sequence[str], user_id: str, sight: Sight | None
) -> list[str]:
    """The ids without those of tasks that the person cannot know of.

    Raises:
        NotAllowed: `not_yours`: some that the person can see belong to somebody else.
    """
    foreign = others(connection, task_ids, user_id)
    hidden = set(sight.hidden) if sight else set[str]()
    visible = [task_id for task_id, project_id in foreign.items() if project_id not in hidden]
    if visible:
        raise NotAllowed("not_yours", count=len(visible))
    return [task_id for task_id in task_ids if task_id not in foreign]
