"""The Content-Security-Policy of the pages, and the nonce that makes their own scripts run.

The framework compiles templates in the browser, so `'unsafe-eval'` must stay; inline scripts run
only with a nonce of this very answer, and attributes such as `onerror=` never run. It has to see
the HTML before it is compressed, so it is an inner layer, unlike the gate; and because the page of
an unexpected error is made outside of all inner layers, it stands there a second time.
"""

import re
import secrets

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PAGE_MARK = ("x-nicegui-content", "page")
"""The header by which the framework marks HTML that it has made itself."""

# Whole elements, so that the word inside a script or a template is left alone.
_SCRIPT = re.compile(rb"<script(?=[\s>])([^>]*>.*?</script>)", re.DOTALL | re.IGNORECASE)


class PagePolicy:
    """Gives every page of the framework its policy; all other answers pass as they are."""

    def __init__(self, app: ASGIApp) -> None:
        self._application = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one connection on."""
        if scope["type"] == "http":
            send = _Page(scope, send).send
        await self._application(scope, receive, send)


class _Page:
    """One answer, held back until it is whole if it is a page."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._scope = scope
        self._send = send
        self._start: Message | None = None
        self._body = bytearray()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_page(message):
            self._start = message
        elif message["type"] == "http.response.body" and self._start is not None:
            self._body += message.get("body", b"")
            if not message.get("more_body"):
                await self._send_page(self._start)
        else:
            await self._send(message)

    async def _send_page(self, start: Message) -> None:
        self._start = None
        nonce = secrets.token_urlsafe(18)
        html = with_nonce(bytes(self._body), nonce)
        headers = MutableHeaders(scope=start)
        headers["Content-Security-Policy"] = page_policy(nonce, _socket_origin(self._scope))
        if self._body:
            headers["Content-Length"] = str(len(html))
        await self._send(start)
        await self._send({"type": "http.response.body", "body": html})


def with_nonce(html: bytes, nonce: str) -> bytes:
    """The page with the nonce in each of its script elements.

    Only for HTML whose every piece of data is escaped: what stands there as an element may run.
    """
    return _SCRIPT.sub(rb'<script nonce="' + nonce.encode() + rb'"\1', html)


def page_policy(nonce: str, socket_origin: str) -> str:
    """The policy of one answer; `socket_origin` is where its socket may go, or empty."""
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' 'nonce-{nonce}' 'unsafe-eval'",
            "script-src-attr 'none'",
            # Components set styles on their elements by the hundred.
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            f"connect-src 'self' {socket_origin}".rstrip(),
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


def _is_page(start: Message) -> bool:
    name, value = PAGE_MARK
    headers = Headers(raw=start["headers"])
    is_html = headers.get("content-type", "").startswith("text/html")
    is_done = "content-security-policy" in headers or "content-encoding" in headers
    return is_html and headers.get(name) == value and not is_done


def _socket_origin(scope: Scope) -> str:
    # The gate has compared the name with its list. An IPv6 address cannot be written in a policy;
    # there `'self'` has to do, which in older browsers does not include sockets.
    host = Headers(scope=scope).get("host", "")
    if not re.fullmatch(r"[\w.-]+(:\d+)?", host):
        return ""
    return f"{'wss' if scope.get('scheme') == 'https' else 'ws'}://{host}"
