"""A team on one network: shared, worked in together, encrypted, and closed again."""

import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from app.network.trust import trusting
from app.running_server import running_server
from tests.browser.server import ROOT, Server

pytestmark = pytest.mark.browser

PASSWORD = "seven grey herons"
OTHER_MACHINE = "127.0.0.2"
"""Stands for an address of this machine in a network: the server does not listen there by itself,
and none of its own names is like it."""

SWITCH = "Let other computers and phones of this network in"


def whisk(data: Path, *words: str, said: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "main.py", *words, "--data", str(data)],
        cwd=ROOT, input=said, capture_output=True, text=True, check=False,
    )  # fmt: skip


def is_open(server: Server, address: str = OTHER_MACHINE) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((address, server.port)) == 0


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A studio with a member, and no password for its admin yet."""
    data = tmp_path / "data"
    added = whisk(data, "user", "add", "mai", "--display-name", "Mai Lê", "--password-stdin",
                  said=PASSWORD)  # fmt: skip
    assert added.returncode == 0, added.stderr
    return data


@pytest.fixture
def serve(data: Path) -> Iterator[Callable[..., Server]]:
    started: list[Server] = []

    def start(*options: str) -> Server:
        server = Server(data, "--share-address", OTHER_MACHINE, *options)
        started.append(server)
        server.start()
        return server

    yield start
    for server in started:
        server.stop()


@pytest.fixture
def people(browser: Browser) -> Iterator[Callable[[], Page]]:
    """Tabs in browsers of their own; the certificate of a machine is let pass, as people do."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def person() -> Page:
        context = browser.new_context(
            viewport={"width": 1280, "height": 900}, ignore_https_errors=True
        )
        context.set_default_timeout(20_000)
        contexts.append(context)
        tab = context.new_page()
        tab.on("pageerror", lambda error: errors.append(str(error)))
        return tab

    yield person
    for context in contexts:
        context.close()
    assert errors == []


def set_admin_password(data: Path) -> None:
    assert whisk(data, "user", "password", "local", "--password-stdin", said=PASSWORD).stdout


def at_the_machine(tab: Page, server: Server, path: str = "/") -> None:
    tab.goto(server.link)
    expect(tab).to_have_url(f"{server.url}/")
    tab.goto(server.url + path)
    tab.wait_for_function("window.did_handshake")


def sign_in(tab: Page, address: str, name: str) -> None:
    tab.goto(address)
    tab.get_by_label("User name").fill(name)
    tab.get_by_label("Password").fill(PASSWORD)
    tab.get_by_role("button", name="Sign in").click()
    expect(tab).to_have_url(f"{address}/")
    tab.wait_for_function("window.did_handshake && document.querySelector('.ag-root')")


def banner(tab: Page) -> Locator:
    return tab.get_by_role("status").filter(has_text="on this network")


def shared_address(server: Server) -> str:
    scheme = server.url.partition("://")[0]
    return f"{scheme}://{OTHER_MACHINE}:{server.port}"


def test_a_team_shares_a_queue_until_it_is_switched_off(
    serve: Callable[..., Server], people: Callable[[], Page], data: Path
) -> None:
    server = serve()
    admin = people()
    at_the_machine(admin, server, "/settings")
    switch = admin.get_by_role("switch", name=SWITCH)
    expect(switch).to_be_disabled()
    expect(admin.get_by_text("First set a password for yourself")).to_be_visible()
    assert not is_open(server)
    set_admin_password(data)
    # Which ended the session that the link had opened.
    expect(admin).to_have_url(f"{server.url}/login")
    sign_in(admin, server.url, "local")
    admin.goto(f"{server.url}/settings")
    admin.wait_for_function("window.did_handshake")
    switch.click()
    expect(admin.get_by_text("Others can open it now.").first).to_be_visible()

    address = shared_address(server)
    expect(admin.get_by_role("link", name=address)).to_be_visible()
    code = admin.get_by_role("img", name=f"QR code of {address}")
    admin.wait_for_function("e => e.complete && e.naturalWidth > 0", arg=code.element_handle())
    expect(banner(admin)).to_contain_text("Passwords can be read on this network.")

    member = people()
    member.goto(address)
    expect(member.get_by_text("Passwords can be read on this network.")).to_be_visible()
    sign_in(member, address, "mai")
    expect(banner(member)).to_contain_text("Passwords can be read")
    member.get_by_label("Prompts").fill("A floating market at dawn")
    member.get_by_role("button", name="Add to the queue").click()
    expect(member.get_by_text("1 task added")).to_be_visible()
    member.get_by_role("button", name="Start", exact=True).click()
    thumbnail = member.locator('.ag-row [col-id="output_images"] img').first
    expect(thumbnail).to_be_visible()
    member.wait_for_function(
        "e => e.complete && e.naturalWidth > 0", arg=thumbnail.element_handle()
    )

    who = member.get_by_role("button", name="Who is here: 2 people")
    expect(who).to_be_visible()
    who.click()
    listed = member.locator(".wd-people-menu")
    expect(listed).to_contain_text("Mai Lê (you)")
    expect(listed).to_contain_text("1 done")
    expect(listed).to_contain_text("Local")
    expect(listed).not_to_contain_text(OTHER_MACHINE.rpartition(".")[0])
    connected = admin.locator(".wd-card", has_text="Connected now")
    expect(connected).to_contain_text("Mai Lê")
    # A member who tries it finds no card, and the switch itself answers only admins.
    member.goto(f"{address}/settings")
    expect(member.get_by_text("Appearance")).to_be_visible()
    expect(member.get_by_text("Sharing on this network")).to_have_count(0)

    switch.click()
    expect(admin.get_by_text("Nobody else gets in.").first).to_be_visible()
    assert not is_open(server)
    expect(member.get_by_text("Connection lost.")).to_be_visible()
    expect(banner(admin)).to_be_hidden()


