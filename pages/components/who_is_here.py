"""Who is here: initials in the header, and on a click who has what in the queue."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime

from nicegui import ui

from app.models import Role, TaskStatus
from app.sharing import PersonPresence
from app.words import Words
from pages.ask import ask
from pages.company import Around, Someone
from pages.told import told
from pages.visit import Visit

MOST_INITIALS = 3
COLOURS = 6

_TASKS = (
    (TaskStatus.PENDING, "presence.pending"),
    (TaskStatus.RUNNING, "presence.running"),
    (TaskStatus.COMPLETED, "presence.completed"),
    (TaskStatus.ERROR, "presence.error"),
)


class WhoIsHere:
    """A button that shows itself as soon as there can be more than one person."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._words = visit.words

    def build(self) -> None:
        """Draw it, and keep it up to date."""
        with ui.button(color=None).props("flat").classes("wd-people").mark("who") as self._button:
            self._initials = ui.element("span").classes("wd-initials")
            with ui.menu().classes("wd-people-menu") as menu:
                self._list = ui.element("div").classes("wd-people-list").mark("people")
            menu.on("before-show", self._show_list)

    def show(self, around: Around) -> None:
        """Draw the initials of whoever is there."""
        words, people = self._words, around.people
        self._button.set_visibility(len(people) > 1 or around.is_shared)
        self._button.props["aria-label"] = words("presence.who", n=len(people))
        self._initials.clear()
        with self._initials:
            for person in people[:MOST_INITIALS]:
                avatar(person)
            _count(len(people) - MOST_INITIALS, "wd-avatar-more")
            # Where there is room for one.
            _count(len(people) - 1, "wd-avatar-rest")

    async def _show_list(self) -> None:
        # Asked for this person: whose tasks they may count, and whether they see addresses.
        answer = await ask(self._visit.api.list_presence)
        if not told(answer, self._words):
            return
        self._list.clear()
        with self._list:
            found = [PersonPresence(**one) for one in answer.data]
            ui.label(self._words("presence.title")).classes("wd-subtitle")
            people(self._visit, [one for one in found if one.online])
            away = [one for one in found if not one.online]
            if away:
                ui.label(self._words("presence.away")).classes("wd-subtitle")
                people(self._visit, away)


def _count(more: int, look: str) -> None:
    if more > 0:
        ui.label(f"+{more}").classes("wd-avatar").classes(look)


def people(visit: Visit, found: Sequence[PersonPresence]) -> None:
    """Draw people, and what they have in the queue."""
    for one in found:
        _person(visit, one)


def _person(visit: Visit, person: PersonPresence) -> None:
    words = visit.words
    with ui.element("div").classes("wd-person"):
        avatar(Someone(person.user_id, person.name))
        with ui.element("div").classes("wd-person-text"):
            is_me = person.user_id == visit.user.id
            name = words("presence.you", name=person.name) if is_me else person.name
            ui.label(name).classes("wd-person-name")
            facts = [how_long(person.since, words)] if person.since else []
            facts.append(workload(person.tasks, words))
            if visit.user.role == Role.ADMIN:
                facts += person.addresses
            ui.label(" · ".join(facts)).classes("wd-note")


def avatar(person: Someone) -> None:
    """The first letters of a name, in a colour that stays with the person."""
    number = hashlib.sha256(person.user_id.encode()).digest()[0] % COLOURS
    shown = ui.label(initials(person.name)).classes("wd-avatar")
    shown.classes(_COLOURS[number]).props("aria-hidden=true")


_COLOURS = tuple(f"wd-avatar-{number}" for number in range(COLOURS))


def initials(name: str) -> str:
    """One or two letters for a name: the first of its first and of its last word."""
    words = [word for word in name.split() if word[0].isalnum()]
    chosen = [words[0], words[-1]] if len(words) > 1 else words
    return "".join(word[0] for word in chosen).upper() or "?"


def how_long(since: str, words: Words) -> str:
    """How long ago a time was, roughly."""
    minutes = int((datetime.now(UTC) - datetime.fromisoformat(since)).total_seconds() // 60)
    if minutes < 1:
        return words("presence.just_now")
    if minutes < 60:
        return words("presence.minutes", n=minutes)
    return words("presence.hours", n=minutes // 60)


def workload(tasks: dict[str, int], words: Words) -> str:
    """How many tasks somebody has in the queue, by what they are doing."""
    told = [words(key, n=tasks[status]) for status, key in _TASKS if tasks.get(status)]
    return ", ".join(told) or words("presence.no_tasks")
