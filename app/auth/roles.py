"""What a role may do."""

from enum import StrEnum

from app.models import Role


class Action(StrEnum):
    """What a person can be about to do.

    `queue` is to add, edit, delete, start, stop and retry; `settings` are the studio's, not the
    person's own theme and language; `keys` are the providers'.
    """

    LOOK = "look"
    QUEUE = "queue"
    SETTINGS = "settings"
    KEYS = "keys"


_ALLOWED = {
    Role.ADMIN: frozenset({Action.LOOK, Action.QUEUE, Action.SETTINGS, Action.KEYS}),
    Role.MEMBER: frozenset({Action.LOOK, Action.QUEUE}),
    Role.VIEWER: frozenset({Action.LOOK}),
}


def may(role: Role | str, action: Action | str) -> bool:
    """Whether a role may do something; a role or an action that is not listed may not."""
    return action in _ALLOWED.get(role, frozenset())  # pyright: ignore[reportArgumentType, reportCallIssue] -- a str equals its enum
