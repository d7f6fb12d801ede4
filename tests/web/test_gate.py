"""Who gets through the gate: the attacks that a web page, a neighbour or another port can try."""

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.web.gate import Gate, wrap
from app.web.places import Places
from tests.serving import Face

HOST = "127.0.0.1:8080"
ORIGIN = f"http://{HOST}"
PAGE = {"accept": "text/html,application/xhtml+xml"}


# --- names ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8080",
        "169.254.169.254",
        "127.0.0.1",
        "127.0.0.1:8081",
        "localhost:8080.evil.example",
        "localhost:8080@evil.example",
        "x" * 300,
        "",
    ],
)
@pytest.mark.parametrize("path", ["/", "/healthz", "/login", "/static/login.css"])
def test_a_foreign_host_is_misdirected_even_where_no_session_is_needed(house, host, path):
    answer = house.signed_in().get(path, headers={"host": host})

    assert answer.status_code == 421
    assert answer.json()["code"] == "host_unknown"
    assert house.heard == []


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost:8080", "LOCALHOST:8080"])
def test_our_own_names_are_answered(house, host):
    assert house.browser().get("/healthz", headers={"host": host}).json() == {"status": "ok"}


@pytest.mark.parametrize("path", ["/a%5Cb", "/a%00b", "/a/%2e%2e/b", "/%2e%2e", "/a%0ab"])
def test_paths_that_nothing_of_ours_has_are_not_found(house, path):
    answer = house.signed_in().get(path)

    assert answer.status_code == 404
    assert house.heard == []


# --- origins ----------------------------------------------------------------------------------

FOREIGN_ORIGINS = ["http://evil.example", "null", "http://127.0.0.1:9999", "https://127.0.0.1:8080",
                   "http://127.0.0.1:8080.evil.example", ""]  # fmt: skip


@pytest.mark.parametrize("origin", FOREIGN_ORIGINS)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_a_foreign_origin_is_refused(house, origin, method):
    answer = house.signed_in().request(method, "/spend", headers={"origin": origin})

    assert answer.status_code == 403
    assert answer.json()["code"] == "origin_refused"
    assert house.heard == []


def test_a_form_of_another_port_of_this_machine_cannot_spend(house):
    """Same site: the browser sends our cookie along, because cookies do not see ports."""
    headers = {"origin": "http://127.0.0.1:9999", "sec-fetch-site": "same-site",
               "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}  # fmt: skip

    answer = house.signed_in().post("/spend", data={"how_much": "all"}, headers=headers)

    assert answer.status_code == 403
    assert house.heard == []


def test_a_text_body_that_needs_no_preflight_is_refused(house):
    answer = house.signed_in().post(
        "/spend", content='{"all": true}', headers={"content-type": "text/plain", "origin": "null"}
    )

    assert answer.status_code == 403


def test_sending_without_saying_from_where_is_refused(house):
    assert house.signed_in().post("/spend").status_code == 403


@pytest.mark.parametrize(
    "headers",
    [{"origin": ORIGIN}, {"sec-fetch-site": "same-origin"}, {"sec-fetch-site": "none"}],
    ids=["our origin", "same origin", "typed by the person"],
)
def test_our_own_pages_may_send(house, headers):
    assert house.signed_in().post("/spend", headers=headers).status_code == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize(
    ("mode", "dest"), [("cors", "empty"), ("no-cors", "image"), ("navigate", "iframe")]
)
def test_another_site_can_neither_read_nor_embed_nor_frame(house, site, mode, dest):
    headers = {"sec-fetch-site": site, "sec-fetch-mode": mode, "sec-fetch-dest": dest}

    assert house.signed_in().get("/", headers={**headers, **PAGE}).status_code == 403
    assert house.heard == []


LINK = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}


def test_a_link_in_a_chat_message_opens_a_page(house):
    assert house.signed_in().get("/gallery", headers={**LINK, **PAGE}).status_code == 200


@pytest.mark.parametrize("path", ["/api/v1/queue", "/_nicegui/auto/static/x", "/_nicegui_ws/"])
def test_a_link_opens_pages_and_nothing_behind_them(house, path):
    assert house.signed_in().get(path, headers={**LINK, **PAGE}).status_code == 403


def test_polling_of_a_foreign_page_is_refused_and_gets_no_permission_to_read(house):
    answer = house.signed_in().get(
        "/_nicegui_ws/socket.io/", headers={"origin": "http://evil.example"}
    )

    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers


def test_polling_without_fetch_metadata_works_as_on_plain_http(house):
    assert house.signed_in().get("/_nicegui_ws/other").status_code == 200


# --- sessions ---------------------------------------------------------------------------------


def test_without_a_session_a_page_leads_to_the_login(house):
    answer = house.browser().get("/gallery?image=ả&x=1", headers=PAGE)

    assert answer.status_code == 303
    assert answer.headers["location"] == "/login?next=/gallery%3Fimage%3D%25E1%25BA%25A3%26x%3D1"
    assert answer.headers["cache-control"] == "no-store"
    assert house.heard == []


