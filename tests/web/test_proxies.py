"""A proxy in front of the server: believed by its address, about what comes through it alone."""

from ipaddress import ip_network

import pytest
from fastapi import FastAPI, Request
from starlette.testclient import TestClient

from app.web.gate import wrap
from app.web.places import Places
from app.web.proxies import Proxies
from app.web.strangers import Strangers

OWN = "127.0.0.1:8080"
PUBLIC = "https://whisk.example"
PROXY, ELSEWHERE = "10.0.0.1", "10.9.9.9"
TRUSTED = [ip_network("10.0.0.0/24"), ip_network("fd00::/64")]


class Seen:
    """What the gate would be told."""

    def __init__(self):
        self.application = FastAPI()
        self.strangers = Strangers(Places([OWN], "http", PUBLIC))

        @self.application.get("/")
        async def seen(request: Request):
            self.strangers.turn_away(request.scope)
            return {"client": request.client.host, "scheme": request.scope["scheme"]}

        wrap(self.application, lambda inner: Proxies(inner, TRUSTED))

    def ask(self, peer, host="whisk.example", **headers):
        browser = TestClient(self.application, client=(peer, 5000), base_url="http://x")
        shown = {name.replace("_", "-"): value for name, value in headers.items()}
        return browser.get("/", headers={"host": host, **shown}).json()

    def refusal(self, *asked, **headers):
        with pytest.raises(Exception) as refused:  # noqa: PT011 -- its code is what counts
            self.ask(*asked, **headers)
        return refused.value.code


@pytest.fixture
def seen():
    return Seen()


THROUGH = {"x_forwarded_for": "203.0.113.5", "x_forwarded_proto": "https"}


def test_what_comes_through_the_proxy_is_told_as_it_was_sent(seen):
    assert seen.ask(PROXY, **THROUGH) == {"client": "203.0.113.5", "scheme": "https"}
    assert seen.ask(PROXY, origin=PUBLIC, **THROUGH)["scheme"] == "https"


@pytest.mark.parametrize(
    ("way", "sender"),
    [
        ("1.2.3.4, 203.0.113.5", "203.0.113.5"),
        ("1.2.3.4, 203.0.113.5, 10.0.0.2", "203.0.113.5"),
        ("10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("2001:db8::7", "2001:db8::7"),
        ("[2001:db8::7]", "2001:db8::7"),
        ("1.2.3.4, ::ffff:203.0.113.5", "203.0.113.5"),
        ("1.2.3.4, unknown", PROXY),
        ("<script>", PROXY),
    ],
)
def test_whoever_sent_it_cannot_choose_the_address_under_which_it_is_counted(seen, way, sender):
    assert seen.ask(PROXY, x_forwarded_for=way, x_forwarded_proto="https")["client"] == sender


def test_an_ipv6_proxy_is_known_too(seen):
    assert seen.ask("fd00::1", **THROUGH)["client"] == "203.0.113.5"


def test_what_anybody_else_says_of_a_proxy_is_not_believed(seen):
    assert seen.refusal(ELSEWHERE, **THROUGH) == "host_unknown"
    assert seen.ask(ELSEWHERE, OWN, **THROUGH) == {"client": ELSEWHERE, "scheme": "http"}


def test_through_the_proxy_only_the_public_address_counts(seen):
    assert seen.refusal(PROXY, OWN, **THROUGH) == "host_unknown"
    assert seen.refusal(PROXY, "whisk.example:8080", **THROUGH) == "host_unknown"
    assert seen.refusal(PROXY, origin=f"http://{OWN}", **THROUGH) == "origin_refused"


def test_past_the_proxy_the_public_address_does_not_count(seen):
    assert seen.refusal(PROXY) == "host_unknown"
    assert seen.refusal(ELSEWHERE) == "host_unknown"


@pytest.mark.parametrize("proto", ["http", "", "gopher", "https, http"])
def test_what_was_not_encrypted_on_its_way_is_refused_where_https_was_promised(seen, proto):
    headers = {"x_forwarded_for": "203.0.113.5", "x_forwarded_proto": proto}

    assert seen.refusal(PROXY, **headers) == "host_unknown"


def test_the_last_proxy_says_how_it_was_asked(seen):
    headers = {"x_forwarded_for": "203.0.113.5", "x_forwarded_proto": "http, https"}

    assert seen.ask(PROXY, **headers)["scheme"] == "https"
