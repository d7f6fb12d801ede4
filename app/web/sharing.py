"""The way in for other machines, as the server that runs here can open and close it."""

import asyncio
import logging
import ssl
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.types import ASGIApp

from app.errors import Conflict
from app.network.addresses import (
    LOCAL_NAMES,
    addresses_of_this_machine,
    host_of,
    name_of_this_machine,
    without_repetition,
)
from app.network.encryption import Encryption
from app.sharing import SharingInfo
from app.web.listener import Listener, bind
from app.web.places import Places

log = logging.getLogger(__name__)

SECONDS_BETWEEN_LOOKS = 15.0
"""How late it is noticed that this machine has joined another network."""


@dataclass(frozen=True)
class Served:
    """How the application is served on this machine itself.

    Attributes:
        port: Where; shared addresses get the same port if it is free there.
        chosen: Addresses to share; none means all that are near.
        fixed: Addresses, as browsers take them, at which others reach it whatever is switched.
        public_url: Address of the proxy in front, or empty.
        options: More for `uvicorn.Config`.
    """

    port: int
    chosen: Sequence[str] = ()
    fixed: Sequence[str] = ()
    public_url: str = ""
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True)
class _Opened:
    listener: Listener
    addresses: list[str]
    port: int


class Sharing:
    """An `Outside`: a second listener, and the names that the gate answers to."""

    def __init__(
        self, application: ASGIApp, places: Places, served: Served, encryption: Encryption | None
    ) -> None:
        self._application = application
        self._places = places
        self._served = served
        self._encryption = encryption
        self._lock = threading.RLock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_wanted = False
        self._opened: _Opened | None = None

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Work in the event loop in which the application is served; comes before `open`."""
        self._loop = loop

    def state(self) -> SharingInfo:
        """See `Outside.state`."""
        # Without the lock: it is held while the event loop works, which may want to know this.
        opened = self._opened
        addresses = [*self._served.fixed, *(self._urls(opened) if opened else [])]
        certificate = self._encryption.certificate if self._encryption else None
        return SharingInfo(
            on=bool(addresses),
            fixed=bool(self._served.fixed),
            addresses=addresses,
            public_url=self._served.public_url,
            https="off" if certificate is None else "own" if certificate.own else "self_signed",
            fingerprint=certificate.fingerprint if certificate else "",
            certificate=certificate.text if certificate else "",
        )

    def open(self) -> None:
        """See `Outside.open`."""
        if self._served.fixed:
            return
        with self._lock:
            if self._opened is None:
                self._listen(self._addresses())
            self._is_wanted = True

    def close(self) -> None:
        """See `Outside.close`."""
        with self._lock:
            self._is_wanted = False
            self._stop()

    def _stop(self) -> None:
        opened, self._opened = self._opened, None
        self._places.share(())
        if opened is not None:
            opened.listener.close()
            log.info("sharing ended")

    async def follow(self) -> None:
        """Move along when this machine joins another network; runs as long as the server does."""
        while True:
            await asyncio.sleep(SECONDS_BETWEEN_LOOKS)
            await asyncio.to_thread(self.look)

    def look(self) -> None:
        """Listen where this machine is now, if it is shared; renew a certificate that ends."""
        with self._lock:
            found = self._found()
            here = self._opened.addresses if self._opened else []
            if self._is_wanted and found != here:
                self._stop()
                if found:
                    self._move(found)
            elif self._encryption is not None:
                self._encryption.cover(self._encryption.certificate.names)

    def _move(self, found: list[str]) -> None:
        try:
            self._listen(found)
        except Conflict as error:
            # The next look tries again.
            log.warning("sharing is interrupted: %s", error)

    def _listen(self, addresses: list[str]) -> None:
        assert self._loop is not None, "attach comes first"
        sockets, port = bind(addresses, self._served.port)
        context: ssl.SSLContext | None = None
        if self._encryption is not None:
            self._encryption.cover([*LOCAL_NAMES, *self._names(addresses)])
            context = self._encryption.context
        listener = Listener(
            self._application,
            self._loop,
            sockets,
            encrypted=context,
            options=self._served.options,
        )
        listener.open()
        self._opened = _Opened(listener, addresses, port)
        self._places.share(host_of(name, port, self._scheme) for name in self._names(addresses))
        log.info("sharing begun", extra={"addresses": addresses, "port": port})

    def _addresses(self) -> list[str]:
        found = self._found()
        if not found:
            raise Conflict("sharing_no_address")
        return found

    def _found(self) -> list[str]:
        return list(self._served.chosen) or addresses_of_this_machine()

    def _names(self, addresses: Sequence[str]) -> list[str]:
        return without_repetition([*addresses, name_of_this_machine()])

    def _urls(self, opened: _Opened) -> list[str]:
        return [
            f"{self._scheme}://{host_of(name, opened.port, self._scheme)}"
            for name in self._names(opened.addresses)
        ]

    @property
    def _scheme(self) -> str:
        return "https" if self._encryption else "http"
