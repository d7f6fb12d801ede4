"""Under which names the server is asked for: what the Host and Origin headers may be."""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.types import Scope

PROXIED = "whisk.proxied"
"""Key of a scope that a trusted proxy has handed on."""


@dataclass(frozen=True)
class Names:
    """What a rightful request says of where it goes, and of where it comes from."""

    hosts: frozenset[str]
    origins: frozenset[str]


class Places:
    """The lists of the gate; what is shared can be added and taken away while the server runs."""

    def __init__(self, hosts: Iterable[str], scheme: str = "http", public_url: str = "") -> None:
        """Begin with the names that always count.

        Args:
            hosts: Names with their ports, as a browser writes them: `127.0.0.1:8080`.
            scheme: `http` or `https`; how the server itself speaks.
            public_url: Address of the proxy in front of the server; the only one that counts for
                what comes through it.
        """
        self._scheme = scheme
        self._own = frozenset(host.lower() for host in hosts)
        self._direct = _names(self._own, scheme)
        public = urlsplit(public_url)
        self._public_scheme = public.scheme
        self._public = _names({public.netloc} if public_url else (), public.scheme)

    def share(self, hosts: Iterable[str]) -> None:
        """From now on answer to these names too, instead of those shared before."""
        # One assignment: a request sees the old list or the new one.
        self._direct = _names(self._own.union(host.lower() for host in hosts), self._scheme)

    def of(self, scope: Scope) -> Names:
        """The names that count for one request."""
        if not scope.get(PROXIED):
            return self._direct
        scheme = {"ws": "http", "wss": "https"}.get(scope["scheme"], scope["scheme"])
        # Encrypted as far as the proxy, or not, as the address that people were given says.
        return self._public if scheme == self._public_scheme else _NOWHERE


def _names(hosts: Iterable[str], scheme: str) -> Names:
    return Names(frozenset(hosts), frozenset(f"{scheme}://{host}" for host in hosts))


_NOWHERE = _names((), "")
