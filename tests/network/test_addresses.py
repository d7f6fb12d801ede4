"""Which addresses of this machine are shared, and how they are written."""

from types import SimpleNamespace

import pytest

from app.network import addresses
from app.network.addresses import addresses_of_this_machine, host_of, is_loopback


def cards(*found):
    """The network cards of a machine, as `ifaddr` tells them."""
    return lambda: [SimpleNamespace(ips=[SimpleNamespace(ip=ip) for ip in found])]


def test_what_is_near_is_shared_and_what_the_internet_reaches_is_not(monkeypatch):
    monkeypatch.setattr(
        addresses.ifaddr,
        "get_adapters",
        cards(
            "127.0.0.1", "192.168.1.5", "10.0.0.7", "100.100.1.2", "8.8.8.8",
            ("::1", 0, 0), ("fd00::5", 0, 0), ("2a00:1450::5", 0, 0), ("fe80::5", 0, 2),
        ),
    )  # fmt: skip
    monkeypatch.setattr(addresses, "_way_out", lambda: "192.168.1.5")

    assert addresses_of_this_machine() == ["192.168.1.5", "10.0.0.7", "100.100.1.2", "fd00::5"]


def test_without_a_way_out_there_are_addresses_all_the_same(monkeypatch):
    monkeypatch.setattr(addresses.ifaddr, "get_adapters", cards("10.0.0.7", "10.0.0.5"))
    monkeypatch.setattr(addresses, "_way_out", lambda: "")

    assert addresses_of_this_machine() == ["10.0.0.5", "10.0.0.7"]


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("Studio-1", "studio-1"),
        ("studio.example.org.", "studio.example.org"),
        ("localhost", ""),
        ("", ""),
        ("1234", ""),
        ("bad name", ""),
        ("x:80", ""),
        ("máy", ""),
    ],
)
def test_a_name_is_shared_only_if_it_is_one(monkeypatch, said, name):
    monkeypatch.setattr(addresses.socket, "gethostname", lambda: said)

    assert addresses.name_of_this_machine() == name


@pytest.mark.parametrize(
    ("name", "port", "scheme", "host"),
    [
        ("10.0.0.7", 8080, "http", "10.0.0.7:8080"),
        ("10.0.0.7", 80, "http", "10.0.0.7"),
        ("10.0.0.7", 80, "https", "10.0.0.7:80"),
        ("studio", 443, "https", "studio"),
        ("fd00::5", 8080, "http", "[fd00::5]:8080"),
    ],
)
def test_a_host_is_written_as_a_browser_writes_it(name, port, scheme, host):
    assert host_of(name, port, scheme) == host


@pytest.mark.parametrize(
    ("host", "is_ours_alone"),
    [("127.0.0.1", True), ("127.0.0.2", True), ("::1", True), ("localhost", True),
     ("0.0.0.0", False), ("::", False), ("10.0.0.7", False), ("studio", False)],
)  # fmt: skip
def test_only_this_machine_gets_to_a_loopback_address(host, is_ours_alone):
    assert is_loopback(host) is is_ours_alone
