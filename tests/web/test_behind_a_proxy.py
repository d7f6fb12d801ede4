"""A real server behind a proxy that it was told of, asked as that proxy and as others would."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.browser.server import ROOT, Server

PUBLIC = "https://whisk.example"
PASSWORD = "seven grey herons"
THROUGH = {
    "host": "whisk.example",
    "x-forwarded-for": "203.0.113.5",
    "x-forwarded-proto": "https",
}


def whisk(data: Path, *words: str, said: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "main.py", *words, "--data", str(data)],
        cwd=ROOT, input=said, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("proxied") / "data"
    assert whisk(data, "user", "password", "local", "--password-stdin", said=PASSWORD).stdout
    found = Server(data, "--public-url", PUBLIC, "--trusted-proxies", "127.0.0.1")
    found.start()
    yield found
    found.stop()


@pytest.fixture
def proxy(server: Server) -> Iterator[httpx.Client]:
    """What the proxy sends, without cookies unless a test brings some."""
    with httpx.Client(base_url=server.url, headers=THROUGH, trust_env=False) as client:
        yield client


def sign_in(proxy: httpx.Client, address: str) -> httpx.Response:
    headers = {"x-forwarded-for": address}
    page = proxy.get("/login", headers=headers)
    token = re.search(r'name="form_token" value="([^"]*)"', page.text)
    assert token
    cookie = page.headers["set-cookie"].partition(";")[0]
    form = {"username": "local", "password": PASSWORD, "form_token": token[1]}
    return proxy.post("/login", data=form, headers={**headers, "origin": PUBLIC, "cookie": cookie})


def test_the_console_says_where_others_open_it(server: Server) -> None:
    assert f"Others open it at {PUBLIC}".encode() in server.printed


def test_who_comes_through_signs_in_and_gets_a_cookie_for_https(proxy: httpx.Client) -> None:
    answer = sign_in(proxy, "203.0.113.5")

    assert answer.status_code == 303
    (cookie,) = [one for one in answer.headers.get_list("set-cookie") if "_session=" in one]
    assert cookie.startswith("__Host-whisk_session=")
    assert "Secure" in cookie


def test_the_address_that_is_noted_is_that_of_the_person(proxy: httpx.Client) -> None:
    answer = sign_in(proxy, "9.9.9.9, 198.51.100.23")
    cookie = answer.headers["set-cookie"].partition(";")[0]

    sessions = proxy.get("/api/v1/sessions", headers={"cookie": cookie}).json()["data"]

    assert "198.51.100.23" in {session["address"] for session in sessions}
    assert "9.9.9.9" not in {session["address"] for session in sessions}


@pytest.mark.parametrize(
    "change",
    [
        {"host": "127.0.0.1"},
        {"host": "whisk.example:443"},
        {"host": "evil.example"},
        {"x-forwarded-proto": "http"},
        {"x-forwarded-host": "whisk.example", "host": "evil.example"},
    ],
)
def test_through_the_proxy_only_the_public_address_is_answered(
    proxy: httpx.Client, change: dict[str, str]
) -> None:
    assert proxy.get("/login", headers=change).status_code == 421


def test_past_the_proxy_only_the_names_of_this_machine_are(server: Server) -> None:
    with httpx.Client(base_url=server.url, trust_env=False) as direct:
        assert direct.get("/login").status_code == 200
        assert direct.get("/login", headers={"host": "whisk.example"}).status_code == 421


def test_an_origin_of_elsewhere_is_refused(proxy: httpx.Client, server: Server) -> None:
    for origin in (server.url, "http://whisk.example", "https://evil.example", "null"):
        assert proxy.post("/login", headers={"origin": origin}).status_code == 403


def test_a_command_on_the_machine_still_finds_the_server(server: Server) -> None:
    listed = whisk(server.data, "list")

    assert (listed.returncode, listed.stderr) == (
        0, f"Using the server that runs at {server.url}.\n",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("one", "other"), [("--public-url", "--trusted-proxies"), ("--trusted-proxies", "--public-url")]
)
def test_one_without_the_other_does_not_start(tmp_path: Path, one: str, other: str) -> None:
    value = PUBLIC if one == "--public-url" else "127.0.0.1"

    refused = whisk(tmp_path, "serve", one, value)

    assert refused.returncode == 2
    assert refused.stderr == f"{one} does nothing without {other}. Say both.\n"


def test_a_forged_word_of_a_proxy_is_dropped_where_none_is_trusted(tmp_path: Path) -> None:
    server = Server(tmp_path)
    server.start()
    try:
        with httpx.Client(base_url=server.url, trust_env=False) as anybody:
            assert anybody.get("/login", headers=THROUGH).status_code == 421
            headers = {name: value for name, value in THROUGH.items() if name != "host"}
            cookie = anybody.get("/login", headers=headers).headers["set-cookie"]
            assert not cookie.startswith("__Host-")
    finally:
        server.stop()
