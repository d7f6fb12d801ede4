"""Who is there, asked once for all pages and told when it changes."""

from types import SimpleNamespace
from typing import Any

import pytest

from app.api.mock_api import MockApi
from app.api.models import ApiResponse
from app.words import Words
from pages.company import Around, Company, Someone
from pages.components.who_is_here import how_long, initials, workload

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Page:
    """A browser's page as the company sees it."""

    def __init__(self, name: str) -> None:
        self.id = name
        self.is_deleted = False
        self.told: list[Around] = []
        self._leave: list[Any] = []

    def on_delete(self, leave: Any) -> None:
        self._leave.append(leave)

    def safe_invoke(self, tell: Any) -> None:
        tell()

    def close(self) -> None:
        self.is_deleted = True
        for leave in self._leave:
            leave()


class Studio:
    """Answers what a test says, and counts the questions."""

    def __init__(self) -> None:
        self.people: list[dict[str, Any]] = []
        self.sharing: dict[str, Any] = {}
        self.away = False
        self.asked = 0

    def list_presence(self) -> ApiResponse:
        self.asked += 1
        return ApiResponse(success=not self.away, data=None if self.away else self.people)

    def get_sharing(self) -> ApiResponse:
        return ApiResponse(success=not self.away, data=None if self.away else self.sharing)

    def comes(self, name: str, **more: Any) -> None:
        self.people.append({"user_id": name, "name": name.title(), "online": True, **more})


@pytest.fixture
def studio() -> Studio:
    return Studio()


@pytest.fixture
def clock() -> SimpleNamespace:
    return SimpleNamespace(seconds=0.0)


@pytest.fixture
def company(studio: Studio, clock: SimpleNamespace) -> Company:
    return Company(studio, now=lambda: clock.seconds)  # type: ignore[arg-type]


def joined(company: Company, name: str = "a page") -> Page:
    page = Page(name)
    company.join(page, page.told.append)  # type: ignore[arg-type]
    return page


async def test_many_pages_ask_once(company: Company, studio: Studio, clock: SimpleNamespace):
    for _ in range(5):
        await company.tick()
    assert studio.asked == 1

    clock.seconds += 2
    await company.tick()
    assert studio.asked == 2


async def test_every_page_is_told_who_came_and_only_then(company: Company, studio: Studio):
    one, other = joined(company, "one"), joined(company, "other")
    await company.look()
    studio.comes("mai")
    await company.look()
    await company.look()

    expected = [Around(people=(Someone("mai", "Mai"),))]
    assert one.told == other.told == expected
    assert company.around == expected[0]


async def test_who_is_away_is_not_among_those_who_are_there(company: Company, studio: Studio):
    studio.comes("mai", online=False, tasks={"pending": 3})
    await company.look()

    assert company.around.people == ()


async def test_two_parts_of_a_page_are_both_told(company: Company, studio: Studio):
    page = joined(company)
    company.join(page, page.told.append)  # type: ignore[arg-type]
    studio.comes("mai")
    await company.look()

    assert len(page.told) == 2


async def test_a_page_that_is_gone_is_not(company: Company, studio: Studio):
    page = joined(company)
    page.close()
    studio.comes("mai")
    await company.look()

    assert page.told == []


async def test_a_studio_that_does_not_answer_changes_nothing(company: Company, studio: Studio):
    studio.comes("mai")
    await company.look()
    before = company.around
    studio.away = True
    await company.look()

    assert company.around == before


@pytest.mark.parametrize(
    ("sharing", "can_be"),
    [
        ({}, False),
        ({"on": True}, True),
        ({"on": True, "https": "self_signed"}, False),
        ({"public_url": "https://whisk.example"}, False),
        ({"public_url": "http://whisk.example"}, True),
    ],
)
async def test_it_knows_whether_passwords_can_be_read(
    company: Company, studio: Studio, sharing: dict[str, Any], can_be: bool
):
    studio.sharing = sharing
    await company.look()

    assert company.around.can_be_overheard is can_be


async def test_it_asks_a_studio_in_full(clock: SimpleNamespace):
    with MockApi() as api:
        api.presence.enter("a page", "local")
        company = Company(api)
        await company.look()

        assert company.around == Around(people=(Someone("local", "Local"),))


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Mai Lê", "ML"), ("mai", "M"), ("Nguyễn Thị Đào", "NĐ"), ("an-2", "A"), ("<b> x", "X"),
     ("", "?"), ("🙂", "?")],
)  # fmt: skip
def test_a_name_is_shortened_to_its_first_letters(name: str, letters: str):
    assert initials(name) == letters


def test_work_is_told_by_what_it_is_doing():
    words = Words("en")

    assert workload({"running": 1, "pending": 12}, words) == "12 waiting, 1 running"
    assert workload({}, words) == "nothing in the queue"


def test_times_are_told_roughly():
    words = Words("en")

    assert how_long("2020-01-01T00:00:00.000Z", words).startswith("for ")
    assert how_long("2999-01-01T00:00:00.000Z", words) == "just came"
