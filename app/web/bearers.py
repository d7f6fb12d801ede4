"""The token that a program shows: `Authorization: Bearer whisk_...`."""

from dataclasses import replace

from starlette.datastructures import Headers
from starlette.types import Scope

from app.auth.roles import lesser
from app.models import ACTING_ROLE_HEADER, Role, UserInfo

_FOR_PROGRAMS = ("/api/", "/metrics", "/readyz")
MAX_TOKEN_CHARS = 200


def read_bearer(scope: Scope) -> str | None:
    """The token of a request to an address for programs; None where no token is shown.

    Pages and sockets know only sessions: there the header means nothing. An Authorization header
    of another kind, or two of them, is an empty token, which opens nothing.
    """
    if scope["type"] != "http" or not scope["path"].startswith(_FOR_PROGRAMS):
        return None
    shown = Headers(scope=scope).getlist("authorization")
    if not shown:
        return None
    kind, _, token = shown[0].partition(" ")
    if len(shown) > 1 or kind.lower() != "bearer" or len(token) > MAX_TOKEN_CHARS:
        return ""
    return token.strip()


def acting(user: UserInfo, scope: Scope) -> UserInfo:
    """The person of a token, with fewer rights where the program asks for fewer.

    A window on this studio sends the role of whoever sits in front of it; it can only take away.
    """
    wanted = Headers(scope=scope).get(ACTING_ROLE_HEADER, "")
    if not wanted:
        return user
    return replace(
        user, role=lesser(user.role, Role(wanted) if wanted in set(Role) else Role.VIEWER)
    )
