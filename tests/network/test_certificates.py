"""Certificates: made, kept, renewed, brought, and trusted by their file alone."""

import socket
import ssl
import stat
import threading
from datetime import UTC, datetime, timedelta

import pytest

from app.errors import InvalidInput
from app.network.certificates import (
    CERTIFICATE,
    GOOD_FOR,
    KEY,
    certificate_of_this_machine,
    given_certificate,
)
from app.network.encryption import Encryption
from app.network.trust import trusting

NAMES = ["localhost", "studio", "127.0.0.1", "10.0.0.7", "fd00::5"]
NOW = datetime.now(UTC)


def made(folder, names=NAMES, now=NOW):
    return certificate_of_this_machine(folder, names, now)


def shown(context, trusted, name="localhost"):
    """The fingerprint a client sees that trusts one file; raises what the client would."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve():
            connection, _ = listening.accept()
            try:
                context.wrap_socket(connection, server_side=True).close()
            except OSError:
                connection.close()

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            with (
                socket.create_connection(listening.getsockname()) as connection,
                trusting(trusted).wrap_socket(connection, server_hostname=name) as line,
            ):
                certificate = line.getpeercert(binary_form=True)
        finally:
            thread.join()
    return certificate


def test_it_is_made_once_for_every_name_and_readable_by_nobody_else(tmp_path):
    first = made(tmp_path / "data")
    again = made(tmp_path / "data")

    assert again == first
    assert set(first.names) == set(NAMES)
    assert not first.own
    assert len(first.fingerprint.split(":")) == 32
    for name in (CERTIFICATE, KEY):
        assert stat.S_IMODE((tmp_path / "data" / name).stat().st_mode) == 0o600


def test_fewer_names_need_no_new_one(tmp_path):
    first = made(tmp_path)

    assert made(tmp_path, ["localhost"]) == first


def test_a_new_address_needs_a_new_one_that_keeps_the_old_names(tmp_path):
    first = made(tmp_path)
    away = made(tmp_path, ["localhost", "192.168.7.7"])
    home = made(tmp_path)

    assert away.fingerprint != first.fingerprint
    assert home == away


def test_it_is_renewed_a_month_before_it_ends(tmp_path):
    first = made(tmp_path)
    end = NOW + GOOD_FOR

    assert made(tmp_path, now=end - timedelta(days=31)) == first
    renewed = made(tmp_path, now=end - timedelta(days=29))
    assert renewed.fingerprint != first.fingerprint
    assert renewed.ends > first.ends


@pytest.mark.parametrize("spoiled", [CERTIFICATE, KEY])
def test_damaged_files_are_replaced(tmp_path, spoiled):
    first = made(tmp_path)
    (tmp_path / spoiled).write_bytes(b"-----BEGIN NOTHING-----")

    assert made(tmp_path).fingerprint != first.fingerprint


def test_a_key_of_another_certificate_is_replaced(tmp_path):
    made(tmp_path / "a")
    made(tmp_path / "b")
    (tmp_path / "b" / KEY).write_bytes((tmp_path / "a" / KEY).read_bytes())

    Encryption(tmp_path / "b", NAMES)


def test_who_has_the_file_trusts_it_and_no_other(tmp_path):
    ours, other = Encryption(tmp_path / "ours", NAMES), made(tmp_path / "other")

    for name in ("localhost", "127.0.0.1", "fd00::5", "studio"):
        assert shown(ours.context, ours.certificate.file, name)
    with pytest.raises(ssl.SSLCertVerificationError):
        shown(ours.context, other.file)
    with pytest.raises(ssl.SSLCertVerificationError):
        shown(ours.context, ours.certificate.file, "elsewhere")


def test_a_running_server_shows_the_new_certificate_to_who_comes_next(tmp_path):
    encryption = Encryption(tmp_path, ["localhost"])
    before = shown(encryption.context, encryption.certificate.file)

    assert encryption.cover(["localhost"]) is False
    assert encryption.cover(["localhost", "10.0.0.7"]) is True
    after = shown(encryption.context, encryption.certificate.file)

    assert before != after
    assert "10.0.0.7" in encryption.certificate.names


def test_a_certificate_of_ones_own_is_taken_as_it_is(tmp_path):
    brought = made(tmp_path / "brought")
    encryption = Encryption(tmp_path / "data", ["studio.example"], own=(brought.file, brought.key))

    assert encryption.certificate.own
    assert encryption.certificate.fingerprint == brought.fingerprint
    assert encryption.cover(["10.0.0.99"]) is False
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("spoil", ["absent", "damaged", "swapped"])
def test_a_certificate_that_cannot_be_used_is_refused_with_its_reason(tmp_path, spoil):
    brought = made(tmp_path)
    file, key = brought.file, brought.key
    if spoil == "absent":
        file = tmp_path / "absent.pem"
    elif spoil == "damaged":
        file.write_bytes(b"no certificate")
    else:
        key.write_bytes((made(tmp_path / "other").key).read_bytes())

    with pytest.raises(InvalidInput) as refused:
        given_certificate(file, key)

    assert refused.value.code == "certificate_unreadable"
    assert refused.value.params["reason"]
