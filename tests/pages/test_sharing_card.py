"""The card of sharing, as an admin sees it; the header and the banner, as everybody does."""

from collections.abc import AsyncIterator, Iterator

import pytest
from nicegui import app as nicegui_app
from nicegui.testing import User, user_simulation
from starlette.types import ASGIApp, Receive, Scope, Send

import pages
from app.api.mock_api import MockApi
from app.api.models import LOCAL_ADMIN, UserInfo
from tests.contract.sharing import ADDRESS, Gateway

pytestmark = pytest.mark.anyio

MAI = UserInfo(id="mai", username="mai", display_name="Mai", role="member")
PASSWORD = "seven grey herons"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def studio() -> Iterator[MockApi]:
    api = MockApi()
    api.open()
    api.people.add_account(MAI, None)
    yield api
    api.close()


@pytest.fixture
def gateway(studio: MockApi) -> Gateway:
    studio.outside = gateway = Gateway()
    return gateway


class SignedIn:
    """Stands where the gate stands: says who asks."""

    person = LOCAL_ADMIN

    def __init__(self, application: ASGIApp) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("state", {})["user"] = SignedIn.person
        await self._application(scope, receive, send)


@pytest.fixture
async def user(studio: MockApi, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[User]:
    monkeypatch.setattr(SignedIn, "person", LOCAL_ADMIN)
    async with user_simulation() as user:
        nicegui_app.add_middleware(SignedIn)
        pages.register(studio)
        yield user


async def test_it_says_that_a_password_comes_first(user: User, gateway: Gateway) -> None:
    await user.open("/settings")

    await user.should_see("First set a password for yourself")
    (switch,) = user.find(marker="share").elements
    assert switch.enabled is False


async def test_switched_on_it_shows_how_others_come_in(
    user: User, studio: MockApi, gateway: Gateway
) -> None:
    studio.set_password(PASSWORD)
    await user.open("/settings")
    await user.should_see("Nobody else gets in.")

    user.find(marker="share").click()

    await user.should_see("Others can open it now.")
    await user.should_see(ADDRESS)
    (picture,) = user.find(marker="qr").elements
    assert picture.props["src"].startswith("/share/qr.svg?of=http%3A%2F%2F10.0.0.7")
    await user.should_see("Passwords can be read on this network: nothing is encrypted.")
    (banner,) = user.find(marker="banner").elements
    assert banner.visible
    assert gateway.is_open

    user.find(marker="share").click()
    await user.should_see("Nobody else gets in.")
    assert not gateway.is_open


async def test_who_is_connected_is_told_with_the_address(
    user: User, studio: MockApi, gateway: Gateway
) -> None:
    studio.presence.enter("a page", "mai", "10.0.0.5")
    await user.open("/settings")

    await user.should_see("Mai")
    await user.should_see("just came · nothing in the queue · 10.0.0.5")


async def test_a_member_sees_no_card_but_who_is_here_and_the_warning(
    user: User, studio: MockApi, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio.set_password(PASSWORD)
    studio.set_sharing(True)
    studio.presence.enter("a page", "local", "10.0.0.5")
    monkeypatch.setattr(SignedIn, "person", MAI)
    await user.open("/settings")

    await user.should_not_see("Sharing on this network")
    await user.should_see("Passwords can be read on this network.")
    await user.should_see(marker="who")
    await user.should_not_see("10.0.0.5")


async def test_who_works_alone_is_shown_neither(user: User, studio: MockApi) -> None:
    studio.presence.enter("a page", "local")
    await user.open("/settings")

    await user.should_not_see(marker="who")
    await user.should_not_see(marker="banner")
