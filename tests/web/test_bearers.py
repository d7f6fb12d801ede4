"""Programs at the gate: what a token opens, and what it never does."""

import pytest
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.websockets import WebSocketDisconnect

from app.api.mock_api import MockApi
from app.models import LOCAL_ADMIN, Role

HOST = "127.0.0.1:8080"
ORIGIN = f"http://{HOST}"
ROLES = ["viewer", "member", "admin"]


@pytest.fixture(scope="module")
def studio():
    api = MockApi()
    api.open()
    yield api
    api.close()


@pytest.fixture
def api(studio, clock):
    return studio


@pytest.fixture
def closed(house):
    """Nothing was reached."""
    yield
    assert house.heard == []


def cookie(house):
    return {"cookie": f"whisk_session={house.sessions.open(house.people.user('local'))}"}


# --- where a token counts ---------------------------------------------------------------------


def test_a_program_with_a_token_needs_neither_cookie_nor_origin(house):
    program = house.program(house.token()[0])

    assert program.get("/api/v1/me").json()["data"]["username"] == "local"
    assert program.post("/api/v1/probe").json()["user"] == "local"


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:9999", ""])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.usefixtures("closed")
def test_a_token_with_a_foreign_origin_is_refused(house, origin, method):
    answer = house.program(house.token()[0]).request(
        method, "/api/v1/probe", headers={"origin": origin}
    )

    assert (answer.status_code, answer.json()["code"]) == (403, "origin_refused")


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_token_that_a_foreign_page_sends_is_refused(house, site):
    answer = house.program(house.token()[0]).post("/api/v1/probe", headers={"sec-fetch-site": site})

    assert answer.json()["code"] == "origin_refused"


@pytest.mark.usefixtures("closed")
def test_whoever_sends_a_cookie_too_names_its_origin(house):
    program = house.program(house.token()[0])

    answer = program.post("/api/v1/probe", headers=cookie(house))

    assert answer.json()["code"] == "origin_refused"


def test_a_cookie_beside_a_token_is_no_hindrance_for_our_own_pages(house):
    program = house.program(house.token()[0])

    answer = program.post("/api/v1/probe", headers={**cookie(house), "origin": ORIGIN})

    assert answer.status_code == 200


@pytest.mark.usefixtures("closed")
def test_a_cookie_alone_still_writes_from_our_own_pages_only(house):
    browser = house.signed_in()

    for headers in ({}, {"origin": "http://evil.example"}, {"sec-fetch-site": "cross-site"}):
        answer = browser.post("/api/v1/probe", headers=headers)
        assert answer.json()["code"] == "origin_refused"


@pytest.mark.parametrize("path", ["/", "/gallery", "/_nicegui/auto/static/x", "/docs", "/api"])
@pytest.mark.usefixtures("closed")
def test_a_token_opens_no_page(house, path):
    program = house.program(house.token()[0])

    assert program.get(path).status_code == 401
    assert program.get(path, headers={"accept": "text/html"}).status_code in (303, 401)


@pytest.mark.usefixtures("closed")
def test_a_token_opens_no_socket(house):
    headers = {"host": HOST, "origin": ORIGIN, "authorization": f"Bearer {house.token()[0]}"}

    with (
        pytest.raises((WebSocketDisconnect, WebSocketDenialResponse)) as refusal,
        TestClient(house.application).websocket_connect(
            f"ws://{HOST}/_nicegui_ws/socket.io/", headers=headers
        ),
    ):
        pass
    assert refusal.value.code == 4401


# --- worthless tokens -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    ["Bearer whisk_invented", "Bearer ", "Bearer", "", "Basic bG9jYWw6eA==", "Token whisk_x",
     "Bearer " + "x" * 9_000, "Bearer đèn".encode(), "bearer\twhisk_x"],
    ids=range(9),
)  # fmt: skip
@pytest.mark.usefixtures("closed")
def test_a_worthless_token_is_refused_and_the_cookie_never_steps_in(house, header):
    headers = {"authorization": header}

    for client in (house.browser(), house.signed_in()):
        for method in ("GET", "POST"):
            answer = client.request(method, "/api/v1/probe", headers={**headers, "origin": ORIGIN})
            assert (answer.status_code, answer.json()["code"]) == (401, "token_refused")


@pytest.mark.usefixtures("closed")
def test_two_tokens_are_none(house):
    good = house.token()[0]
    headers = [("authorization", f"Bearer {good}"), ("authorization", f"Bearer {good}")]

    assert house.browser().get("/api/v1/probe", headers=headers).json()["code"] == "token_refused"


