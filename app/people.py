"""The nouns about people: who calls, what they may, and how programs come in for them."""

from enum import StrEnum

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
    """

    id: str
    username: str
    display_name: str
    role: Role
    disabled: bool
    has_password: bool
    created_at: str


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
