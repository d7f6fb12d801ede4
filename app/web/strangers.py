"""Which requests come from elsewhere: other names, other origins, other sites.

Host and Origin are compared with the lists of `app/web/places.py` and never with each other,
because after DNS rebinding both are the attacker's.
"""

import re

from starlette.datastructures import Headers
from starlette.types import Scope

from app.errors import NotAllowed, NotFound, WhiskError
from app.web.places import Places

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

_BEHIND_PAGES = ("/api/", "/_nicegui")
_ODD_PATH = re.compile(r"[\x00-\x1f\x7f\\]|(^|/)\.\.(/|$)")


class Strangers:
    """Tells requests of our own pages from those of others.

    Args:
        places: What Host and Origin may be.
    """

    def __init__(self, places: Places) -> None:
        self._places = places

    def turn_away(self, scope: Scope, *, by_token: bool = False) -> None:
        """Refuse what is not meant for us or not sent by us.

        A program that shows a token and no cookie need not name an origin: no browser sends the
        header by itself, so nobody can be tricked into it.

        Raises:
            WhiskError: `host_unknown`.
            NotFound: `not_found`, for a path that nothing of ours has.
            NotAllowed: `origin_refused`.
        """
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1 or hosts[0].lower() not in self._places.of(scope).hosts:
            raise WhiskError("host_unknown")
        if _ODD_PATH.search(scope["path"]):
            raise NotFound("not_found")
        program = by_token and "cookie" not in headers
        if not (self._origin_is_ours(scope, headers, program) and _site_is_ours(scope, headers)):
            raise NotAllowed("origin_refused")

    def _origin_is_ours(self, scope: Scope, headers: Headers, program: bool) -> bool:
        origins = headers.getlist("origin")
        if origins:
            ours = self._places.of(scope).origins
            return all(origin.lower() in ours for origin in origins)
        site = headers.get("sec-fetch-site")
        if site is not None:
            return not _must_be_ours(scope) or site in ("same-origin", "none")
        # Browsers name the origin whenever they open a socket or send something; on plain http
        # they say nothing at all when our own page only reads.
        return scope["type"] == "http" and (program or scope["method"] in SAFE_METHODS)


def is_navigation(scope: Scope, headers: Headers) -> bool:
    """Whether a person is opening a page, as far as the request tells."""
    return (
        scope["type"] == "http"
        and scope["method"] in ("GET", "HEAD")
        and "text/html" in headers.get("accept", "")
        and not scope["path"].startswith(_BEHIND_PAGES)
    )


def _must_be_ours(scope: Scope) -> bool:
    return (
        scope["type"] == "websocket"
        or scope["path"].startswith("/_nicegui_ws")
        or scope["method"] not in SAFE_METHODS
    )


def _site_is_ours(scope: Scope, headers: Headers) -> bool:
    if headers.get("sec-fetch-site") not in ("cross-site", "same-site"):
        return True
    # A link in a chat message must work, but it opens a page in a tab and nothing else.
    return (
        is_navigation(scope, headers)
        and headers.get("sec-fetch-mode") == "navigate"
        and headers.get("sec-fetch-dest") == "document"
    )
