"""How the settings of a run become the ways into its server."""

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp

from app.network.addresses import (
    LOCAL_NAMES,
    addresses_of_this_machine,
    host_of,
    is_loopback,
    name_of_this_machine,
    without_repetition,
)
from app.network.encryption import Encryption
from app.settings import Settings
from app.web.listener import giving
from app.web.places import Places
from app.web.sharing import Served, Sharing


@dataclass(frozen=True)
class WayIn:
    """The names the gate answers to, the certificate, and the way in for other machines."""

    places: Places
    encryption: Encryption | None
    sharing: Sharing

    @property
    def is_vouched_for(self) -> bool:
        """Whether the certificate is one that browsers can trust by themselves."""
        return self.encryption is not None and self.encryption.certificate.own

    @property
    def shown(self) -> str:
        """File with the certificate that the server shows, or nothing for http."""
        return str(self.encryption.certificate.file) if self.encryption else ""

    @property
    def server_options(self) -> Mapping[str, Any]:
        """What the server on this machine itself needs to speak https; nothing for http."""
        if self.encryption is None:
            return {}
        certificate, context = self.encryption.certificate, self.encryption.context
        return {
            # The framework learns from the two names that it is https.
            "ssl_certfile": str(certificate.file),
            "ssl_keyfile": str(certificate.key),
            # One context for all listeners: a renewed certificate is shown by all.
            "ssl_context_factory": giving(context),
        }


def way_in(settings: Settings, application: ASGIApp, options: Mapping[str, Any]) -> WayIn:
    """The ways into an application; nothing is opened yet.

    Args:
        settings: Of this run.
        application: What is served.
        options: More for `uvicorn.Config` of a second listener.

    Raises:
        InvalidInput: `certificate_unreadable`.
    """
    exposure = settings.exposure
    outer = _names_for_others(settings.host)
    encryption = None
    if exposure.https:
        names = without_repetition(
            [*LOCAL_NAMES, name_of_this_machine(), *outer, *exposure.share_addresses,
             *addresses_of_this_machine()]
        )  # fmt: skip
        encryption = Encryption(settings.data, names, own=exposure.certificate)
    hosts = [
        host_of(name, settings.port, settings.scheme)
        for name in without_repetition([settings.host, *LOCAL_NAMES, *outer])
    ]
    served = Served(
        port=settings.port,
        chosen=exposure.share_addresses,
        fixed=[
            f"{settings.scheme}://{host_of(name, settings.port, settings.scheme)}" for name in outer
        ],
        public_url=exposure.public_url,
        options=options,
    )
    places = Places(hosts, settings.scheme, exposure.public_url)
    return WayIn(places, encryption, Sharing(application, places, served, encryption))


def _names_for_others(host: str) -> Sequence[str]:
    """What other machines call a server that listens on an address; nothing for one of our own."""
    if is_loopback(host):
        return ()
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return (host.lower(),)
    if not address.is_unspecified:
        return (host,)
    mine = addresses_of_this_machine(near_only=False)
    family = [one for one in mine if (":" in one) == (address.version == 6)]
    return without_repetition([*family, name_of_this_machine()])
