import pytest
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.websockets import WebSocketDisconnect

HOST = "127.0.0.1:8080"
ORIGIN = f"http://{HOST}"


@pytest.fixture
def token(house):
    return house.sessions.open(house.people.user("local"))


def opened(house, token=None, **headers):
    cookie = {"cookie": f"whisk_session={token}"} if token else {}
    browser = TestClient(house.application)
    return browser.websocket_connect(
        f"ws://{HOST}/_nicegui_ws/socket.io/", headers={"host": HOST, **cookie, **headers}
    )


def is_refused(house, token=None, **headers):
    with (
        pytest.raises((WebSocketDisconnect, WebSocketDenialResponse)) as refusal,
        opened(house, token, **headers),
    ):
        pass
    return refusal.value.code == 4401 and house.heard == []


def test_our_own_page_with_a_session_is_let_in_and_named(house, token):
    with opened(house, token, origin=ORIGIN) as socket:
        socket.send_text("hello")

        assert socket.receive_text() == "local said hello"


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:9999", ""])
def test_a_foreign_origin_is_refused_even_with_a_session(house, token, origin):
    assert is_refused(house, token, origin=origin)


def test_a_socket_that_names_no_origin_is_refused(house, token):
    assert is_refused(house, token)


def test_a_foreign_host_is_refused(house, token):
    assert is_refused(house, token, host="evil.example", origin=ORIGIN)


def test_without_a_session_no_socket_opens(house):
    assert is_refused(house, origin=ORIGIN)


def test_with_an_ended_session_no_socket_opens(house, token):
    house.sessions.end(token)

    assert is_refused(house, token, origin=ORIGIN)


def test_an_open_socket_closes_when_its_session_ends(house, token):
    with opened(house, token, origin=ORIGIN) as socket:
        socket.send_text("hello")
        socket.receive_text()

        house.sessions.end(token)
        socket.send_text("spend")

        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_text()
    assert closed.value.code == 4401


def test_an_open_socket_keeps_its_session_alive(house, token, clock):
    with opened(house, token, origin=ORIGIN) as socket:
        for _ in range(4):
            clock.pass_seconds(6 * 3600)
            socket.send_text("hello")
            socket.receive_text()

    assert house.sessions.resolve(token)
