"""Attacks by sheer weight: uploads, guesses, crowds of strangers."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from http.client import HTTPConnection

import httpx

from tests.attacks.attack import AnyTarget, Attack, Outcome, status
from tests.attacks.targets import Bare
from tests.attacks.wire import open_tab

MB = 1024 * 1024
STREAMED_MB = 40
PAGES = 2_000
BEARABLE_MB = 20
SOCKETS = 800
GUESSES = 60
FORM = "multipart/form-data; boundary=b"
PIECE = b'--b\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\n'
END = b"\r\n--b--\r\n"


def _upload(target: AnyTarget, cookie: str, body: bytes | Iterator[bytes]) -> httpx.Response:
    path = target.tab().upload_path()
    headers = {"content-type": FORM, "origin": target.url}
    return target.ask(path, "POST", cookie=cookie, headers=headers, content=body)


def upload_without_cookie(target: AnyTarget) -> Outcome:
    answer = _upload(target, "", PIECE + b"x" + END)
    return Outcome(answer.status_code == 200, status(answer))


def upload_with_another_session(target: AnyTarget) -> Outcome:
    answer = _upload(target, target.other, PIECE + b"x" + END)
    return Outcome(answer.status_code == 200, status(answer))


def huge_upload(target: AnyTarget) -> Outcome:
    """Its owner sends far more than the page's own limit, without saying how much."""

    def body() -> Iterator[bytes]:
        yield PIECE
        for _ in range(STREAMED_MB):
            yield b"x" * MB
        yield END

    try:
        answer = _upload(target, target.victim, body())
    except httpx.TransportError:
        return Outcome(False, "cut off")
    return Outcome(answer.status_code == 200, status(answer))


def many_files(target: AnyTarget) -> Outcome:
    answer = _upload(target, target.victim, (PIECE + b"x\r\n") * 1_000 + END[2:])
    return Outcome(answer.status_code == 200, status(answer))


def guesses(target: AnyTarget) -> Outcome:
    """Passwords for many names, as quickly as it can be done."""
    began = time.monotonic()
    if isinstance(target, Bare):
        checked = _guess_through_a_socket(target)
    else:
        checked = _guess_through_the_form(target)
    rate = checked / (time.monotonic() - began)
    worked = checked == GUESSES
    rest = f", {rate:.0f} a second" if worked else ", the rest 429"
    return Outcome(worked, f"{checked} of {GUESSES} checked{rest}")


def _guess_through_a_socket(target: Bare) -> int:
    tab = open_tab(target.url, target.anonymous_cookie(), "/login")
    with tab.connect() as wire:
        wire.emit("event", tab.event("Username", "update:value", "local"))
        for number in range(GUESSES):
            wire.emit("event", tab.event("Password", "update:value", f"guess {number}"))
            wire.emit("event", tab.event("Log in"))
            wire.hear("notify")
    return GUESSES


def _guess_through_the_form(target: AnyTarget) -> int:
    # From an address of its own, because the others of this run want to sign in later.
    sender, headers = "127.0.0.2", {"origin": target.url}
    page = target.ask("/login", sender=sender)
    token = page.text.partition('name="form_token" value="')[2].partition('"')[0]
    cookie = f"whisk_form={page.cookies['whisk_form']}"
    checked = 0
    for number in range(GUESSES):
        form = {"username": f"name {number}", "password": "a guess", "form_token": token}
        answer = target.ask(
            "/login", "POST", cookie=cookie, sender=sender, headers=headers, data=form
        )
        checked += answer.status_code == 403
    return checked


def strangers(target: AnyTarget) -> Outcome:
    """Pages for people without a session; the bare app shows it with fewer, and is slow at it."""
    pages, held = PAGES // 5 if isinstance(target, Bare) else PAGES, 0
    target.ask("/login")
    before = target.memory_mb
    with closing(HTTPConnection("127.0.0.1", target.port, timeout=30)) as line:
        for _ in range(pages):
            line.request("GET", "/login")
            held += b"client_id" in line.getresponse().read()
    growth = target.memory_mb - before
    worked = held > 0 or growth > BEARABLE_MB
    return Outcome(worked, f"{held:,} of {pages:,} held in memory, {growth:+.0f} MB")


def anonymous_sockets(target: AnyTarget) -> Outcome:
    """Upgrades without a cookie, all left open."""
    request = (
        "GET /_nicegui_ws/socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n"
        f"Host: 127.0.0.1:{target.port}\r\nOrigin: {target.url}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    ).encode()
    before, opened = target.memory_mb, 0
    with ExitStack() as stack:
        lines = []
        for _ in range(SOCKETS):
            line = stack.enter_context(socket.create_connection(("127.0.0.1", target.port), 30))
            line.sendall(request)
            lines.append(line)
        for line in lines:
            opened += b" 101 " in line.recv(200)
        growth = target.memory_mb - before
    return Outcome(opened > 0, f"{opened} opened, {growth:+.0f} MB")


ATTACKS = (
    Attack("Upload into somebody's page without a cookie", upload_without_cookie),
    Attack("The same with another good session", upload_with_another_session),
    Attack(f"Streamed upload of {STREAMED_MB} MB into a page that takes less", huge_upload),
    Attack("1,000 files in one upload", many_files),
    Attack("Pages for strangers", strangers),
    Attack(f"{SOCKETS} sockets without a session", anonymous_sockets),
    Attack("Password guesses", guesses),
)
