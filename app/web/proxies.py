"""A proxy in front of the server: believed about where a request comes from, if it is ours."""

import ipaddress
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from app.web.places import PROXIED

Network = IPv4Network | IPv6Network

_SOCKET_SCHEMES = {"http": "ws", "https": "wss"}


class Proxies:
    """Tells the gate who really asks, where a trusted proxy hands a request on.

    Only the address of the peer says whether it is trusted. What anybody else sends in
    `X-Forwarded-...` is dropped by the gate, as are all such headers once they are read.
    """

    def __init__(self, application: ASGIApp, trusted: Sequence[Network]) -> None:
        self._application = application
        self._trusted = trusted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one connection on."""
        if scope["type"] in ("http", "websocket"):
            scope = self._as_it_was_sent(scope)
        await self._application(scope, receive, send)

    def _as_it_was_sent(self, scope: Scope) -> Scope:
        headers = Headers(scope=scope)
        way = ",".join(headers.getlist("x-forwarded-for"))
        peer = scope.get("client")
        if not way or not peer or not self._is_trusted(peer[0]):
            return scope
        scheme = headers.getlist("x-forwarded-proto")[-1:] or [""]
        asked = scheme[0].rpartition(",")[2].strip().lower()
        if asked not in _SOCKET_SCHEMES:
            asked = "http"
        return {
            **scope,
            "client": (self._sender(way, peer[0]), 0),
            "scheme": asked if scope["type"] == "http" else _SOCKET_SCHEMES[asked],
            PROXIED: True,
        }

    def _sender(self, way: str, peer: str) -> str:
        """The last address that no trusted proxy of ours has; further left, anybody may lie."""
        sender = peer
        for hop in reversed(way.split(",")):
            address = _address(hop.strip())
            if address is None:
                return sender
            sender = str(address)
            if not self._is_trusted(sender):
                return sender
        return sender

    def _is_trusted(self, text: str) -> bool:
        address = _address(text)
        return address is not None and any(
            address in network for network in self._trusted if network.version == address.version
        )


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ipaddress.ip_address(text.strip("[]").partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if address.version == 6 else None
    return mapped or address
