import asyncio
import json
import threading
from collections.abc import Callable
from typing import Any

import pytest

from app.api.models import ApiResponse, QueueState, UserInfo
from pages.feed import Feeds, QueueFeed

pytestmark = pytest.mark.anyio

COUNTS = {"pending": 1, "running": 0, "completed": 0, "error": 0}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Page:
    """What the feed needs of a client."""

    def __init__(self, name: str = "page") -> None:
        self.id = name
        self.is_deleted = False
        self.scripts: list[str] = []
        self.told: list[QueueState | None] = []
        self._leave: list[Callable[[], None]] = []

    def on_delete(self, handler: Callable[[], None]) -> None:
        self._leave.append(handler)

    def run_javascript(self, code: str) -> None:
        self.scripts.append(code)

    def safe_invoke(self, call: Callable[[], None]) -> None:
        call()

    def close(self) -> None:
        self.is_deleted = True
        for handler in self._leave:
            handler()

    @property
    def deltas(self) -> list[dict[str, Any]]:
        start, end = 'WD.apply("queue",', ")"
        return [json.loads(one.removeprefix(start).removesuffix(end)) for one in self.scripts]


class Studio:
    """Answers `get_changes` with what a test put in, then with "nothing new"."""

    def __init__(self) -> None:
        self.answers: list[ApiResponse | Exception] = []
        self.asked: list[int] = []
        self.may_answer = threading.Event()
        self.may_answer.set()

    def get_changes(self, since: int) -> ApiResponse:
        self.asked.append(since)
        self.may_answer.wait(10)
        if not self.answers:
            return changed(since)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def changed(cursor: int, rows: list[Any] | None = None, **more: Any) -> ApiResponse:
    data = {"cursor": cursor, "reset": False, "rows": rows or [], "removed": [], "queue": None}
    return ApiResponse(success=True, data={**data, **more})


def queue(**more: Any) -> dict[str, Any]:
    return {"running": False, "counts": COUNTS, **more}


@pytest.fixture
def studio() -> Studio:
    return Studio()


@pytest.fixture
def clock() -> list[float]:
    return [100.0]


@pytest.fixture
def feed(studio: Studio, clock: list[float]) -> QueueFeed:
    return QueueFeed(studio, now=lambda: clock[0])


def join(feed: QueueFeed, name: str = "page") -> Page:
    page = Page(name)
    feed.join(page, page.told.append)
    return page


async def tick(feed: QueueFeed, clock: list[float]) -> None:
    clock[0] += 1
    await feed.tick()


async def test_the_first_answer_passes_on_the_cursor_and_no_rows(feed, studio, clock):
    page = join(feed)
    studio.answers = [changed(7, [{"id": "a"}], reset=True, queue=queue())]

    await tick(feed, clock)

    assert page.deltas == [{"base": 7, "v": 7, "upsert": [], "remove": []}]
    assert page.told == [QueueState(**queue())]


async def test_later_answers_say_from_which_cursor_to_which_they_lead(feed, studio, clock):
    page = join(feed)
    studio.answers = [changed(7), changed(9, [{"id": "a"}], removed=["b"])]

    await tick(feed, clock)
    await tick(feed, clock)

    assert studio.asked == [0, 7]
    assert page.deltas[1] == {"base": 7, "v": 9, "upsert": [{"id": "a"}], "remove": ["b"]}


async def test_all_pages_get_the_very_same_string(feed, studio, clock):
    one, other = join(feed, "one"), join(feed, "other")
    studio.answers = [changed(3)]

    await tick(feed, clock)

    assert one.scripts == other.scripts
    assert len(studio.asked) == 1


async def test_ticks_of_many_pages_at_one_moment_ask_once(feed, studio, clock):
    join(feed)
    clock[0] += 1

    await feed.tick()
    clock[0] += 0.1
    await feed.tick()

    assert len(studio.asked) == 1


async def test_a_slow_studio_is_never_asked_twice_at_once(feed, studio, clock):
    join(feed)
    studio.may_answer.clear()
    slow = asyncio.ensure_future(tick(feed, clock))
    await asyncio.sleep(0)

    await tick(feed, clock)
    studio.may_answer.set()
    await slow

    assert len(studio.asked) == 1


async def test_an_answer_arrives_though_the_page_that_asked_is_gone(feed, studio, clock):
    join(feed, "asks")
    stays = join(feed, "stays")
    studio.answers = [changed(3)]
    studio.may_answer.clear()
    asking = asyncio.ensure_future(tick(feed, clock))
    await asyncio.sleep(0)

    asking.cancel()
    studio.may_answer.set()
    await asyncio.wait([feed._question], timeout=10)

    assert stays.deltas == [{"base": 3, "v": 3, "upsert": [], "remove": []}]


async def test_nobody_asks_while_nobody_watches(feed, studio, clock):
    await tick(feed, clock)

    assert studio.asked == []


