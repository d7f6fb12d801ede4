"""From what a person types to the rows that are meant."""

from collections.abc import Iterator, Sequence
from typing import Any

from app.api.base_api import BaseApi
from app.api.models import UserAccount
from app.cli.asked import Failed, insist
from app.models import MAX_PAGE

SHORTEST_PREFIX = 4
SHOWN_OF_AN_ID = 8

Row = dict[str, Any]


def every_task(api: BaseApi, **wanted: str) -> Iterator[Row]:
    """All tasks that match, page by page, in queue order; `wanted` as in `query_tasks`."""
    after = ""
    while True:
        page = insist(api.query_tasks(**wanted, after=after, limit=MAX_PAGE)).data
        yield from page["tasks"]
        after = page["next"]
        if not after:
            return


def tasks_named(api: BaseApi, names: Sequence[str]) -> list[Row]:
    """The tasks that are meant, each once: by whole id, by row number, or by how an id begins.

    Digits alone are a row number where the queue has such a row.

    Raises:
        Failed: `task_not_found`, or `usage` when several ids begin like that.
    """
    rows = list(every_task(api))
    found = {row["id"]: row for row in (_named(rows, name.strip()) for name in names)}
    return list(found.values())


def _named(rows: Sequence[Row], name: str) -> Row:
    if name.isascii() and name.isdigit() and 1 <= int(name[:9]) <= len(rows):
        return rows[int(name) - 1]
    if len(name) < SHORTEST_PREFIX:
        raise Failed("task_not_found", f"There is no row {name!r} in the queue.")
    alike = [row for row in rows if row["id"].startswith(name)]
    if len(alike) > 1:
        raise Failed("usage", f"{len(alike)} tasks begin with {name!r}. Write more of the id.")
    if not alike:
        raise Failed("task_not_found", f"There is no task {name!r} in the queue.")
    return alike[0]


def user_named(api: BaseApi, name: str) -> UserAccount:
    """The account of a user name.

    Raises:
        Failed: `user_not_found`.
    """
    for account in insist(api.list_users()).data:
        if account["username"] == name:
            return UserAccount(**account)
    raise Failed("user_not_found", f"There is no user named {name!r}.", field="name")


def token_named(api: BaseApi, name: str) -> str:
    """The id of a token, by whole id or by how one begins.

    Raises:
        Failed: `token_not_found`, or `usage` when several begin like that.
    """
    ids = [token["id"] for token in insist(api.list_tokens()).data]
    alike = [token_id for token_id in ids if token_id.startswith(name)]
    if len(alike) > 1 and name not in alike:
        raise Failed("usage", f"{len(alike)} tokens begin with {name!r}. Write more of the id.")
    if not alike or len(name) < SHORTEST_PREFIX:
        raise Failed("token_not_found", f"There is no token {name!r}.")
    return name if name in alike else alike[0]
