"""What one person may have in the queue and spend in a day."""

from sqlalchemy import Connection, func, select, text

from app.errors import Conflict
from app.store import schema
from app.store.database import Transaction

_tasks = schema.tasks
_users = schema.users

# Spelled out: only then does the database see that the small index will do.
_UNFINISHED = text("status IN ('pending', 'running') AND removed_at IS NULL")


def unfinished(connection: Connection, user_id: str) -> int:
    """How many tasks of a person wait or run."""
    count = select(func.count()).select_from(_tasks)
    return connection.execute(count.where(_tasks.c.owner_id == user_id, _UNFINISHED)).scalar_one()


def check_room(tx: Transaction, user_id: str, wanted: int = 0) -> None:
    """Whether so many more tasks may wait; asked in the transaction that adds them.

    Raises:
        Conflict: `queue_limit_reached`; `left` is how many would still do.
    """
    limit = tx.connection.execute(
        select(_users.c.max_queued).where(_users.c.id == user_id)
    ).scalar()
    if limit is None:
        return
    left = limit - unfinished(tx.connection, user_id)
    if wanted > left:
        raise Conflict("queue_limit_reached", limit=limit, left=max(left, 0))
