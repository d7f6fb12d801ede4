"""A second way in, opened and closed while the first one serves; on addresses of this machine."""

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator

import httpx
import pytest
from fastapi import FastAPI
from starlette.websockets import WebSocket
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from app.errors import Conflict
from app.network.encryption import Encryption
from app.network.trust import trusting
from app.web import listener
from app.web import sharing as sharing_module
from app.web.places import Places
from app.web.sharing import Served, Sharing
from tests.browser.server import free_port

HERE, THERE = "127.0.0.2", "127.0.0.3"


@pytest.fixture(autouse=True)
def _short_goodbyes(monkeypatch):
    monkeypatch.setattr(listener, "SECONDS_TO_SAY_GOODBYE", 0.1)


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """The loop in which the application is served already."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield loop
    asyncio.run_coroutine_threadsafe(_until_all_is_done(), loop).result(20)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


async def _until_all_is_done() -> None:
    while others := asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.wait(others)


class House:
    """An application, and the way in for others."""

    def __init__(self, loop, encryption=None, **served):
        self.loop = loop
        self.port = free_port()
        self.places = Places([f"127.0.0.1:{self.port}"], "https" if encryption else "http")
        self.held = threading.Event()
        self.go_on = threading.Event()
        served = {"chosen": [HERE], "options": {"log_config": None, "ws": "wsproto"}, **served}
        self.sharing = Sharing(
            self.application(), self.places, Served(self.port, **served), encryption
        )
        self.sharing.attach(loop)

    def application(self):
        application = FastAPI()

        @application.get("/")
        async def root():
            return {"loop": asyncio.get_running_loop() is self.loop}

        @application.get("/slow")
        def slow():
            self.held.set()
            self.go_on.wait(20)

        @application.get("/close")
        def close():
            self.sharing.close()
            return {"on": self.sharing.state().on}

        @application.websocket("/socket")
        async def socket(websocket: WebSocket):
            await websocket.accept()
            async for _ in websocket.iter_text():
                pass

        return application

    @property
    def hosts(self):
        return self.places.of({"scheme": "http"}).hosts


@pytest.fixture
def house(loop):
    house = House(loop)
    yield house
    house.go_on.set()
    house.sharing.close()


@pytest.fixture
def make(loop):
    """Makes houses of other kinds, and closes them."""
    made = []

    def one(*args, **served):
        made.append(House(loop, *args, **served))
        return made[-1]

    yield one
    for house in made:
        house.sharing.close()


def is_open(address, port):
    try:
        return httpx.get(f"http://{address}:{port}/", trust_env=False).is_success
    except httpx.ConnectError:
        return False


def test_nobody_gets_in_before_it_is_opened(house):
    assert not is_open(HERE, house.port)
    assert house.sharing.state().on is False
    assert house.hosts == {f"127.0.0.1:{house.port}"}


def test_open_it_serves_the_same_application_in_the_same_loop(house):
    house.sharing.open()

    url = f"http://{HERE}:{house.port}"
    assert house.sharing.state().addresses[0] == url
    assert f"{HERE}:{house.port}" in house.hosts
    assert httpx.get(url, trust_env=False).json() == {"loop": True}
    assert not is_open(THERE, house.port)


def test_opened_twice_it_is_open_once(house):
    house.sharing.open()
    house.sharing.open()
    house.sharing.close()

    assert not is_open(HERE, house.port)
    house.sharing.close()


def test_it_can_be_opened_again_at_once(house):
    for _ in range(3):
        house.sharing.open()
        assert is_open(HERE, house.port)
        house.sharing.close()
        assert not is_open(HERE, house.port)


def test_closing_takes_names_away_and_drops_what_is_open(house):
    house.sharing.open()
    with connect(f"ws://{HERE}:{house.port}/socket", proxy=None) as line:
        house.sharing.close()

        with pytest.raises(ConnectionClosed):
            line.recv(10)
    assert house.hosts == {f"127.0.0.1:{house.port}"}
    assert house.sharing.state().addresses == []


def test_whoever_came_in_this_way_and_closes_it_is_answered(house):
    house.sharing.open()

    answer = httpx.get(f"http://{HERE}:{house.port}/close", trust_env=False)

    assert answer.json() == {"on": False}
    assert not is_open(HERE, house.port)


def test_an_answer_that_takes_long_does_not_hold_it_open(house):
    house.sharing.open()
    failed = []

    def ask():
        with contextlib.suppress(httpx.TransportError):
            httpx.get(f"http://{HERE}:{house.port}/slow", trust_env=False, timeout=20)
            return
        failed.append(True)

    asking = threading.Thread(target=ask)
    asking.start()
    assert house.held.wait(10)

    house.sharing.close()

    asking.join(15)
    assert failed == [True]


def test_a_port_that_is_taken_is_passed_over_and_the_next_one_told(house):
    with socket.create_server((HERE, house.port)):
        house.sharing.open()

        (url, *_) = house.sharing.state().addresses
        port = int(url.rpartition(":")[2])
        assert house.port < port <= house.port + 20
        assert httpx.get(url, trust_env=False).json() == {"loop": True}
        assert f"{HERE}:{port}" in house.hosts


def test_an_address_that_is_none_of_ours_is_told_with_its_reason(make):
    house = make(chosen=["203.0.113.9"])

    with pytest.raises(Conflict) as refused:
        house.sharing.open()

    assert refused.value.code == "sharing_failed"
    assert refused.value.params["address"] == "203.0.113.9"
    assert house.sharing.state().on is False


def test_without_a_network_it_says_so(make, monkeypatch):
    monkeypatch.setattr(sharing_module, "addresses_of_this_machine", list)
    house = make(chosen=())

    with pytest.raises(Conflict) as refused:
        house.sharing.open()

    assert refused.value.code == "sharing_no_address"


def test_it_moves_along_with_the_machine(make, monkeypatch):
    where = [HERE]
    monkeypatch.setattr(sharing_module, "addresses_of_this_machine", lambda: list(where))
    house = make(chosen=())
    house.sharing.open()

    where[:] = [THERE]
    house.sharing.look()
    assert (is_open(HERE, house.port), is_open(THERE, house.port)) == (False, True)
    assert f"{HERE}:{house.port}" not in house.hosts

    where[:] = []
    house.sharing.look()
    assert house.sharing.state().on is False
    where[:] = [HERE]
    house.sharing.look()
    assert is_open(HERE, house.port)
    house.sharing.close()
    house.sharing.look()
    assert not is_open(HERE, house.port)


def test_what_the_start_decided_cannot_be_opened_or_closed(make):
    house = make(fixed=["http://10.0.0.7:8080"])

    house.sharing.open()
    house.sharing.close()

    state = house.sharing.state()
    assert (state.on, state.fixed, state.addresses) == (True, True, ["http://10.0.0.7:8080"])


def test_encrypted_it_shows_a_certificate_for_the_shared_address(make, tmp_path):
    encryption = Encryption(tmp_path, ["localhost"])
    house = make(encryption)
    house.sharing.open()

    state = house.sharing.state()
    assert (state.https, state.fingerprint) == ("self_signed", encryption.certificate.fingerprint)
    assert not state.can_be_overheard
    with httpx.Client(verify=trusting(encryption.certificate.file), trust_env=False) as client:
        assert client.get(f"https://{HERE}:{house.port}/").json() == {"loop": True}
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx.get(f"https://{HERE}:{house.port}/", trust_env=False)
    assert encryption.context.minimum_version == ssl.TLSVersion.TLSv1_2
    house.sharing.close()


def test_what_is_not_encrypted_can_be_overheard(house):
    assert not house.sharing.state().can_be_overheard

    house.sharing.open()

    assert house.sharing.state().can_be_overheard
