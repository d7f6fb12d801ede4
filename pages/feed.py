"""The shared change feed: one question and one string for all browsers that may see the same."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from nicegui import Client, json

from app.api.base_api import BaseApi
from app.api.models import ApiResponse, QueueState, UserInfo
from app.auth.roles import Reach, reach
from pages.ask import ask

SECONDS_BETWEEN_QUESTIONS = 0.4

OnQueue = Callable[[QueueState | None], Awaitable[None] | None]
"""Called with the new state of the queue, or with None while the studio does not answer."""

_UNSAFE_IN_SCRIPTS = str.maketrans({"<": "\\u003c", "\u2028": "\\u2028", "\u2029": "\\u2029"})


@dataclass(frozen=True)
class _Listener:
    client: Client
    on_queue: OnQueue


class QueueFeed:
    """Asks `BaseApi.get_changes` for all open pages together and hands each the same delta.

    Every page calls `tick` from a `ui.timer`; calls that come too early, or while a question is
    still out, do nothing. Rows go straight to the browsers, where `WD.apply` of
    `static/queue_grid.js` takes them; the server keeps none.
    """

    def __init__(self, api: BaseApi, now: Callable[[], float] = time.monotonic) -> None:
        self._api = api
        self._now = now
        self._listeners: dict[str, _Listener] = {}
        self._cursor = 0
        self._queue: QueueState | None = None
        self._stale = True
        self._lost = False
        self.failure: ApiResponse | None = None
        """Why the studio does not answer, while it does not and says so."""
        self._asked_at = float("-inf")
        self._question: asyncio.Future[None] | None = None

    def join(self, client: Client, on_queue: OnQueue) -> None:
        """Send deltas to a page until its client is deleted.

        `on_queue` is called in the page's own slot: at once with the state last heard of, if any,
        then whenever it changes. Joining twice replaces the callback.
        """
        self._listeners[client.id] = _Listener(client, on_queue)
        client.on_delete(lambda: self._leave(client.id))
        if not self._stale:
            self._tell([self._listeners[client.id]])

    async def tick(self) -> None:
        """Ask what changed, unless somebody just did. Costs nothing when nobody is joined.

        The question outlives the page whose timer asked it. A bug in the studio is shown to the
        pages as a lost connection and stays loud in the log; the next tick asks again.
        """
        out = self._question is not None and not self._question.done()
        early = self._now() - self._asked_at < SECONDS_BETWEEN_QUESTIONS
        if out or early or not self._listeners:
            return
        self._asked_at = self._now()
        self._question = asyncio.ensure_future(self._ask())
        await asyncio.shield(self._question)

    async def _ask(self) -> None:
        answer = ApiResponse(success=False)
        try:
            answer = await ask(self._api.get_changes, self._cursor)
        finally:
            self._take(answer)

    def _take(self, answer: ApiResponse) -> None:
        before = self._lost, self._queue
        self._lost = not answer.success
        self.failure = answer if answer.code else None
        if answer.success:
            self._broadcast(answer.data)
            if answer.data["queue"] is not None:
                self._queue = QueueState(**answer.data["queue"])
        if before != (self._lost, self._queue):
            self._tell(list(self._listeners.values()))

    def _broadcast(self, changes: dict[str, Any]) -> None:
        before, self._cursor = self._cursor, changes["cursor"]
        stale, self._stale = self._stale, False
        if before == self._cursor and not stale:
            return
        delta = encoded(_cursor_only(self._cursor) if stale else _delta(before, changes))
        for listener in list(self._listeners.values()):
            listener.client.run_javascript(f'WD.apply("queue",{delta})')

    def _tell(self, listeners: list[_Listener]) -> None:
        state = None if self._lost else self._queue
        for listener in listeners:
            if not listener.client.is_deleted:
                listener.client.safe_invoke(partial(listener.on_queue, state))

    def _leave(self, client_id: str) -> None:
        self._listeners.pop(client_id, None)
        if not self._listeners:
            # Nobody watches, so nobody asks: what is known here grows old from now on.
            self._stale = True


class Feeds:
    """One feed for all who see everything, and one for each other person: what is private to
    somebody goes to no other browser."""

    def __init__(self, api: BaseApi) -> None:
        self._api = api
        self._shared = QueueFeed(api)
        self._own: dict[tuple[str, str], QueueFeed] = {}

    def of(self, user: UserInfo) -> QueueFeed:
        """The feed of a person; the same one for all their pages. It asks while one is open."""
        if reach(user.role, "get_changes") == Reach.ALL:
            return self._shared
        who = user.id, user.role
        if who not in self._own:
            self._own[who] = QueueFeed(self._api.acting_as(user))
        return self._own[who]


def _cursor_only(cursor: int) -> dict[str, Any]:
    """Every page fetches the rows by itself; one that has older ones learns so, and fetches again.

    The first answer after a while may hold the whole queue: no page needs it twice.
    """
    return {"base": cursor, "v": cursor, "upsert": [], "remove": []}


def _delta(before: int, changes: dict[str, Any]) -> dict[str, Any]:
    """What a browser needs to come from one cursor to the next."""
    if changes["reset"]:
        return {"reset": True, "v": changes["cursor"]}
    return {
        "base": before,
        "v": changes["cursor"],
        "upsert": changes["rows"],
        "remove": changes["removed"],
    }


def encoded(value: Any) -> str:
    """JSON that is also safe as a piece of JavaScript, inside a page's script or outside."""
    return json.dumps(value).translate(_UNSAFE_IN_SCRIPTS)