def test_shared_from_the_start_it_answers_to_its_names_alone(
    serve: Callable[..., Server], data: Path
) -> None:
    set_admin_password(data)
    server = serve("--share")
    address = shared_address(server)

    assert f"Others open it at {address}".encode() in server.printed
    with httpx.Client(base_url=address, trust_env=False) as stranger:
        assert stranger.get("/login").status_code == 200
        assert stranger.get("/api/v1/queue").status_code == 401
        for host in ("evil.example", f"evil.example:{server.port}", OTHER_MACHINE,
                     f"127.0.0.3:{server.port}"):  # fmt: skip
            assert stranger.get("/login", headers={"host": host}).status_code == 421
        assert stranger.post("/login", headers={"origin": server.url + "0"}).status_code == 403
    assert not is_open(server, "127.0.0.3")


def test_without_a_password_it_does_not_even_start(data: Path) -> None:
    refused = whisk(data, "serve", "--share", "--no-browser")

    assert refused.returncode == 4, refused.stderr
    assert "no admin has a password" in refused.stderr


def test_the_choice_outlives_a_restart(serve: Callable[..., Server], data: Path) -> None:
    set_admin_password(data)
    first = serve()
    found = running_server(data)
    assert found
    with httpx.Client(
        base_url=found.url, trust_env=False, headers={"Authorization": f"Bearer {found.token}"}
    ) as program:
        assert program.put("/api/v1/sharing", json={"on": True}).json()["data"]["on"] is True
    assert is_open(first)
    first.stop()
    assert not is_open(first)

    second = serve()
    assert is_open(second)
    assert f"Others open it at {shared_address(second)}".encode() in second.printed


def test_encrypted_nobody_listens(
    serve: Callable[..., Server], people: Callable[[], Page], data: Path, tmp_path: Path
) -> None:
    set_admin_password(data)
    server = serve("--share", "--https", "auto")
    address = shared_address(server)
    assert address.startswith("https://")

    admin = people()
    at_the_machine(admin, server, "/settings")
    fingerprint = admin.locator(".wd-fingerprint").inner_text()
    assert f"SHA-256 fingerprint of the certificate: {fingerprint}".encode() in server.printed
    expect(banner(admin)).to_be_hidden()
    with admin.expect_download() as saved:
        admin.get_by_role("link", name="Save the certificate").click()
    certificate = tmp_path / "saved.pem"
    saved.value.save_as(certificate)

    member = people()
    sign_in(member, address, "mai")
    (cookie,) = member.context.cookies()
    assert cookie["name"] == "__Host-whisk_session"
    assert (cookie["secure"], cookie["httpOnly"]) == (True, True)

    with httpx.Client(base_url=address, trust_env=False, verify=trusting(certificate)) as other:
        answer = other.get("/login")
        assert answer.status_code == 200
        assert "strict-transport-security" not in answer.headers
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx.get(address, trust_env=False)

    here = whisk(data, "list")
    assert (here.returncode, here.stderr) == (
        0, f"Using the server that runs at {server.url}.\n",
    )  # fmt: skip
    token = whisk(data, "token", "create", "x", "--scope", "read").stdout.strip()
    (tmp_path / "token").write_text(token)
    there = ("list", "--server", address, "--token-file", str(tmp_path / "token"))
    unknown = whisk(tmp_path / "other", *there)
    assert unknown.returncode == 7
    assert "shows a certificate that is not known here" in unknown.stderr
    known = whisk(tmp_path / "other", *there, "--server-certificate", str(certificate))
    assert known.returncode == 0, known.stderr
