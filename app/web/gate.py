"""The gate: the outermost layer, which http requests and sockets both pass.

It stands around the whole application, the framework's own layers included, so that nothing runs
for a request that is refused. Middleware added in the usual way would be inside of layers that the
framework adds later, and would not see sockets.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.auth.sessions import Principal, Sessions
from app.auth.tokens import Tokens
from app.errors import NotAllowed, NotFound, WhiskError
from app.web.answers import refused
from app.web.bearers import acting, read_bearer
from app.web.bodies import BodyLimit, check_length, limit_for
from app.web.cookies import read_cookie
from app.web.headers import with_security_headers
from app.web.links import safe_next
from app.web.places import Places
from app.web.strangers import Strangers, is_navigation

OwnsClient = Callable[[str, Principal], bool]
"""Whether a page, by its client id, was made for the session of a principal."""

SIGNED_OUT = 4401
"""Close code of a socket whose session is missing or has ended."""

_PUBLIC = frozenset({"/login", "/logout", "/auth", "/healthz", "/readyz", "/favicon.ico"})
_CLIENT = re.compile(r"/_nicegui/client/([^/]+)")


class Gate:
    """Lets in whom it should, and says who it is: `request.state.user` and `.principal`.

    Args:
        places: What the Host and Origin headers may be.
        asset_prefix: Where the framework's scripts and styles lie, `/_nicegui/3.18.0/`; they are
            the same for everybody and need no session.
        owns_client: Decides about addresses that belong to one page; None lets every session in.
    """

    def __init__(
        self,
        application: ASGIApp,
        *,
        sessions: Sessions,
        tokens: Tokens,
        places: Places,
        asset_prefix: str,
        owns_client: OwnsClient | None = None,
    ) -> None:
        self._application = application
        self._sessions = sessions
        self._tokens = tokens
        self._strangers = Strangers(places)
        self._assets = _asset_pattern(asset_prefix)
        self._owns_client = owns_client

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one connection on, or answer it."""
        if scope["type"] == "http":
            await self._http(scope, receive, with_security_headers(send))
        elif scope["type"] == "websocket":
            await self._socket(scope, receive, send)
        else:
            await self._application(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        limit = limit_for(scope["path"])
        bearer = read_bearer(scope)
        try:
            self._strangers.turn_away(scope, by_token=bearer is not None)
            check_length(Headers(scope=scope).get("content-length"), limit)
            if bearer is not None:
                principal = await self._program(bearer, scope)
            else:
                principal = await self._principal(read_cookie(scope))
            refusal = self._refusal(scope, principal)
            body = BodyLimit(_named(scope, principal), receive, send, limit)
        except WhiskError as error:
            await refused(error)(scope, receive, send)
            return
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        try:
            await body.run(self._application)
        except ClientDisconnect:
            # Whoever sent it has gone, or was cut off with an answer: nobody is left to tell.
            return

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        token = read_cookie(scope)
        try:
            self._strangers.turn_away(scope)
            principal = await self._principal(token)
            if principal is None:
                raise NotAllowed("not_signed_in")
        except WhiskError:
            await receive()
            await send({"type": "websocket.close", "code": SIGNED_OUT})
            return
        socket = _Socket(lambda: self._principal(token), receive, send)
        await self._application(_named(scope, principal), socket.receive, socket.send)

    async def _principal(self, token: str | None) -> Principal | None:
        if token is None:
            return None
        known = self._sessions.remembered(token)
        return known or await run_in_threadpool(self._sessions.resolve, token)

    async def _program(self, bearer: str, scope: Scope) -> Principal:
        principal = await run_in_threadpool(self._tokens.resolve, bearer)
        if principal is None:
            # Never the cookie instead: who shows a token means to be judged by it.
            raise WhiskError("token_refused")
        return replace(principal, user=acting(principal.user, scope))

    def _refusal(self, scope: Scope, principal: Principal | None) -> Response | None:
        if principal is not None:
            page = _CLIENT.match(scope["path"])
            if page and self._owns_client and not self._owns_client(page[1], principal):
                raise NotFound("not_found")
            return None
        if self._is_public(scope):
            return None
        if is_navigation(scope, Headers(scope=scope)):
            return RedirectResponse(_login_address(scope), 303, {"Cache-Control": "no-store"})
        raise WhiskError("not_signed_in")

    def _is_public(self, scope: Scope) -> bool:
        path: str = scope["path"]
        if path in _PUBLIC:
            return True
        only_reads = scope["method"] in ("GET", "HEAD")
        return only_reads and (path.startswith("/static/") or bool(self._assets.fullmatch(path)))


class _Socket:
    """One socket, closed as soon as its session has ended."""

    def __init__(self, principal: Callable[[], Any], receive: Receive, send: Send) -> None:
        self._principal = principal
        self._receive = receive
        self._send = send
        self._ended = False

    async def receive(self) -> Message:
        if self._ended:
            return {"type": "websocket.disconnect", "code": SIGNED_OUT}
        message = await self._receive()
        if message["type"] == "websocket.receive" and await self._principal() is None:
            self._ended = True
            await self._send({"type": "websocket.close", "code": SIGNED_OUT})
            return {"type": "websocket.disconnect", "code": SIGNED_OUT}
        return message

    async def send(self, message: Message) -> None:
        if not self._ended:
            await self._send(message)


def wrap(application: Starlette, gate: Callable[[ASGIApp], ASGIApp]) -> None:
    """Put a gate around everything an application is made of, now and later.

    A second call puts a second gate around the first.
    """
    build = application.build_middleware_stack

    def gated() -> ASGIApp:
        return gate(build())

    application.build_middleware_stack = gated
    application.middleware_stack = None


def _asset_pattern(prefix: str) -> re.Pattern[str]:
    # Only addresses that a route answers: for any other below the prefix the framework draws its
    # own page, which costs memory that a stranger should not be able to spend.
    folders = r"(?:(?:static|libraries|components)/.+|(?:resources|esm)/[^/]+/.*)"
    return re.compile(re.escape(prefix.rstrip("/")) + "/" + folders)


def _named(scope: Scope, principal: Principal | None) -> Scope:
    """The scope for the application: who it is, and no word of a proxy nobody configured."""
    state = dict(scope.get("state") or {})
    if principal is not None:
        state |= {"user": principal.user, "principal": principal}
    headers = [
        (name, value)
        for name, value in scope["headers"]
        if name != b"forwarded" and not name.startswith(b"x-forwarded-")
    ]
    return {**scope, "state": state, "headers": headers}


def _login_address(scope: Scope) -> str:
    query = scope["query_string"].decode("latin-1")
    wanted = safe_next(quote(scope["path"]) + (f"?{query}" if query else ""))
    return "/login" if wanted == "/" else f"/login?next={quote(wanted, safe='/')}"
