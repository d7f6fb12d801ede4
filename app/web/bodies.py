"""How much a request may carry."""

import re

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import WhiskError
from app.web.answers import refused

MB = 1024 * 1024
DEFAULT_LIMIT = MB
MAX_FILES = 20

_LIMITS = (
    (re.compile(r"/login|/logout|/auth"), 16 * 1024),
    (re.compile(r"/api/v1/references"), 26 * MB),
    (re.compile(r"/api/v1/tasks/import"), 12 * MB),
    (re.compile(r"/api/v1/tasks/bulk"), 64 * MB),
    (re.compile(r"/_nicegui/client/[^/]+/upload/.*"), 210 * MB),
)


def limit_for(path: str) -> int:
    """Bytes that a request to a path may carry."""
    for pattern, limit in _LIMITS:
        if pattern.fullmatch(path):
            return limit
    return DEFAULT_LIMIT


def check_length(declared: str | None, limit: int) -> None:
    """Refuse by Content-Length, before anything is read.

    Raises:
        WhiskError: `body_too_large`, `request_malformed`.
    """
    if declared is None:
        return
    if not (declared.isascii() and declared.isdigit()):
        raise WhiskError("request_malformed")
    if int(declared[:20]) > limit:
        raise too_large(limit)


def too_large(limit: int) -> WhiskError:
    """The failure of a request that carries too much."""
    return WhiskError(
        "body_too_large", limit=f"{limit // MB} MB" if limit >= MB else f"{limit // 1024} KB"
    )


class BodyLimit:
    """Counts the body of one request as it streams in, and cuts it off at the limit.

    Then the client hears 413 and the application that it has gone.
    """

    def __init__(self, scope: Scope, receive: Receive, send: Send, limit: int) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._limit = limit
        self._received = 0
        self._answering = False
        self._cut_off = False

    async def run(self, application: ASGIApp) -> None:
        """Let the application answer the request."""
        await application(self._scope, self._counted_receive, self._send_unless_cut_off)

    async def _counted_receive(self) -> Message:
        if self._cut_off:
            return {"type": "http.disconnect"}
        message = await self._receive()
        self._received += len(message.get("body", b""))
        if self._received <= self._limit:
            return message
        self._cut_off = True
        if not self._answering:
            await refused(too_large(self._limit))(self._scope, self._receive, self._send)
        return {"type": "http.disconnect"}

    async def _send_unless_cut_off(self, message: Message) -> None:
        if self._cut_off:
            return
        self._answering = True
        await self._send(message)
