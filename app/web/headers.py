"""What every answer tells the browser about handling it.

Each kind of content has its policy: media and the login page set theirs here. The pages' own
policy needs a nonce inside their HTML, so it belongs where that HTML is made; whatever an answer
already says about itself is left as it is.
"""

from starlette.datastructures import MutableHeaders
from starlette.types import Message, Send

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}

MEDIA_POLICY = "default-src 'none'; sandbox"
"""Content-Security-Policy of a picture: even opened by itself it can run and fetch nothing."""

LOGIN_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
"""Content-Security-Policy of the login page: no script at all."""


def with_security_headers(send: Send) -> Send:
    """The same `send`, adding the headers above to the start of an answer."""

    async def send_guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in SECURITY_HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return send_guarded
