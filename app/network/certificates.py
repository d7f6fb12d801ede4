"""Certificates for https: one that this machine signs for itself, or one of the person's own."""

import ipaddress
import os
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from app.errors import InvalidInput
from app.network.trust import reason

CERTIFICATE = "certificate.pem"
KEY = "certificate-key.pem"
GOOD_FOR = timedelta(days=397)
"""What browsers accept at most of certificates of our days."""

RENEWED_BEFORE = timedelta(days=30)
MOST_NAMES = 40


@dataclass(frozen=True)
class Certificate:
    """What a server shows, and the key that proves it.

    Attributes:
        fingerprint: SHA-256 in hex, in pairs with colons, as browsers show it.
        own: Whether the person brought it; else this machine signed it for itself.
        names: The names and addresses it is for.
        text: The certificate as PEM, without those that vouch for it.
    """

    file: Path
    key: Path
    fingerprint: str
    text: str
    own: bool
    names: tuple[str, ...]
    ends: datetime


def given_certificate(file: Path, key: Path) -> Certificate:
    """A certificate that the person brought, perhaps with the chain that vouches for it.

    Raises:
        InvalidInput: `certificate_unreadable`.
    """
    try:
        encrypted_context(file, key)
        return _read(file, key, own=True)
    except (OSError, ValueError, IndexError) as error:
        raise InvalidInput(
            "certificate_unreadable", field="certificate", file=file, reason=reason(error)
        ) from error


def certificate_of_this_machine(folder: Path, names: Sequence[str], now: datetime) -> Certificate:
    """The certificate in a folder; a new one where it lacks a name, or ends within a month.

    A new one keeps the names of the old: who comes home finds the certificate that is known there.
    """
    file, key = folder / CERTIFICATE, folder / KEY
    known: tuple[str, ...] = ()
    try:
        encrypted_context(file, key)
        kept = _read(file, key, own=False)
        if set(names) <= set(kept.names) and now < kept.ends - RENEWED_BEFORE:
            return kept
        known = kept.names
    except (OSError, ValueError, IndexError):
        pass  # there is none yet, or none that can be used
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _make(file, key, list(dict.fromkeys([*names, *known]))[:MOST_NAMES], now)
    return _read(file, key, own=False)


def encrypted_context(file: Path, key: Path) -> ssl.SSLContext:
    """What a server speaks https with.

    Raises:
        OSError: The files cannot be read, or do not belong together.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # Without a password nobody is asked on the terminal for one: a locked key is refused.
    context.load_cert_chain(file, key, password="")
    return context


def _read(file: Path, key: Path, *, own: bool) -> Certificate:
    certificate = x509.load_pem_x509_certificates(file.read_bytes())[0]
    return Certificate(
        file=file,
        key=key,
        fingerprint=certificate.fingerprint(hashes.SHA256()).hex(":").upper(),
        text=certificate.public_bytes(serialization.Encoding.PEM).decode(),
        own=own,
        names=_names(certificate),
        ends=certificate.not_valid_after_utc,
    )


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    addresses = map(str, found.get_values_for_type(x509.IPAddress))
    return (*found.get_values_for_type(x509.DNSName), *addresses)


def _make(file: Path, key_file: Path, names: Sequence[str], now: datetime) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Whisk Desktop")])
    public = key.public_key()
    who = x509.SubjectKeyIdentifier.from_public_key(public)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        # Clocks of a network differ.
        .not_valid_before(now.astimezone(UTC) - timedelta(days=1))
        .not_valid_after(now.astimezone(UTC) + GOOD_FOR)
        .add_extension(x509.SubjectAlternativeName([_written(name) for name in names]), False)
        # It vouches for itself and for nothing else, whoever comes to trust it.
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
        .add_extension(who, False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(who), False)
        .sign(key, hashes.SHA256())
    )
    _write(
        key_file,
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
    )
    _write(file, certificate.public_bytes(serialization.Encoding.PEM))


def _written(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _write(file: Path, content: bytes) -> None:
    """Replace a file by one that only this account may read."""
    new = file.with_name(f".{file.name}.{os.getpid()}")
    new.unlink(missing_ok=True)
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as writing:
        writing.write(content)
        writing.flush()
        os.fsync(writing.fileno())
    new.replace(file)
