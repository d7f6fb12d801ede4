"""What a role may do."""

from enum import StrEnum

from app.models import Role


class Action(StrEnum):
    """What a person can be about to do.

    `queue` is to add, edit, delete, start, stop and retry; `settings` are the studio's, not the
    person's own theme and language; `keys` are the providers'; `people` is to let others in and
    to change what they may; `tokens` are the person's own; `upkeep` is backups and health.
    """

    LOOK = "look"
    QUEUE = "queue"
    SETTINGS = "settings"
    KEYS = "keys"
    PEOPLE = "people"
    TOKENS = "tokens"
    UPKEEP = "upkeep"


_ALLOWED = {
    Role.ADMIN: frozenset(Action),
    Role.MEMBER: frozenset({Action.LOOK, Action.QUEUE, Action.TOKENS}),
    Role.VIEWER: frozenset({Action.LOOK}),
}


_BY_RIGHTS = (Role.VIEWER, Role.MEMBER, Role.ADMIN)


def lesser(one: Role, other: Role) -> Role:
    """The role with fewer rights."""
    return min(one, other, key=_BY_RIGHTS.index)


def may(role: Role | str, action: Action | str) -> bool:
    """Whether a role may do something; a role or an action that is not listed may not."""
    return action in _ALLOWED.get(role, frozenset())  # pyright: ignore[reportArgumentType, reportCallIssue] -- a str equals its enum
