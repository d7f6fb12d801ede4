"""What the settings page says of keys; never the key."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from nicegui import app as nicegui_app
from nicegui.testing import User, user_simulation
from starlette.types import ASGIApp, Receive, Scope, Send

import pages
from app.api.local_api import LocalApi
from app.api.models import LOCAL_ADMIN

pytestmark = pytest.mark.anyio

KEY = "AIza-entered-0123456789-wxyz"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[LocalApi]:
    """A studio that does no work, and that reads its address when it is opened."""
    api = LocalApi(tmp_path / "data", tmp_path / "output", works=False)
    api.open()
    yield api
    api.close()


class SignedIn:
    """Stands where the gate stands: says who asks."""

    def __init__(self, application: ASGIApp) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("state", {})["user"] = LOCAL_ADMIN
        await self._application(scope, receive, send)


@pytest.fixture
async def user(studio: LocalApi) -> AsyncIterator[User]:
    async with user_simulation() as user:
        nicegui_app.add_middleware(SignedIn)
        pages.register(studio)
        yield user


async def test_it_says_where_keys_are_kept_before_one_is_entered(user: User) -> None:
    await user.open("/settings")

    await user.should_see("No key yet")
    await user.should_see("a file of the data folder that only its owner can read")


async def test_it_says_to_which_address_a_key_is_bound(user: User, studio: LocalApi) -> None:
    studio.set_provider_key("gemini", KEY)

    await user.open("/settings")

    await user.should_see("it ends in wxyz")
    await user.should_see("sent to https://generativelanguage.googleapis.com:443 and nowhere else")
    await user.should_not_see(KEY)


async def test_it_says_what_to_do_about_a_key_of_another_address(
    user: User, studio: LocalApi
) -> None:
    studio.set_provider_key("gemini", KEY)
    studio.studio.keys.declare("gemini", (), "https://gateway.example.org")

    await user.open("/settings")

    await user.should_see("Enter the key of the present address")
    await user.should_see("Forget key")
