import re
from dataclasses import dataclass, field

import pytest
from fastapi import FastAPI, Request, WebSocket
from starlette.testclient import TestClient

from app.auth.launch import LaunchTokens
from app.auth.passwords import hash_password
from app.auth.sessions import Sessions
from app.clock import SECOND, Clock
from app.models import LOCAL_ADMIN
from app.store.database import Database
from app.store.people import People
from app.web.install import install

HOST = "127.0.0.1:8080"
ORIGIN = f"http://{HOST}"
PASSWORD = "seven grey herons"


class MovableClock(Clock):
    def __init__(self) -> None:
        self.microseconds = 1_800_000_000 * SECOND

    def now(self) -> int:
        return self.microseconds

    def pass_seconds(self, seconds: float) -> None:
        self.microseconds += int(seconds * SECOND)


@dataclass
class House:
    """A small application with our web face, and what stands behind it."""

    application: FastAPI
    clock: MovableClock
    people: People
    sessions: Sessions
    launch: LaunchTokens
    heard: list = field(default_factory=list)

    def browser(self, base_url=ORIGIN, **headers):
        """A new browser: no cookies, follows nothing, names its origin when it sends something."""
        return TestClient(
            self.application,
            base_url=base_url,
            headers={"user-agent": "Browser/1", **headers},
            follow_redirects=False,
        )

    def signed_in(self, user=LOCAL_ADMIN):
        browser = self.browser()
        browser.cookies.set("whisk_session", self.sessions.open(user))
        return browser

    def set_password(self):
        self.people.set_password_hash(LOCAL_ADMIN.id, hash_password(PASSWORD))


@pytest.fixture
def clock():
    return MovableClock()


@pytest.fixture
def api():
    """No studio at all: enough where no route reaches it."""


@pytest.fixture
def house(clock, api):
    database = Database(None, clock)
    database.open()
    people = People(database)
    house = House(FastAPI(), clock, people, Sessions(people, clock), LaunchTokens(clock))
    install(
        house.application,
        api,
        house.sessions,
        house.launch,
        hosts=[HOST, "localhost:8080"],
        origins=[ORIGIN, "http://localhost:8080"],
        asset_prefix="/_nicegui/9.9.9/",
        owns_client=lambda client_id, principal: client_id == "mine",
    )
    add_probes(house)
    yield house
    database.close()


@pytest.fixture
def sign_in(house):
    """Fill in the login form of a browser, as a person does."""

    def submit(browser, username="local", password=PASSWORD, wanted="", **headers):
        page = browser.get("/login", params={"next": wanted} if wanted else {})
        token = re.search(r'name="form_token" value="([^"]*)"', page.text)
        data = {
            "username": username,
            "password": password,
            "next": wanted,
            "form_token": token[1] if token else "",
        }
        return browser.post("/login", data=data, headers={"origin": ORIGIN, **headers})

    return submit


def add_probes(house):
    """Routes that tell what reaches the application through the gate."""

    @house.application.api_route(
        "/{path:path}", methods=["GET", "POST", "DELETE"], include_in_schema=False
    )
    async def probe(request: Request, path: str):
        house.heard.append(path)
        body = await request.body()
        user = getattr(request.state, "user", None)
        return {
            "path": path,
            "user": user.username if user else None,
            "headers": dict(request.headers),
            "bytes": len(body),
        }

    @house.application.websocket("/_nicegui_ws/socket.io/")
    async def socket(websocket: WebSocket):
        house.heard.append("socket")
        await websocket.accept()
        async for text in websocket.iter_text():
            await websocket.send_text(f"{websocket.state.user.username} said {text}")
