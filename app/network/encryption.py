"""How a server speaks https: one certificate for all its ways in, renewed while it runs."""

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from app.network.certificates import (
    Certificate,
    certificate_of_this_machine,
    encrypted_context,
    given_certificate,
)


def _now() -> datetime:
    return datetime.now(UTC)


class Encryption:
    """A certificate, and the context that all listeners of the server share.

    Raises:
        InvalidInput: `certificate_unreadable`.
    """

    def __init__(
        self,
        folder: Path,
        names: Sequence[str],
        *,
        own: tuple[Path, Path] | None = None,
        now: Callable[[], datetime] = _now,
    ) -> None:
        """Read or make the certificate.

        Args:
            folder: Where the certificate of this machine is kept.
            names: The names and addresses it must be for.
            own: Certificate and key that the person brought, instead of that of this machine.
            now: The time, for tests.
        """
        self._folder = folder
        self._now = now
        self._lock = threading.Lock()
        self.certificate: Certificate = (
            given_certificate(*own) if own else certificate_of_this_machine(folder, names, now())
        )
        self.context = encrypted_context(self.certificate.file, self.certificate.key)

    def cover(self, names: Sequence[str]) -> bool:
        """Renew a certificate of this machine where it lacks a name or ends soon.

        Who connects from now on is shown the new one. Answers whether there is one.
        """
        with self._lock:
            if self.certificate.own:
                return False
            found = certificate_of_this_machine(self._folder, names, self._now())
            if found == self.certificate:
                return False
            self.context.load_cert_chain(found.file, found.key, password="")
            self.certificate = found
            return True
