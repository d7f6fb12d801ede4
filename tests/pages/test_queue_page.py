import re
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import anyio
import pytest
from nicegui import app as nicegui_app
from nicegui.testing import User, user_simulation
from starlette.types import ASGIApp, Receive, Scope, Send

import pages
from app.api.mock_api import MockApi
from app.api.models import LOCAL_ADMIN, QueueState
from app.words import Words
from pages.components.queue_controls import money, status_line
from tests.waiting import until, until_idle

pytestmark = pytest.mark.anyio

COUNTS = {"pending": 0, "running": 0, "completed": 0, "error": 0}
SELECTION = re.compile(r'return WD\.selection\("queue"\)')


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
    """Stands where the gate stands: says who asks."""

    def __init__(self, application: ASGIApp) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("state", {})["user"] = LOCAL_ADMIN
        await self._application(scope, receive, send)


@pytest.fixture
async def user(studio: MockApi) -> AsyncIterator[User]:
    async with user_simulation() as user:
        nicegui_app.add_middleware(SignedIn)
        pages.register(studio)
        yield user


def add(studio: MockApi, prompt: str = "a lighthouse", **more: Any) -> str:
    answer = studio.add_to_queue({"prompt": prompt, "model": "painter:painter", **more})
    assert answer.success, answer.message
    return answer.data["id"]


def prompts(studio: MockApi) -> list[str]:
    return [row["prompt"] for row in studio.get_queue().data]


def send(user: User, event: str, argument: Any = None) -> None:
    """What the grid in the browser tells the page."""
    layout = user.client.layout
    (listener,) = [one for one in layout._event_listeners.values() if one.type == event]
    layout._handle_event({"listener_id": listener.id, "args": argument})


def select(user: User, *task_ids: str, images: int = 0) -> None:
    user.javascript_rules[SELECTION] = lambda _: {"ids": list(task_ids), "images": images}
    send(user, "selection", len(task_ids))


def is_enabled(user: User, marker: str) -> bool:
    (button,) = user.find(marker=marker).elements
    return button.enabled


async def test_start_and_stop_follow_the_state_of_the_queue(user, studio):
    await user.open("/")
    assert (is_enabled(user, "start"), is_enabled(user, "stop")) == (True, False)

    user.find(marker="start").click()
    await user.should_see(marker="stop", content="Stop")

    await user.should_not_see("Stopped")
    assert (is_enabled(user, "start"), is_enabled(user, "stop")) == (False, True)
    assert studio.queue_state().data["running"]


async def test_a_queue_that_ran_before_is_shown_running(user, studio):
    studio.start_queue()

    await user.open("/")

    assert (is_enabled(user, "start"), is_enabled(user, "stop")) == (False, True)


async def test_the_work_that_others_start_appears_by_itself(user, studio):
    add(studio, images_per_prompt=2)
    await user.open("/")
    await user.should_see("Stopped · 0 of 2 images")

    studio.start_queue()
    until_idle(studio)

    await user.should_see("2 of 2 images", retries=20)


async def test_deleting_asks_first_and_names_the_count(user, studio):
    add(studio, "stays")
    goes = [add(studio, "goes"), add(studio, "goes too")]
    await user.open("/")
    assert not is_enabled(user, "delete")

    select(user, *goes, images=3)
    await user.should_see("Delete (2)")
    user.find(marker="delete").click()
    await user.should_see("Delete 2 tasks?")
    await user.should_see("3 images stay on disk.")
    user.find(marker="confirm-delete").click()

    await user.should_see("2 tasks deleted")
    assert prompts(studio) == ["stays"]


async def test_a_deletion_that_is_not_confirmed_deletes_nothing(user, studio):
    task = add(studio)
    await user.open("/")

    select(user, task)
    user.find(marker="delete").click()
    await user.should_see("Delete 1 task?")
    user.find(marker="cancel").click()

    await user.should_not_see("Delete 1 task?")
    assert len(prompts(studio)) == 1


async def test_an_edit_in_the_grid_is_saved(user, studio):
    task = add(studio, "before")
    await user.open("/")

    send(user, "cell_edited", {"id": task, "field": "prompt", "value": "after", "revision": 1})

    await saved(lambda: prompts(studio) == ["after"])


