"""Who is there, and whether passwords can be overheard: asked once for all open pages."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from weakref import WeakKeyDictionary

from nicegui import Client

from app.api.base_api import BaseApi
from app.sharing import PersonPresence, SharingInfo
from pages.ask import ask

SECONDS_BETWEEN_QUESTIONS = 2.0


@dataclass(frozen=True)
class Someone:
    """A person who has a page open."""

    user_id: str
    name: str


@dataclass(frozen=True)
class Around:
    """What every page shows of it."""

    people: tuple[Someone, ...] = ()
    is_shared: bool = False
    can_be_overheard: bool = False


Tell = Callable[[Around], Awaitable[None] | None]


class Company:
    """Asks the studio for all pages together, and tells them only when something changed.

    Every page calls `tick` from a `ui.timer`; calls that come too early do nothing.
    """

    def __init__(self, api: BaseApi, now: Callable[[], float] = time.monotonic) -> None:
        self._api = api
        self._now = now
        self._asked_at = float("-inf")
        self._pages: dict[str, tuple[Client, list[Tell]]] = {}
        self.around = Around()
        """What is known."""

    def join(self, client: Client, tell: Tell) -> None:
        """Tell a page whatever changes, in its own slot, until it is deleted."""
        if client.id not in self._pages:
            self._pages[client.id] = client, []
            client.on_delete(lambda: self._pages.pop(client.id, None))
        self._pages[client.id][1].append(tell)

    async def tick(self) -> None:
        """Ask, unless somebody just did. A studio that does not answer changes nothing."""
        if self._now() - self._asked_at < SECONDS_BETWEEN_QUESTIONS:
            return
        self._asked_at = self._now()
        await self.look()

    async def look(self) -> None:
        """Ask now."""
        sharing = await ask(self._api.get_sharing)
        presence = await ask(self._api.list_presence)
        if sharing.success and presence.success:
            people = [PersonPresence(**person) for person in presence.data]
            self._take(_around(SharingInfo(**sharing.data), people))

    def _take(self, around: Around) -> None:
        before, self.around = self.around, around
        if before == around:
            return
        for client, parts in list(self._pages.values()):
            for tell in parts if not client.is_deleted else ():
                client.safe_invoke(partial(tell, around))


def _around(sharing: SharingInfo, people: list[PersonPresence]) -> Around:
    return Around(
        people=tuple(Someone(one.user_id, one.name) for one in people if one.online),
        is_shared=sharing.on or bool(sharing.public_url),
        can_be_overheard=sharing.can_be_overheard,
    )


_known: WeakKeyDictionary[BaseApi, Company] = WeakKeyDictionary()


def company_of(api: BaseApi) -> Company:
    """The one of a studio; `api` is the bare object, which acts as the local admin."""
    if api not in _known:
        _known[api] = Company(api)
    return _known[api]
