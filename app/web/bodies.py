"""How much a request may carry, in how many parts, and how long it may take to arrive."""

import asyncio
import re

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import InvalidInput, WhiskError
from app.web.answers import refused

MB = 1024 * 1024
DEFAULT_LIMIT = MB
MAX_FILES = 20
MAX_PARTS = 2 * MAX_FILES
"""Files and fields of one form. Who reads the form is precise about both."""

PATIENCE_SECONDS = 20.0
SLOWEST_BYTES_PER_SECOND = 64 * 1024
"""A body may take the seconds above, and longer only as far as its size explains."""

_LIMITS = (
    (re.compile(r"/login|/logout|/auth"), 16 * 1024),
    (re.compile(r"/api/v1/references"), 26 * MB),
    (re.compile(r"/api/v1/tasks/import"), 12 * MB),
    (re.compile(r"/api/v1/tasks/bulk"), 64 * MB),
    (re.compile(r"/_nicegui/client/[^/]+/upload/.*"), 12 * MB),
)
_BOUNDARY = re.compile(r"boundary=(\"?)([\w'()+,./:=?-]{1,70})\1\s*(?:;|$)", re.IGNORECASE)
_NAMED = re.compile(r";\s*boundary", re.IGNORECASE)
"""The parameter in any spelling. Browsers write the word into its value as well."""


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

    Then the client hears why and the application that it has gone.

    Raises:
        WhiskError: `request_malformed`, when the parts of a form cannot be told apart.
    """

    def __init__(self, scope: Scope, receive: Receive, send: Send, limit: int) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._limit = limit
        self._seconds = PATIENCE_SECONDS + limit / SLOWEST_BYTES_PER_SECOND
        self._until: float | None = None
        self._parts = _parts(Headers(scope=scope).get("content-type", ""))
        self._received = 0
        self._whole = False
        self._answering = False
        self._cut_off = False

    async def run(self, application: ASGIApp) -> None:
        """Let the application answer the request."""
        await application(self._scope, self._counted_receive, self._send_unless_cut_off)

    async def _counted_receive(self) -> Message:
        if self._cut_off:
            return {"type": "http.disconnect"}
        try:
            message = await self._receive_in_time()
        except TimeoutError:
            return await self._cut(WhiskError("body_too_slow"))
        body = message.get("body", b"")
        self._whole = self._whole or not message.get("more_body")
        self._received += len(body)
        if self._received > self._limit:
            return await self._cut(too_large(self._limit))
        if self._parts is not None and self._parts.count(body) > MAX_PARTS:
            return await self._cut(InvalidInput("too_many_files", field="files", limit=MAX_FILES))
        return message

    async def _receive_in_time(self) -> Message:
        if self._whole:
            # What is left to come is that the client goes, and it may take all the time it likes.
            return await self._receive()
        if self._until is None:
            self._until = asyncio.get_running_loop().time() + self._seconds
        async with asyncio.timeout_at(self._until):
            return await self._receive()

    async def _cut(self, error: WhiskError) -> Message:
        self._cut_off = True
        if not self._answering:
            response = refused(error)
            # Whatever it would still send is not read.
            response.headers["Connection"] = "close"
            await response(self._scope, self._receive, self._send)
        return {"type": "http.disconnect"}

    async def _send_unless_cut_off(self, message: Message) -> None:
        if self._cut_off:
            return
        self._answering = True
        await self._send(message)


class _Parts:
    """Counts the parts of a form while it streams by."""

    def __init__(self, boundary: bytes) -> None:
        self._delimiter = b"\r\n--" + boundary
        # The first one stands at the very beginning, without a line end before it.
        self._tail = b"\r\n"
        self._seen = 0

    def count(self, chunk: bytes) -> int:
        """The parts so far; the mark of the end is not one, but is counted until it is read."""
        text = self._tail + chunk
        self._seen += text.count(self._delimiter)
        self._tail = text[-(len(self._delimiter) - 1) :]
        return self._seen - 1


def _parts(content_type: str) -> _Parts | None:
    if not content_type.strip().lower().startswith("multipart/"):
        return None
    found = _BOUNDARY.findall(content_type)
    if len(found) != 1 or len(_NAMED.findall(content_type)) != 1:
        raise WhiskError("request_malformed")
    return _Parts(found[0][1].encode())
