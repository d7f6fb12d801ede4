"""The guard before every message of a socket: whose page it speaks for.

The framework lets anybody who knows the id of a page act as that page. The gate has already asked
whether a socket's session is good, with every message; here it is asked whether the page was made
for that session, and whether this very socket has shaken hands with it. Touches the framework's
inside: `tests/attacks/test_nicegui_guard.py` fails when that moves.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs

from nicegui import Client, background_tasks, core
from socketio.exceptions import ConnectionRefusedError as SocketRefused
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from pages.ownership import session_of

Handler = Callable[..., Any]

GUARDED = ("event", "javascript_response", "ack")
MESSAGE_OF_REFUSAL = "Implicit handshake failed"
"""What the framework's script answers with a reload of the page."""


def guard_sockets() -> None:
    """Put the guard before the framework's handlers; called once per process."""
    # The gate has compared the origin with its list; with none here no permission is sent either.
    core.sio.eio.cors_allowed_origins = []
    handlers: dict[str, Handler] = core.sio.handlers["/"]
    handlers["connect"] = _guarded_connect(handlers["connect"])
    handlers["handshake"] = _guarded_handshake(handlers["handshake"])
    for name in GUARDED:
        handlers[name] = _guarded(handlers[name])
    handlers["log"] = _drop
    core.sio.handle_request = _guarded_request(core.sio.handle_request)


def expel(socket_id: str) -> None:
    """Close a socket, and the connection under it, as soon as what was sent has left."""
    connection = core.sio.manager.eio_sid_from_sid(socket_id, "/")
    background_tasks.create(_close(socket_id, connection), name=f"expel {socket_id}")


async def _close(socket_id: str, connection: str | None) -> None:
    await core.sio.disconnect(socket_id)
    if connection:
        await core.sio.eio.disconnect(connection)


def _guarded_request(handler: Handler) -> Handler:
    """Polling goes on in requests of its own, and a socket may take over what polling began."""

    async def handle_request(scope: Scope, receive: Receive, send: Send) -> None:
        connection = _words(scope["query_string"].decode("latin-1")).get("sid", "")
        begun = core.sio.environ.get(connection)
        if begun is not None and _session(begun["asgi.scope"]) != _session(scope):
            await Response(status_code=403)(scope, receive, send)
            return
        await handler(scope, receive, send)

    return handle_request


def _guarded_connect(handler: Handler) -> Handler:
    async def connect(socket_id: str, environ: Any = None, *_: Any) -> Any:
        if environ is not core.sio.get_environ(socket_id):
            # An open socket can send a message of this name, with an environment it made up.
            return False
        wanted = _words(environ.get("QUERY_STRING", ""))
        if wanted.get("implicit_handshake") == "true":
            client = Client.instances.get(wanted.get("client_id", ""))
            if client is None or not _may_join(socket_id, client, wanted):
                raise SocketRefused(MESSAGE_OF_REFUSAL)
        return await handler(socket_id, environ)

    return connect


def _guarded_handshake(handler: Handler) -> Handler:
    async def handshake(socket_id: str, *sent: Any) -> bool:
        message = _only_message(sent)
        client = Client.instances.get(message["client_id"])
        if client is None:
            # The server was started anew: told so, the page fetches itself again.
            return False
        if not _may_join(socket_id, client, message):
            expel(socket_id)
            return False
        return await handler(socket_id, message)

    return handshake


def _guarded(handler: Handler) -> Handler:
    async def guarded(socket_id: str, *sent: Any) -> None:
        message = _only_message(sent)
        client = Client.instances.get(message["client_id"])
        if client is None:
            return
        if not _is_joined(socket_id, client):
            expel(socket_id)
            return
        # What a page's own handler raises is caught and logged by the framework before it gets
        # here; what is left is a message whose parts are not what they should be.
        with suppress(LookupError, TypeError, ValueError):
            handler(socket_id, message)

    return guarded


async def _drop(*_: Any) -> None:
    """What a browser would write into the log of the server, line ends and colours included."""
    await asyncio.sleep(0)


def _may_join(socket_id: str, client: Client, message: Mapping[str, Any]) -> bool:
    number = message.get("next_message_id")
    return (
        _is_of_its_session(socket_id, client)
        and isinstance(message.get("tab_id"), str)
        and isinstance(message.get("document_id"), str)
        and isinstance(message.get("old_tab_id"), str | None)
        and (number is None or str(number).isdecimal())
    )


def _is_joined(socket_id: str, client: Client) -> bool:
    return socket_id in client._socket_to_document_id and _is_of_its_session(socket_id, client)


def _is_of_its_session(socket_id: str, client: Client) -> bool:
    environ = core.sio.get_environ(socket_id) or {}
    session = _session(environ.get("asgi.scope", {}))
    return session is not None and session == session_of(client)


def _session(scope: Mapping[str, Any]) -> str | None:
    principal = scope.get("state", {}).get("principal")
    return principal.session_id if principal is not None else None


def _words(query: str) -> dict[str, str]:
    # Of a word that is there twice the first counts, as it does for the framework.
    return {name: values[0] for name, values in parse_qs(query).items()}


def _only_message(sent: tuple[Any, ...]) -> dict[str, Any]:
    """The one message of an event, with a page's id in it; an empty id where there is none."""
    message = sent[0] if len(sent) == 1 and isinstance(sent[0], dict) else {}
    named = isinstance(message.get("client_id"), str)
    return message if named else {**message, "client_id": ""}