async def test_a_refused_edit_is_told_and_the_grid_shows_the_truth_again(user, studio):
    task = add(studio, "before")
    await user.open("/")
    scripts: list[str] = []
    user.client.run_javascript = lambda code, **_: scripts.append(code)

    send(user, "cell_edited", {"id": task, "field": "prompt", "value": " ", "revision": 1})

    await user.should_see("The prompt is empty")
    await saved(lambda: 'WD.revert("queue")' in scripts)
    assert prompts(studio) == ["before"]


async def test_an_edit_made_on_an_old_row_is_refused(user, studio):
    task = add(studio, "before")
    studio.update_task(task, {"prompt": "by somebody else"})
    await user.open("/")

    send(user, "cell_edited", {"id": task, "field": "prompt", "value": "mine", "revision": 1})

    await user.should_see("The task was changed meanwhile")
    assert prompts(studio) == ["by somebody else"]


async def test_the_browser_may_edit_no_other_field_through_the_grid(user, studio):
    task = add(studio)
    await user.open("/")

    send(user, "cell_edited", {"id": task, "field": "quality", "value": "2K", "revision": 1})
    send(user, "cell_edited", {"id": task, "field": "prompt", "value": "after", "revision": 1})

    await saved(lambda: prompts(studio) == ["after"])
    assert studio.get_task(task).data["quality"] == "1K"


async def test_no_row_is_sent_with_the_page(user, studio):
    add(studio, "a prompt that only the rows' own route may show")

    await user.open("/")

    (grid,) = user.find(marker="queue-grid").elements
    assert "a prompt that only" not in repr(grid.props)


async def test_no_option_of_the_grid_but_ours_is_code(user, studio):
    await user.open("/")

    (grid,) = user.find(marker="queue-grid").elements
    code = [value for key, value in pairs(grid.props["options"]) if key.startswith(":")]

    assert code
    assert all(re.fullmatch(r"WD\.[\w.]+|p => .{1,60}", value) for value in code), code


async def test_a_picture_opens_large_with_what_it_was_made_of(user, studio):
    task = add(studio, "a lighthouse in fog", images_per_prompt=2)
    studio.start_queue()
    until_idle(studio)
    images = studio.get_task(task).data["output_images"]
    await user.open("/")

    send(user, "zoom", {"task": task, "image": images[1]})

    await user.should_see("2 of 2")
    await user.should_see("a lighthouse in fog")
    (picture,) = user.find(marker="lightbox-picture").elements
    assert picture.props["src"] == f"/api/v1/images/{images[1]}"


async def test_the_page_speaks_vietnamese(user, studio):
    studio.update_settings({"language": "vi"})

    await user.open("/")

    await user.should_see("Bắt đầu")
    assert user.client.title == "Hàng đợi · Whisk Desktop"


async def test_choosing_dark_keeps_it(user, studio):
    await user.open("/")

    user.find(marker="theme-dark").click()
    await saved(lambda: studio.get_settings().data["theme"] == "dark")


async def saved(seen: Callable[[], bool]) -> None:
    """Let the page's handlers run until it is so."""
    await anyio.to_thread.run_sync(until, seen)


def pairs(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key, inner
            yield from pairs(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from pairs(inner)


@pytest.mark.parametrize(
    ("state", "line"),
    [
        ({"running": False}, "Stopped"),
        ({"running": False, "in_flight": 1}, "Stopped; 1 request still out"),
        (
            {"running": True, "images_done": 12, "images_wanted": 38, "in_flight": 2},
            "12 of 38 images · 2 running",
        ),
        (
            {"running": True, "images_wanted": 1, "counts": {**COUNTS, "error": 3}},
            "0 of 1 image · 3 errors",
        ),
        (
            {"running": True, "images_done": 1, "images_wanted": 2, "uncertain": 1, "cost": 0.134},
            "1 of 2 images · 1 perhaps charged · $0.134 so far",
        ),
    ],
)
def test_the_status_line_says_what_is_not_zero(state, line):
    assert status_line(QueueState(**{"counts": COUNTS, **state}), Words("en")) == line


@pytest.mark.parametrize(
    ("dollars", "text"), [(0.039, "$0.039"), (1, "$1.00"), (1234.5, "$1,234.50")]
)
def test_small_sums_show_fractions_of_a_cent(dollars, text):
    assert money(dollars) == text
