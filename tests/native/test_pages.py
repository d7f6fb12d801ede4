"""Pages in the window of this server offer more than pages in a browser."""

from collections.abc import AsyncIterator, Iterator

import pytest
from nicegui import app as nicegui_app
from nicegui import ui
from nicegui.testing import User, user_simulation
from starlette.types import ASGIApp, Receive, Scope, Send

import pages
from app.api.mock_api import MockApi
from app.api.models import LOCAL_ADMIN, ApiResponse
from app.auth.sessions import Principal

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def studio() -> Iterator[MockApi]:
    api = MockApi()
    api.open()
    yield api
    api.close()


class SignedIn:
    """Stands where the gate stands: the kind of the session is in the address."""

    def __init__(self, application: ASGIApp) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope.get("query_string", b"").decode() or "launch"
        principal = Principal(LOCAL_ADMIN, "session", kind)
        scope.setdefault("state", {}).update(user=LOCAL_ADMIN, principal=principal)
        await self._application(scope, receive, send)


class Desk:
    """A machine whose person always chooses the same folder."""

    chosen = "/srv/pictures"

    def choose_folder(self) -> ApiResponse:
        return ApiResponse(success=True, data=self.chosen)


@pytest.fixture
async def user(studio: MockApi) -> AsyncIterator[User]:
    async with user_simulation() as user:
        nicegui_app.add_middleware(SignedIn)
        pages.register(studio, Desk())  # type: ignore[arg-type]
        yield user


async def test_the_window_chooses_folders(user: User) -> None:
    await user.open("/settings?native")

    user.find("choose-folder").click()

    await user.should_see("/srv/pictures")


async def test_a_person_who_chooses_nothing_changes_nothing(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Desk, "chosen", "")
    await user.open("/settings?native")
    (folder,) = user.find("settings-output").elements
    assert isinstance(folder, ui.input)
    before = folder.value

    user.find("choose-folder").click()

    await user.should_not_see("/srv/pictures")
    assert folder.value == before


@pytest.mark.parametrize("kind", ["launch", "password", "token"])
async def test_a_browser_does_not(user: User, kind: str) -> None:
    await user.open(f"/settings?{kind}")

    await user.should_not_see("choose-folder")
    await user.should_not_see("show-folder")
    await user.should_see("sign-out")


async def test_nobody_signs_out_of_the_window(user: User) -> None:
    await user.open("/?native")

    await user.should_not_see("sign-out")
