"""The nouns about people: who calls, what they may, and how programs come in for them."""

from enum import StrEnum
from typing import Any

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

_strict = ConfigDict(extra="forbid")


class Role(StrEnum):
    """What a person may do: an admin everything, a member their own rows, a viewer only look."""

    ADMIN = "admin"
    MEMBER = "member"
    VIEWER = "viewer"


@dataclass(frozen=True, config=_strict)
class UserInfo:
    """Who calls. Never carries a password or a token."""

    id: str
    username: str
    display_name: str = ""
    role: Role = Role.MEMBER


LOCAL_ADMIN = UserInfo(id="local", username="local", display_name="Local", role=Role.ADMIN)
"""Who a bare api object acts as, and whom the launch link signs in."""


ACTING_ROLE_HEADER = "whisk-acting-role"
"""With which a window on a distant studio says that less than its token's rights should count."""


@dataclass(frozen=True, config=_strict)
class UserAccount:
    """A person as those see them who let people in.

    Attributes:
        has_password: Whether the person can sign in with one.
        disabled: Whether the person is kept out; sessions and tokens with them.
        max_queued: Pending and running tasks that the person may have, or None.
        daily_limit: US dollars that the person may spend in a day, or None.
        spent_today: US dollars spent since midnight; what may have been charged counts.
    """

    id: str
    username: str
    display_name: str
    role: Role
    disabled: bool
    has_password: bool
    created_at: str
    max_queued: int | None = None
    daily_limit: float | None = None
    spent_today: float = 0


class Scope(StrEnum):
    """What a token lends of its owner's role: a look, a member's work, or all of it."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


@dataclass(frozen=True, config=_strict)
class TokenInfo:
    """A program's token; the token itself is shown once, when it is made.

    Attributes:
        prefix: How the token begins, so that it can be told from others.
        owner: Id of the person on whose behalf it acts.
        expires_at: When it ends by itself, or None.
        last_used_at: A minute late at most, or None.
    """

    id: str
    name: str
    scope: Scope
    prefix: str
    owner: str
    created_at: str
    expires_at: str | None = None
    last_used_at: str | None = None


@dataclass(frozen=True, config=_strict)
class SessionInfo:
    """A signed-in browser.

    Attributes:
        id: Tells it from others; of no use for signing in.
        kind: How it was opened: `password` or `launch`.
        owner: Id of the person.
        address: Where it was opened from.
        user_agent: What the browser calls itself.
        last_seen_at: A minute late at most.
        current: Whether it is the one that asks.
    """

    id: str
    kind: str
    owner: str
    owner_name: str
    address: str
    user_agent: str
    created_at: str
    last_seen_at: str
    expires_at: str
    current: bool = False


@dataclass(frozen=True, config=_strict)
class AuditEntry:
    """Something that an admin did, or that was spent.

    Attributes:
        user: Id of whoever did it, or for whom it was spent.
        action: `user.add`, `user.change`, `token.create`, `studio.change`, `key.set`, `spend`,
            `spend.uncertain` (it may have been charged), ...
        object_kind: What was acted on: `user`, `token`, `task`, `project`, ...
        details: More, by name.
        address: Where the call came from; empty for one of the machine itself.
    """

    id: int
    at: str
    user: str
    user_name: str
    action: str
    object_kind: str
    object_id: str
    details: dict[str, Any]
    address: str = ""


@dataclass(frozen=True, config=_strict)
class ProjectInfo:
    """A named group of tasks.

    Attributes:
        owner: Id of whoever made it; empty for the default project, which is everybody's.
        private: Whether only its owner and admins see what is in it.
    """

    id: str
    name: str
    owner: str
    private: bool
    created_at: str