def test_a_token_ends_on_its_day(house, clock):
    program = house.program(house.token(days=1)[0])
    assert program.get("/api/v1/probe").status_code == 200

    clock.pass_seconds(24 * 3600)

    assert program.get("/api/v1/probe").json()["code"] == "token_refused"


def test_a_revoked_token_is_worthless_at_once(house):
    secret, token_id = house.token()
    program = house.program(secret)
    assert program.get("/api/v1/probe").status_code == 200

    house.kept_tokens.remove(token_id)

    assert program.get("/api/v1/probe").json()["code"] == "token_refused"


def test_a_disabled_person_s_token_is_worthless_at_once(house):
    owner = house.person("mai")
    program = house.program(house.token(owner)[0])
    assert program.get("/api/v1/probe").json()["user"] == "mai"

    house.people.change_account("mai", {"disabled": True})
    assert program.get("/api/v1/probe").json()["code"] == "token_refused"

    house.people.change_account("mai", {"disabled": False})
    assert program.get("/api/v1/probe").status_code == 200


# --- what a token lends -----------------------------------------------------------------------


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("scope", "lends"), [("read", 0), ("write", 1), ("admin", 2)])
def test_a_token_lends_no_more_than_its_scope_and_its_owner_s_role(house, role, scope, lends):
    owner = house.person(f"{role}-{scope}", role)

    seen = house.program(house.token(owner, scope)[0]).get("/api/v1/probe").json()["role"]

    assert seen == ROLES[min(ROLES.index(role), lends)]


def test_a_token_follows_its_owner_s_role_at_once(house):
    owner = house.person("an", Role.ADMIN)
    program = house.program(house.token(owner)[0])
    assert program.get("/api/v1/probe").json()["role"] == "admin"

    house.people.change_account("an", {"role": Role.VIEWER})

    assert program.get("/api/v1/probe").json()["role"] == "viewer"


@pytest.mark.parametrize(
    ("scope", "asked", "gets"),
    [
        ("admin", "viewer", "viewer"),
        ("admin", "member", "member"),
        ("admin", "admin", "admin"),
        ("read", "admin", "viewer"),
        ("write", "admin", "member"),
        ("admin", "emperor", "viewer"),
        ("admin", "", "admin"),
    ],
)
def test_a_program_can_only_lower_what_it_may(house, scope, asked, gets):
    program = house.program(house.token(scope=scope)[0])

    seen = program.get("/api/v1/probe", headers={"whisk-acting-role": asked}).json()

    assert seen["role"] == gets


def test_a_browser_cannot_raise_itself_by_that_header(house):
    viewer = house.signed_in(house.person("linh", Role.VIEWER))

    answer = viewer.post(
        "/api/v1/queue/start", headers={"origin": ORIGIN, "whisk-acting-role": "admin"}
    )

    assert answer.json()["code"] == "not_allowed"


PERSONAL = [
    ("POST", "/api/v1/tokens", {"name": "another", "scope": "read", "days": None}),
    ("DELETE", "/api/v1/tokens/TOKEN", None),
    ("PUT", "/api/v1/me/password", {"password": "nine amber lanterns"}),
]


@pytest.mark.parametrize("scope", ["read", "write"])
@pytest.mark.parametrize(("method", "path", "body"), PERSONAL)
def test_a_token_below_admin_neither_makes_nor_revokes_tokens_nor_sets_passwords(
    house, scope, method, path, body
):
    secret, token_id = house.token(scope=scope)

    answer = house.program(secret).request(method, path.replace("TOKEN", token_id), json=body)

    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
    assert house.tokens.resolve(secret)


@pytest.mark.parametrize(("method", "path", "body"), PERSONAL)
def test_an_admin_s_token_may_all_that_and_so_may_a_person(house, method, path, body):
    browser = house.signed_in()
    program = house.program(house.token()[0])
    ids = [house.token()[1] for _ in range(2)]

    first = browser.request(
        method, path.replace("TOKEN", ids[0]), json=body, headers={"origin": ORIGIN}
    )
    second = program.request(method, path.replace("TOKEN", ids[1]), json=body)

    assert (first.status_code, second.status_code) == (200, 200)


def test_an_admin_s_token_with_a_lowered_role_makes_no_token(house):
    program = house.program(house.token()[0], **{"whisk-acting-role": "viewer"})

    answer = program.post("/api/v1/tokens", json={"name": "x", "scope": "read", "days": None})

    assert answer.json()["code"] == "not_allowed"


def test_the_token_of_this_process_speaks_for_the_local_admin(house):
    answer = house.program(house.tokens.local()).get("/api/v1/me")

    assert answer.json()["data"]["id"] == LOCAL_ADMIN.id