async def test_an_idle_tick_sends_nothing(feed, studio, clock):
    page = join(feed)
    studio.answers = [changed(3, queue=queue())]
    await tick(feed, clock)
    sent, told = list(page.scripts), list(page.told)

    await tick(feed, clock)

    assert (page.scripts, page.told) == (sent, told)


async def test_a_new_studio_without_any_change_does_not_make_pages_fetch_again(feed, studio, clock):
    page = join(feed)
    studio.answers = [changed(0, reset=True, queue=queue()), changed(0, reset=True, queue=queue())]

    await tick(feed, clock)
    await tick(feed, clock)

    assert len(page.scripts) == 1
    assert len(page.told) == 1


async def test_a_reset_tells_every_page_to_fetch_again(feed, studio, clock):
    page = join(feed)
    studio.answers = [changed(7), changed(2, [{"id": "a"}], reset=True)]

    await tick(feed, clock)
    await tick(feed, clock)

    assert page.deltas[1] == {"reset": True, "v": 2}


async def test_a_failure_is_shown_once_and_ends_by_itself(feed, studio, clock):
    page = join(feed)
    failure = ApiResponse(success=False, code="internal")
    studio.answers = [changed(3, queue=queue()), failure, failure]

    for _ in range(4):
        await tick(feed, clock)

    assert page.told == [QueueState(**queue()), None, QueueState(**queue())]


async def test_a_bug_in_the_studio_stays_loud_and_the_next_tick_asks_again(feed, studio, clock):
    page = join(feed)
    studio.answers = [RuntimeError("a bug"), changed(3, queue=queue())]

    with pytest.raises(RuntimeError, match="a bug"):
        await tick(feed, clock)
    await tick(feed, clock)

    assert page.told == [None, QueueState(**queue())]


async def test_who_joins_later_hears_the_known_state_at_once(feed, studio, clock):
    join(feed, "early")
    studio.answers = [changed(3, queue=queue(running=True))]
    await tick(feed, clock)

    late = join(feed, "late")

    assert late.told == [QueueState(**queue(running=True))]
    assert late.scripts == []


async def test_a_closed_page_is_left_alone(feed, studio, clock):
    closed, other = join(feed, "closed"), join(feed, "other")

    closed.close()
    studio.answers = [changed(3, queue=queue())]
    await tick(feed, clock)

    assert (closed.scripts, closed.told) == ([], [])
    assert len(other.scripts) == 1


async def test_rows_that_changed_while_nobody_watched_are_not_sent(feed, studio, clock):
    first = join(feed, "first")
    studio.answers = [changed(3, queue=queue())]
    await tick(feed, clock)
    first.close()

    second = join(feed, "second")
    studio.answers = [changed(9, [{"id": "a"}])]
    await tick(feed, clock)

    assert second.told == []
    assert studio.asked == [0, 3]
    assert second.deltas == [{"base": 9, "v": 9, "upsert": [], "remove": []}]


async def test_no_text_of_a_task_can_leave_the_string_it_is_in(feed, studio, clock):
    page = join(feed)
    prompt = '</script><!-- "quoted" \\ \u2028 and \u2029 </SCRIPT>'
    studio.answers = [changed(1), changed(2, [{"id": "a", "prompt": prompt}])]

    await tick(feed, clock)
    await tick(feed, clock)

    assert not set("<\u2028\u2029") & set(page.scripts[1])
    assert page.deltas[1]["upsert"] == [{"id": "a", "prompt": prompt}]


# --- one feed for each sight ----------------------------------------------------------------------


class Shared(Studio):
    """A studio of several people; notes on whose behalf it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.of: dict[str, Studio] = {}

    def acting_as(self, user: UserInfo) -> Studio:
        return self.of.setdefault(user.id, Studio())


def person(name: str, role: str = "member") -> UserInfo:
    return UserInfo(id=name, username=name, role=role)


async def test_all_who_see_everything_share_one_feed_and_everybody_else_has_their_own():
    feeds = Feeds(Shared())
    admins = [person("ada", "admin"), person("eve", "admin")]

    assert len({id(feeds.of(user)) for user in admins}) == 1
    assert feeds.of(person("mai")) is feeds.of(person("mai"))
    assert len({id(feeds.of(user)) for user in (admins[0], person("mai"), person("bao"))}) == 3
    assert feeds.of(person("mai")) is not feeds.of(person("mai", "viewer"))


async def test_a_person_s_feed_asks_on_that_person_s_behalf(clock):
    studio = Shared()
    feeds = Feeds(studio)
    feed = feeds.of(person("mai"))
    page = join(feed)
    studio.of["mai"].answers = [changed(7), changed(8, [{"id": "mine"}])]
    studio.answers = [changed(7), changed(8, [{"id": "of others"}])]

    for _ in range(2):
        feed._asked_at = float("-inf")
        await feed.tick()

    assert page.deltas[1]["upsert"] == [{"id": "mine"}]
    assert studio.asked == []
