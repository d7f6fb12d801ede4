"""The QR code and the certificate, the warning of the login page, and https for good."""

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.api.mock_api import MockApi
from app.models import Role
from app.sharing import SharingInfo
from app.web.share import qr_svg
from app.web.strict_transport import HEADER, StrictTransport

ADDRESS = "https://10.0.0.7:8080"


class Open:
    """A way in that is open."""

    def __init__(self, **more):
        self.info = SharingInfo(on=True, **more)

    def state(self):
        return self.info

    def open(self):
        pass

    def close(self):
        pass


@pytest.fixture
def api():
    api = MockApi()
    api.open()
    yield api
    api.close()


@pytest.fixture
def shared(api):
    api.outside = Open(addresses=[ADDRESS], https="self_signed", certificate="-----BEGIN")
    return api


def test_an_admin_sees_the_address_as_a_picture_that_can_do_nothing(house, shared):
    answer = house.signed_in().get("/share/qr.svg")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/svg+xml"
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.content == qr_svg(ADDRESS)
    assert b"<script" not in answer.content


def test_a_qr_code_has_the_margin_that_cameras_need_and_is_dark_on_white():
    drawn = qr_svg("http://10.0.0.7:8080").decode()

    assert 'viewBox="0 0 33 33"' in drawn  # 25 modules of a version 2 code, and four around them
    assert "#fff" in drawn
    assert "#000" in drawn


def test_an_admin_saves_the_certificate_and_no_key(house, shared):
    answer = house.signed_in().get("/share/certificate.pem")

    assert answer.text == "-----BEGIN"
    assert answer.headers["content-disposition"] == 'attachment; filename="certificate.pem"'


@pytest.mark.parametrize("path", ["/share/qr.svg", "/share/certificate.pem"])
def test_they_are_for_admins(house, shared, path):
    for role in (Role.MEMBER, Role.VIEWER):
        member = house.signed_in(house.person(f"mai-{role}", role))
        assert member.get(path).json()["code"] == "not_allowed"
    assert house.browser().get(path).status_code == 401


@pytest.mark.parametrize("path", ["/share/qr.svg", "/share/certificate.pem"])
def test_where_nothing_is_shared_there_is_nothing_to_see(house, path):
    assert house.signed_in().get(path).status_code == 404


def test_the_switch_wants_true_or_false(house, shared):
    admin = house.signed_in()
    headers = {"origin": "http://127.0.0.1:8080"}

    for on in ("true", 1, None, []):
        answer = admin.put("/api/v1/sharing", json={"on": on}, headers=headers).json()
        assert (answer["code"], answer["field"]) == ("invalid_value", "on")


def test_a_token_that_lends_less_than_everything_cannot_switch(house, shared):
    program = house.program(house.token(scope="write")[0])

    assert program.put("/api/v1/sharing", json={"on": False}).json()["code"] == "not_allowed"


WARNING = "Passwords can be read on this network."


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080", "http://localhost:8080"])
def test_nobody_is_warned_of_the_machine_they_sit_at(house, url):
    assert WARNING not in house.browser(url).get("/login").text


# --- https for good -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "told"), [("studio.example", True), ("10.0.0.7:8080", True), ("localhost:8080", False)]
)
def test_browsers_are_told_to_come_over_https_only_but_not_of_localhost(host, told):
    application = FastAPI()
    application.add_middleware(StrictTransport)

    answer = TestClient(application).get("/", headers={"host": host})

    assert (HEADER in answer.headers) is told
