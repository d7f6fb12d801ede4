"""Many who sign in at once: few are checked, a few wait, the rest are told at once."""

import re
import threading

import anyio
import httpx
import pytest

from app.web.login import MAX_PASSWORD_CHECKS, MAX_WAITING
from tests.web.conftest import ORIGIN

pytestmark = pytest.mark.anyio

CROWD = 200


@pytest.fixture
def anyio_backend():
    return "asyncio"


class Checks:
    """Passwords that are being checked: each holds 19 MiB until it may go on."""

    def __init__(self):
        self.may_end = threading.Event()
        self.now = 0
        self.most = 0
        self._lock = threading.Lock()

    def verify(self, stored, password):
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)
        assert self.may_end.wait(60)
        with self._lock:
            self.now -= 1
        return False


async def test_two_hundred_at_once_hold_little_and_hold_nobody_up(house, monkeypatch):
    house.set_password()
    checks = Checks()
    monkeypatch.setattr("app.auth.sessions.verify_password", checks.verify)
    answers = []
    transport = httpx.ASGITransport(house.application, client=("192.0.2.7", 1))
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as browser:
        page = await browser.get("/login")
        form_token = re.search(r'name="form_token" value="([^"]*)"', page.text)[1]

        async def sign_in(number):
            data = {"username": f"nobody-{number}", "password": "x", "form_token": form_token}
            answer = await browser.post("/login", data=data, headers={"origin": ORIGIN})
            answers.append(answer)

        async with anyio.create_task_group() as crowd:
            for number in range(CROWD):
                crowd.start_soon(sign_in, number)
            with anyio.fail_after(60):
                while len(answers) < CROWD - MAX_PASSWORD_CHECKS - MAX_WAITING:
                    await anyio.lowlevel.checkpoint()
            told_at_once = list(answers)
            alive = await browser.get("/healthz")
            checks.may_end.set()

    assert {answer.status_code for answer in told_at_once} == {429}
    assert all(int(answer.headers["retry-after"]) > 0 for answer in told_at_once)
    assert alive.status_code == 200
    assert checks.most <= MAX_PASSWORD_CHECKS
    assert len(answers) == CROWD
    assert {answer.status_code for answer in answers} <= {403, 429}
