"""What a client speaks https with that knows one server by its certificate."""

import ssl
from pathlib import Path

from app.errors import InvalidInput


def trusting(file: Path) -> ssl.SSLContext:
    """A context that takes one certificate, or what its issuer signed, and no other.

    Raises:
        InvalidInput: `certificate_unreadable`.
    """
    try:
        return ssl.create_default_context(cafile=file)
    except OSError as error:
        raise InvalidInput(
            "certificate_unreadable", field="server_certificate", file=file, reason=reason(error)
        ) from error


def reason(error: Exception) -> str:
    """Why a file is no good, in a few words."""
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__)[:200]
