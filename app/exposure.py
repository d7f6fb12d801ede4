"""How far a server can be reached: what the command line says of it, then `WHISK_…`."""

import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Literal, TypeVar
from urllib.parse import urlsplit

from app.errors import InvalidInput

Network = IPv4Network | IPv6Network
HttpsChoice = Literal["off", "auto"]

_Part = TypeVar("_Part")

_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Exposure:
    """Who besides this machine may get in, and whether what they send is encrypted.

    Attributes:
        share: Whether other machines are let in from the start; None means as was chosen last.
        share_addresses: Addresses to share instead of all that are near.
        https: Whether the server speaks https.
        certificate: Certificate and key of the person's own; None means one of this machine.
        public_url: Address of the proxy in front of the server, or empty.
        trusted_proxies: From where that proxy comes.
    """

    share: bool | None = None
    share_addresses: tuple[str, ...] = ()
    https: bool = False
    certificate: tuple[Path, Path] | None = None
    public_url: str = ""
    trusted_proxies: tuple[Network, ...] = ()


@dataclass(frozen=True)
class SaidOfExposure:
    """What the command line says of it; None where it says nothing."""

    share: bool | None = None
    share_address: str | None = None
    https: HttpsChoice | None = None
    certificate: Path | None = None
    key: Path | None = None
    public_url: str | None = None
    trusted_proxies: str | None = None


def exposure_of(said: SaidOfExposure, environment: Mapping[str, str]) -> Exposure:
    """How far a run can be reached; a variable that is set to nothing counts as not set.

    Raises:
        InvalidInput: `invalid_value`, `option_needs_other`, `options_exclude`.
    """

    def variable(name: str) -> str:
        return environment.get(name, "").strip()

    certificate = said.certificate or _path(variable("WHISK_CERTIFICATE"))
    key = said.key or _path(variable("WHISK_KEY"))
    https = said.https or variable("WHISK_HTTPS") or None
    if https not in (None, "off", "auto"):
        raise _invalid("WHISK_HTTPS", https)
    public_url = said.public_url or variable("WHISK_PUBLIC_URL")
    proxies = said.trusted_proxies or variable("WHISK_TRUSTED_PROXIES")
    _both_or_none(("--certificate", certificate), ("--key", key))
    _both_or_none(("--public-url", public_url), ("--trusted-proxies", proxies))
    if certificate and https:
        raise InvalidInput(
            "options_exclude", field="https", option=f"--https {https}", other="--certificate"
        )
    return Exposure(
        share=_flag(variable("WHISK_SHARE")) if said.share is None else said.share,
        share_addresses=_list(
            "--share-address", said.share_address or variable("WHISK_SHARE_ADDRESS"), _address
        ),
        https=https == "auto" or certificate is not None,
        certificate=(certificate, key) if certificate and key else None,
        public_url=_origin(public_url) if public_url else "",
        trusted_proxies=_list("--trusted-proxies", proxies, _network),
    )


def _both_or_none(one: tuple[str, object], other: tuple[str, object]) -> None:
    for (name, value), (missing, absent) in ((one, other), (other, one)):
        if value and not absent:
            raise InvalidInput(
                "option_needs_other", field=name[2:].replace("-", "_"), option=name, other=missing
            )


def _path(text: str) -> Path | None:
    return Path(text).expanduser() if text else None


def _flag(text: str) -> bool | None:
    return text != "0" if text else None


def _list(name: str, text: str, read: Callable[[str], _Part]) -> tuple[_Part, ...]:
    try:
        return tuple(read(part.strip()) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise _invalid(name, text) from error


def _address(text: str) -> str:
    address = ipaddress.ip_address(text.strip("[]"))
    if address.is_unspecified or address.is_multicast:
        raise ValueError(text)
    return str(address)


def _network(text: str) -> Network:
    network = ipaddress.ip_network(text, strict=False)
    if network.prefixlen == 0:
        raise ValueError("everybody is no proxy")
    return network


def _origin(url: str) -> str:
    """The address of a proxy as a browser writes an origin."""
    try:
        parts = urlsplit(url.rstrip("/"))
        port = parts.port
    except ValueError as error:
        raise _invalid("--public-url", url) from error
    bare = not (parts.path or parts.query or parts.fragment or "@" in parts.netloc)
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or not bare:
        raise _invalid("--public-url", url)
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    is_default = port is None or port == _DEFAULT_PORTS[parts.scheme]
    return f"{parts.scheme}://{host}" + ("" if is_default else f":{port}")


def _invalid(name: str, value: str) -> InvalidInput:
    return InvalidInput("invalid_value", field=name, name=name, value=ascii(value)[:80])
