"""The cookie that holds a session's token."""

import re

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Scope

SESSION_COOKIE = "whisk_session"
STAY_SECONDS = 30 * 24 * 3600

_TOKEN = re.compile(r"[A-Za-z0-9_-]{20,100}")


def is_encrypted(scope: Scope) -> bool:
    """Whether the request came over https or wss."""
    return scope.get("scheme") in ("https", "wss")


def cookie_name(scope: Scope, name: str = SESSION_COOKIE) -> str:
    """Over https a name that no other host and no plain http page can plant."""
    return f"__Host-{name}" if is_encrypted(scope) else name


def read_cookie(scope: Scope, name: str = SESSION_COOKIE) -> str | None:
    """A token in the request's cookies, or None where there is none or it cannot be one."""
    # By hand: the standard parser gives up at the first odd cookie of a neighbour on another port.
    wanted = cookie_name(scope, name)
    for crumb in ";".join(Headers(scope=scope).getlist("cookie")).split(";"):
        key, _, value = crumb.strip().partition("=")
        if key == wanted and _TOKEN.fullmatch(value):
            return value
    return None


def set_cookie(
    response: Response, scope: Scope, token: str, *, name: str = SESSION_COOKIE, stay: bool = False
) -> None:
    """Hand a token to the browser, out of reach of scripts; `stay` outlives the browser."""
    response.set_cookie(
        cookie_name(scope, name),
        token,
        max_age=STAY_SECONDS if stay else None,
        path="/",
        secure=is_encrypted(scope),
        httponly=True,
        samesite="lax",
    )


def drop_cookie(response: Response, scope: Scope, name: str = SESSION_COOKIE) -> None:
    """Make the browser forget a token."""
    response.delete_cookie(
        cookie_name(scope, name),
        path="/",
        secure=is_encrypted(scope),
        httponly=True,
        samesite="lax",
    )
