import re
from dataclasses import dataclass, field
from typing import Any

import pytest
from fastapi import FastAPI, Request, WebSocket
from starlette.testclient import TestClient

from app.auth.launch import LaunchTokens
from app.auth.passwords import hash_password
from app.auth.sessions import Sessions
from app.auth.tokens import DAY, Token, Tokens, digest, mint
from app.clock import SECOND, Clock
from app.models import LOCAL_ADMIN, Role, Scope, UserInfo
from app.store.database import Database
from app.store.people import People
from app.store.tokens import StoredTokens
from tests.serving import Face

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
    tokens: Tokens
    launch: LaunchTokens
    kept_tokens: StoredTokens
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

    def person(self, name, role=Role.MEMBER):
        """Somebody new who may come in."""
        user = UserInfo(id=name, username=name, display_name=name.title(), role=Role(role))
        assert self.people.add_account(user, None)
        return user

    def token(self, owner=LOCAL_ADMIN, scope=Scope.ADMIN, days=None):
        """A program's token, and its id."""
        secret, now = mint(), self.clock.now()
        kept = Token(
            id=digest(secret)[:32],
            token_hash=digest(secret),
            user_id=owner.id,
            name="a program",
            scope=Scope(scope),
            prefix=secret[:14],
            created_at=now,
            expires_at=None if days is None else now + days * DAY,
        )
        self.kept_tokens.add(kept)
        return secret, kept.id

    def program(self, token, **headers):
        """A program: no cookies, no origin, a token."""
        client = self.browser(authorization=f"Bearer {token}", **headers)
        client.headers["user-agent"] = "program/1"
        return client


@pytest.fixture
def clock():
    return MovableClock()


@pytest.fixture
def api():
    """No studio at all: enough where no route reaches it."""


@pytest.fixture(scope="session")
def face():
    """The application, one for all tests: its routes take long to build."""
    face = Face(
        HOST, "localhost:8080", owns_client=lambda client_id, principal: client_id == "mine"
    )
    add_probes(face.application)
    return face


@pytest.fixture
def house(clock, api, face):
    database = api.studio.database if api else Database(None, clock)
    database.open()
    people, tokens = api.people if api else People(database), StoredTokens(database)
    house = House(
        face.application,
        clock,
        people,
        Sessions(people, clock),
        Tokens(tokens, clock),
        LaunchTokens(clock),
        tokens,
    )
    face.show(api, house)
    face.application.state.heard = house.heard
    yield house
    if not api:
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


def add_probes(application: FastAPI) -> None:
    """Routes that tell what reaches the application through the gate."""

    @application.api_route(
        "/{path:path}", methods=["GET", "POST", "DELETE"], include_in_schema=False
    )
    async def probe(request: Request, path: str) -> Any:
        application.state.heard.append(path)
        body = await request.body()
        user = getattr(request.state, "user", None)
        return {
            "path": path,
            "user": user.username if user else None,
            "role": user.role if user else None,
            "headers": dict(request.headers),
            "bytes": len(body),
        }

    @application.websocket("/_nicegui_ws/socket.io/")
    async def socket(websocket: WebSocket) -> None:
        application.state.heard.append("socket")
        await websocket.accept()
        async for text in websocket.iter_text():
            await websocket.send_text(f"{websocket.state.user.username} said {text}")
