"""A second way into an application that is already served: more addresses, opened while it runs."""

import asyncio
import contextlib
import errno
import os
import socket
import ssl
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from app.errors import Conflict

PORTS_TRIED = 20
STARTING_SECONDS = 10.0
SECONDS_TO_SAY_GOODBYE = 1.0
"""How long an answer that is on its way may take, once nobody else is let in."""


class Listener:
    """Serves an application on some addresses, in the event loop in which it already runs.

    It has to be that loop: pages and sockets of the application know no other.
    """

    def __init__(
        self,
        application: ASGIApp,
        loop: asyncio.AbstractEventLoop,
        sockets: Sequence[socket.socket],
        *,
        encrypted: ssl.SSLContext | None,
        options: Mapping[str, Any],
    ) -> None:
        """Only remembers.

        Args:
            application: What is served.
            loop: Where it is served.
            sockets: From `bind`.
            encrypted: With what https is spoken; None for http.
            options: More for `uvicorn.Config`.
        """
        config = uvicorn.Config(
            application,  # pyright: ignore[reportArgumentType] -- its own name for the same
            lifespan="off",  # it began and will end with the first way in
            ssl_context_factory=giving(encrypted) if encrypted else None,
            **options,
        )
        self._server = _Server(config)
        self._loop = loop
        self._sockets = sockets
        self._serving: asyncio.Future[None] | None = None
        self._goodbye: asyncio.Future[None] | None = None

    def open(self) -> None:
        """Serve; returns when connections are taken. From any thread but the loop's own."""
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(STARTING_SECONDS)

    async def _open(self) -> None:
        self._serving = asyncio.ensure_future(self._server.serve(list(self._sockets)))
        ready = asyncio.ensure_future(self._server.ready.wait())
        await asyncio.wait({self._serving, ready}, return_when=asyncio.FIRST_COMPLETED)
        if self._serving.done():
            ready.cancel()
            self._serving.result()

    def close(self) -> None:
        """Take no connection any more; returns at once, what is still open is dropped soon.

        From any thread but the loop's own. A second call does nothing.
        """
        if not self._loop.is_closed():
            asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(STARTING_SECONDS)

    async def _close(self) -> None:
        for server in self._server.servers:
            server.close()
        self._server.should_exit = True
        # Not awaited: whoever asks may have come in this way, and waits for an answer.
        self._goodbye = asyncio.ensure_future(self._drop())

    async def _drop(self) -> None:
        await asyncio.sleep(SECONDS_TO_SAY_GOODBYE)
        for connection in list(self._server.server_state.connections):
            transport: Any = connection.transport
            transport.abort()


def bind(addresses: Sequence[str], port: int) -> tuple[list[socket.socket], int]:
    """A socket for each address, all at one port: the wanted one or the next that is free.

    Raises:
        Conflict: `sharing_failed`.
    """
    number, last = port, min(port + PORTS_TRIED, 65_535)
    while True:
        try:
            return _bound(addresses, number), number
        except OSError as error:
            if number == last or not _is_taken(error):
                reason = error.strerror or str(error)
                raise Conflict(
                    "sharing_failed", address=", ".join(addresses), reason=reason
                ) from error
        number += 1


def _bound(addresses: Sequence[str], port: int) -> list[socket.socket]:
    with contextlib.ExitStack() as bound:
        sockets: list[socket.socket] = []
        for address in addresses:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            one = bound.enter_context(socket.socket(family, socket.SOCK_STREAM))
            if os.name == "posix":
                one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.bind((address, port))
            sockets.append(one)
        bound.pop_all()
    return sockets


def _is_taken(error: OSError) -> bool:
    return error.errno in (errno.EADDRINUSE, errno.EACCES)


def giving(context: ssl.SSLContext) -> Callable[..., ssl.SSLContext]:
    """A `ssl_context_factory` of uvicorn that makes nothing new."""

    def give(_config: uvicorn.Config, _default: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:
        return context

    return give


class _Server(uvicorn.Server):
    """One that leaves the signals of the process to the server that began it."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.servers: list[asyncio.base_events.Server] = []
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield
