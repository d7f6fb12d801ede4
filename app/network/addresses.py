"""Under which addresses other machines of this network find this one."""

import ipaddress
import socket
from collections.abc import Iterable

import ifaddr

LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")
"""What this machine calls itself."""

_SOMEWHERE_ELSE = ("192.0.2.1", 9)
"""An address of nobody (RFC 5737), to learn which of ours would be used to get out."""


def addresses_of_this_machine(*, near_only: bool = True) -> list[str]:
    """The addresses at which other machines can open this one, the likeliest first.

    With `near_only`, those that the whole Internet could reach are left out: a network of people
    who know each other was meant.
    """
    found = {_text(ip.ip) for adapter in ifaddr.get_adapters() for ip in adapter.ips}
    likeliest = _way_out()
    return sorted(
        (one for one in found if _is_for_others(one, near_only)),
        key=lambda one: (one != likeliest, ":" in one, ipaddress.ip_address(one)),
    )


def name_of_this_machine() -> str:
    """What others may call it, or an empty text where that is no name."""
    name = socket.gethostname().strip().rstrip(".").lower()
    plain = name.replace("-", "").replace(".", "")
    is_name = plain.isascii() and plain.isalnum() and not plain.isdigit()
    return name if is_name and name != "localhost" else ""


def is_loopback(host: str) -> bool:
    """Whether only this machine itself gets to an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def host_of(name: str, port: int, scheme: str) -> str:
    """What a browser writes into the Host header: the port of the scheme goes without saying."""
    written = f"[{name}]" if ":" in name else name
    return written if port == {"http": 80, "https": 443}[scheme] else f"{written}:{port}"


def without_repetition(names: Iterable[str]) -> list[str]:
    """The names in their order, each once, empty ones left out."""
    return list(dict.fromkeys(filter(None, names)))


def _text(ip: str | tuple[str, int, int]) -> str:
    return ip if isinstance(ip, str) else ip[0]


def _is_for_others(text: str, near_only: bool) -> bool:
    address = ipaddress.ip_address(text)
    if address.is_loopback or address.is_unspecified or address.is_multicast:
        return False
    # A browser cannot be told by which card a link-local IPv6 address is to be reached.
    if address.version == 6 and address.is_link_local:
        return False
    return not (near_only and address.is_global)


def _way_out() -> str:
    """The address from which this machine would speak to others; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(_SOMEWHERE_ELSE)
            return probe.getsockname()[0]
        except OSError:
            return ""