def test_the_front_page_needs_no_next(house):
    assert house.browser().get("/", headers=PAGE).headers["location"] == "/login"


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/queue",
        "/api/v1/images/abc",
        "/_nicegui/auto/static/abc/x.png",
        "/_nicegui/client/mine/upload/1",
        "/_nicegui/9.9.8/static/nicegui.js",
        "/_nicegui/9.9.9/dynamic_resources/x",
        "/_nicegui/9.9.9/unknown",
        "/_nicegui/9.9.9/resources/x",
        "/docs",
        "/openapi.json",
        "/loginx",
        "/login/x",
        "/staticx",
    ],
)
def test_without_a_session_all_else_is_refused_as_json(house, path):
    answer = house.browser().get(path)

    assert answer.status_code == 401
    assert answer.json()["code"] == "not_signed_in"
    assert house.heard == []


@pytest.mark.parametrize("path", ["/api/v1/queue", "/_nicegui/auto/static/abc/x.png"])
def test_not_even_a_navigation_is_led_from_there_to_the_login(house, path):
    assert house.browser().get(path, headers=PAGE).status_code == 401


@pytest.mark.parametrize(
    "path",
    [
        "/healthz",
        "/favicon.ico",
        "/static/login.css",
        "/_nicegui/9.9.9/static/nicegui.js",
        "/_nicegui/9.9.9/components/abc/x.js",
        "/_nicegui/9.9.9/esm/abc/index.js",
    ],
)
def test_what_is_the_same_for_everybody_needs_no_session(house, path):
    assert house.browser().get(path).status_code == 200


def test_public_assets_are_for_reading_only(house):
    answer = house.browser().post("/_nicegui/9.9.9/static/x", headers={"origin": ORIGIN})

    assert answer.status_code == 401


@pytest.mark.parametrize("cookie", ["", "x" * 43, "../../etc/passwd", "a" * 5000, '"'])
def test_an_invented_cookie_is_no_session(house, cookie):
    answer = house.browser().get("/api/v1/queue", headers={"cookie": f"whisk_session={cookie}"})

    assert answer.status_code == 401


def test_odd_cookies_of_neighbours_do_not_hide_ours(house):
    token = house.sessions.open(house.people.user("local"))
    cookie = f'a={{"b": [1, 2]}}; ; =; q="x; c@d=é; whisk_session={token}; z'.encode()

    assert house.browser().get("/x", headers={"cookie": cookie}).json()["user"] == "local"


def test_over_https_only_the_cookie_that_cannot_be_planted_counts(house):
    token = house.sessions.open(house.people.user("local"))
    browser = house.browser(f"https://{HOST}")

    planted = browser.get("/x", headers={"cookie": f"whisk_session={token}"})
    true = browser.get("/x", headers={"cookie": f"__Host-whisk_session={token}"})

    assert (planted.status_code, true.status_code) == (401, 200)


def test_the_application_learns_who_asks(house):
    assert house.signed_in().get("/x").json()["user"] == "local"
    assert house.browser().get("/favicon.ico").json()["user"] is None


def test_an_idle_session_ends_in_the_middle_of_work(house, clock):
    browser = house.signed_in()
    assert browser.get("/x").status_code == 200

    clock.pass_seconds(12 * 3600)

    assert browser.get("/x").status_code == 401


def test_addresses_of_a_page_are_open_to_its_own_session_only(house):
    browser = house.signed_in()

    assert browser.get("/_nicegui/client/mine/upload/1").status_code == 200
    assert browser.get("/_nicegui/client/another/upload/1").status_code == 404


# --- proxies ----------------------------------------------------------------------------------


def test_what_a_proxy_would_say_never_reaches_the_application(house):
    lies = {"forwarded": "host=evil.example", "x-forwarded-prefix": "//evil.example",
            "x-forwarded-for": "10.0.0.1", "X-Forwarded-Host": "evil.example"}  # fmt: skip

    seen = house.signed_in().get("/x", headers={**lies, "x-other": "1"}).json()["headers"]

    assert seen["x-other"] == "1"
    assert [name for name in seen if "forwarded" in name] == []


# --- headers and place ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "status"), [("/x", 200), ("/healthz", 200), ("/%2e%2e", 404), ("/static/no", 404)]
)
def test_every_answer_says_how_it_may_be_handled(house, path, status):
    answer = house.signed_in().get(path)

    assert answer.status_code == status
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert answer.headers["permissions-policy"] == "camera=(), microphone=(), geolocation=()"


def test_refusals_carry_the_headers_too(house):
    for answer in (
        house.browser().get("/x"),
        house.browser().get("/x", headers={"host": "evil.example"}),
        house.browser().get("/", headers=PAGE),
    ):
        assert answer.headers["x-frame-options"] == "DENY"


def test_the_gate_stands_outside_of_layers_that_are_added_later(house):
    passed = []
    face = Face(HOST)
    face.show(None, house)

    class Layer:
        def __init__(self, app):
            self.app = app

        async def __call__(self, scope, receive, send):
            passed.append(scope["type"])
            await self.app(scope, receive, send)

    face.application.add_middleware(Layer)
    browser = TestClient(face.application, base_url=ORIGIN)
    browser.cookies.set("whisk_session", house.sessions.open(house.people.user("local")))

    browser.get("/x", headers={"host": "evil.example"})
    assert passed == []
    browser.get("/x")
    assert passed == ["http"]


def test_an_application_that_already_answered_is_wrapped_as_well(house):
    application = FastAPI()
    browser = TestClient(application, base_url=ORIGIN)
    browser.get("/")

    wrap(
        application,
        lambda inner: Gate(
            inner,
            sessions=house.sessions,
            tokens=house.tokens,
            places=Places([HOST]),
            asset_prefix="/a/",
        ),
    )

    assert browser.get("/").status_code == 401
