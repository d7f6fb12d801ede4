"""Browsers told to come over https only, where a certificate stands that they trust."""

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADER = "Strict-Transport-Security"
FOR_HALF_A_YEAR = "max-age=15552000"


class StrictTransport:
    """Adds the header to every answer. Not for a self-signed certificate: a browser that was told
    lets nobody past its warning any more.
    """

    def __init__(self, application: ASGIApp) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one connection on."""
        if scope["type"] != "http" or _is_localhost(scope):
            await self._application(scope, receive, send)
            return

        async def send_strict(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[HEADER] = FOR_HALF_A_YEAR
            await send(message)

        await self._application(scope, receive, send_strict)


def _is_localhost(scope: Scope) -> bool:
    # The name belongs to every server on the machine, and most of them speak http.
    return Headers(scope=scope).get("host", "").partition(":")[0].lower() == "localhost"
