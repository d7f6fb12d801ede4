"""What a studio asks of whoever serves it: to be open to other machines, or closed."""

from typing import Protocol

from app.sharing import SharingInfo


class Outside(Protocol):
    """The way in for other machines. Every method may be called from any thread."""

    def state(self) -> SharingInfo:
        """How it stands now; `wanted` and `needs_password` are not known here."""
        ...

    def open(self) -> None:
        """Let other machines in. A second call does nothing.

        Raises:
            Conflict: `sharing_failed`, `sharing_no_address`.
        """
        ...

    def close(self) -> None:
        """Let no other machine in any more, and drop their connections.

        A second call does nothing.
        """
        ...


class Unserved:
    """Nobody serves the studio: no machine gets in, this one neither."""

    def state(self) -> SharingInfo:
        """See `Outside.state`."""
        return SharingInfo()

    def open(self) -> None:
        """See `Outside.open`."""

    def close(self) -> None:
        """See `Outside.close`."""
