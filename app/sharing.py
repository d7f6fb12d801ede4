"""The nouns of sharing: how other machines reach the studio, and who is there."""

from dataclasses import field
from typing import Literal

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

_strict = ConfigDict(extra="forbid")

Https = Literal["off", "self_signed", "own"]
"""Whether what goes over the network is encrypted, and who vouches for the certificate."""


@dataclass(frozen=True, config=_strict)
class SharingInfo:
    """Whether other machines reach the studio, and how.

    Attributes:
        on: Whether the studio is open to other machines now.
        wanted: What was chosen last; where nobody serves the studio, it counts from the next start.
        fixed: Whether the start of the server decided it, so that nobody can switch it here.
        needs_password: Whether nobody may be let in yet: no admin has a password.
        addresses: Where it is open, as a browser takes them, the likeliest first.
        public_url: Address of the proxy in front of it, or empty.
        fingerprint: SHA-256 of the certificate, or empty where there is none.
        certificate: The certificate itself, as PEM, for others to know the server by.
    """

    on: bool = False
    wanted: bool = False
    fixed: bool = False
    needs_password: bool = False
    addresses: list[str] = field(default_factory=list[str])
    public_url: str = ""
    https: Https = "off"
    fingerprint: str = ""
    certificate: str = ""

    @property
    def can_be_overheard(self) -> bool:
        """Whether passwords travel over the network as they are typed."""
        return (self.on and self.https == "off") or self.public_url.startswith("http:")


@dataclass(frozen=True, config=_strict)
class PersonPresence:
    """Somebody who has a page open, or tasks in the queue.

    Attributes:
        online: Whether the person has a page open.
        since: When the first of the open pages was opened, or None.
        addresses: From where; for admins only.
        tasks: How many tasks of theirs are in the queue, by status; those that are none left out.
    """

    user_id: str
    name: str
    online: bool = False
    since: str | None = None
    addresses: list[str] = field(default_factory=list[str])
    tasks: dict[str, int] = field(default_factory=dict[str, int])
