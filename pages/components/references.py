"""Reference pictures of a task: what to show, where, and in which look."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nicegui import events, ui
from pydantic import Field
from pydantic.dataclasses import dataclass

from app.models import (
    CATEGORIES,
    MAX_REFERENCES,
    MAX_REFERENCES_PER_CATEGORY,
    no_references_by_category,
)
from pages.ask import ask
from pages.visit import Visit

PICTURE_TYPES = "image/png,image/jpeg,image/webp"

OTHER = "other"
"""Place of the pictures without a category; drawn only while it holds some."""

NAMES = {
    "title": "references.title",
    "scene": "references.scene",
    "style": "references.style",
    OTHER: "references.other",
}
HINTS = {
    "title": "references.title_hint",
    "scene": "references.scene_hint",
    "style": "references.style_hint",
    OTHER: "references.other_hint",
}
ICONS = {"title": "face", "scene": "landscape", "style": "palette", OTHER: "image"}


@dataclass(frozen=True)
class Problem:
    """Why the server did not take a file, as the browser passes it on."""

    name: str
    code: str = ""
    params: dict[str, str] = Field(default_factory=dict)
    message: str = ""


@dataclass(frozen=True)
class Uploaded:
    """What the browser tells after an upload.

    Attributes:
        added: `{"id", "name"}` of each picture that the server took.
        over: Files that were not sent because there was no room for them.
    """

    place: str
    added: list[dict[str, str]] = Field(default_factory=list)
    problems: list[Problem] = Field(default_factory=list)
    over: int = 0


@dataclass(frozen=True)
class Moved:
    """A picture was dragged from one place to another, before the picture `before` or last."""

    id: str
    from_: str = Field(alias="from")
    to: str = ""
    before: str = ""


class ReferenceZone:
    """Three places for pictures, with their state.

    Files arrive by drop, dialog or paste; the browser uploads them (`static/references.js`) and
    tells ids only.
    """

    def __init__(self, visit: Visit, on_change: Callable[[], None] | None = None) -> None:
        self._visit = visit
        self._words = visit.words
        self._on_change = on_change
        self._ids: dict[str, list[str]] = {**no_references_by_category(), OTHER: []}
        self._names: dict[str, str] = {}
        self._ceiling = MAX_REFERENCES
        self._model_label = ""
        self._enabled = True
        self._places: dict[str, _Place] = {}

    # --- the value ----------------------------------------------------------------------------

    @property
    def value(self) -> dict[str, list[str]]:
        """Reference ids by category, in order."""
        return {category: list(self._ids[category]) for category in CATEGORIES}

    @property
    def uncategorised(self) -> list[str]:
        """Reference ids without a category."""
        return list(self._ids[OTHER])

    @property
    def count(self) -> int:
        """Pictures in all places together."""
        return sum(map(len, self._ids.values()))

    async def set_value(
        self, by_category: Mapping[str, Sequence[str]], uncategorised: Sequence[str] = ()
    ) -> None:
        """Hold these references instead; does not call `on_change`."""
        for category in CATEGORIES:
            self._ids[category] = list(by_category.get(category, ()))
        self._ids[OTHER] = list(uncategorised)
        await self._learn_names([i for ids in self._ids.values() for i in ids])
        self.show_error("")
        self._draw()

    def set_ceiling(self, limit: int, model_label: str) -> None:
        """How many pictures the chosen model takes in one request."""
        self._ceiling = min(limit, MAX_REFERENCES)
        self._model_label = model_label
        self._draw()

    def set_enabled(self, enabled: bool) -> None:
        """Take changes, or only show."""
        self._enabled = enabled
        self._draw()

    # --- drawing ------------------------------------------------------------------------------

    def build(self) -> None:
        """Draw the places into the current container."""
        with ui.element("div").classes("wd-drops wd-refs") as root:
            root.props["role"] = "group"
            root.props["aria-label"] = self._words("references.all")
            root.on("wdadded", self._on_added, js_handler="(e) => emit(e.detail)")
            root.on("wdmoved", self._on_moved, js_handler="(e) => emit(e.detail)")
            with ui.element("div").classes("wd-ref-places"):
                for place in (*CATEGORIES, OTHER):
                    self._places[place] = _Place(self, place, self._words)
            self._ceiling_note = ui.label().classes("wd-note wd-note-warning")
            self._notes = ui.column().classes("wd-ref-notes")
            self._notes.props["role"] = "alert"
        self._draw()

    def show_error(self, text: str) -> None:
        """Show a sentence below the places, or nothing for an empty one."""
        self._show_notes([text] if text else [])

    def _show_notes(self, texts: Sequence[str]) -> None:
        self._notes.clear()
        with self._notes:
            for text in texts:
                ui.label(text).classes("wd-note wd-note-error")

    def _draw(self) -> None:
        if not self._places:
            return
        for name, place in self._places.items():
            room = self._room(name) if self._enabled else 0
            place.draw(self._ids[name], self._names, room, self._enabled)
        self._places[OTHER].element.set_visibility(bool(self._ids[OTHER]))
        too_many = self.count - self._ceiling
        self._ceiling_note.text = self._ceiling_sentence(too_many)
        self._ceiling_note.set_visibility(too_many > 0)

    def _ceiling_sentence(self, too_many: int) -> str:
        if self._ceiling == 0:
            return self._words("references.none_taken", model=self._model_label)
        return self._words(
            "references.over_ceiling", n=too_many, limit=self._ceiling, model=self._model_label
        )

    def _room(self, place: str) -> int:
        in_all = max(self._ceiling, 0) - self.count
        here = MAX_REFERENCES_PER_CATEGORY - len(self._ids[place])
        return max(0, min(in_all, here))

    # --- changes ------------------------------------------------------------------------------

    async def _on_added(self, event: events.GenericEventArguments) -> None:
        news = Uploaded(**event.args)
        if news.place not in CATEGORIES or not self._enabled:
            return
        notes = [self._problem_sentence(problem) for problem in news.problems]
        known = await self._learn_names([picture["id"] for picture in news.added])
        over = news.over + self._add(news.place, known)
        if over:
            notes.append(self._limit_sentence(news.place, over))
        self._show_notes(notes)
        self._changed()

    def _add(self, place: str, references: Sequence[str]) -> int:
        """Add what fits; answers how many did not."""
        over = 0
        for reference in references:
            if reference in self._ids[place]:
                continue
            if self._room(place):
                self._ids[place].append(reference)
            else:
                over += 1
        return over

    def _on_moved(self, event: events.GenericEventArguments) -> None:
        move = Moved(**event.args)
        self.move(move.id, move.from_, move.to, move.before)

    def move(self, reference: str, source: str, target: str, before: str = "") -> None:
        """Put a picture before another one of a place, or last. Refused where there is no room."""
        known = source in self._ids and target in self._ids and reference in self._ids[source]
        if not known or not self._enabled or before == reference:
            return
        elsewhere = source != target
        if elsewhere and len(self._ids[target]) >= MAX_REFERENCES_PER_CATEGORY:
            self.show_error(self._limit_sentence(target, 1))
            return
        self._ids[source].remove(reference)
        if reference not in self._ids[target]:
            ids = self._ids[target]
            ids.insert(ids.index(before) if before in ids else len(ids), reference)
        self.show_error("")
        self._changed()

    def shift(self, place: str, reference: str, by: int) -> None:
        """Move a picture one step earlier (-1) or later (1) within its place."""
        ids = self._ids[place]
        at = ids.index(reference)
        to = at + by
        if 0 <= to < len(ids):
            ids[at], ids[to] = ids[to], ids[at]
            self._changed()

    def remove(self, place: str, reference: str) -> None:
        """Take a picture out of a place; the stored picture itself stays."""
        self._ids[place].remove(reference)
        self.show_error("")
        self._changed()

    def _changed(self) -> None:
        self._draw()
        if self._on_change:
            self._on_change()

    # --- words --------------------------------------------------------------------------------

    async def _learn_names(self, references: Sequence[str]) -> list[str]:
        """Those of the ids that exist, in their order."""
        if not references:
            return []
        answer = await ask(self._visit.api.get_references, list(references))
        found = {one["id"]: one["file_name"] for one in answer.data or []}
        self._names.update(found)
        return [reference for reference in references if reference in found]

    def _problem_sentence(self, problem: Problem) -> str:
        return f"{problem.name}: {problem_sentence(problem, self._visit)}"

    def _limit_sentence(self, place: str, over: int) -> str:
        if len(self._ids[place]) >= MAX_REFERENCES_PER_CATEGORY:
            limit = MAX_REFERENCES_PER_CATEGORY
            name = self._words(NAMES[place])
            return self._words("references.over_category", n=over, limit=limit, name=name)
        if self._ceiling < MAX_REFERENCES:
            model = self._model_label
            return self._words("references.over_model", n=over, limit=self._ceiling, model=model)
        return self._words("references.over_all", n=over, limit=MAX_REFERENCES)


def problem_sentence(problem: Problem, visit: Visit) -> str:
    """Why a file was not taken, in the person's language."""
    words = visit.words
    if problem.code == "too_large_to_send":
        return words("references.too_large_to_send")
    if problem.code in ("not_sent", "not_taken"):
        return words("references.not_sent")
    key = f"error.{problem.code}"
    return words(key, **problem.params) if words.has(key) else problem.message


class _Place:
    """One category: its heading, its pictures, and the tile that adds more."""

    def __init__(self, zone: ReferenceZone, name: str, words: Any) -> None:
        self._zone = zone
        self._name = name
        self._words = words
        self.element = ui.element("div").classes("wd-ref-place").mark(f"ref-{name}")
        self._set_props()
        with self.element:
            self._build()

    def _set_props(self) -> None:
        label = f"{self._words(NAMES[self._name])}: {self._words(HINTS[self._name])}"
        self.element.props.update({
            "data-wd-drop": self._name,
            "role": "group",
            "tabindex": "0",
            "aria-label": f"{label}. {self._words('references.how')}",
        })  # fmt: skip

    def _build(self) -> None:
        with ui.element("div").classes("wd-ref-head"):
            ui.icon(ICONS[self._name]).classes("wd-ref-icon")
            ui.label(self._words(NAMES[self._name])).classes("wd-ref-name")
            self._count = ui.label().classes("wd-ref-count")
        self._hint = ui.label(self._words(HINTS[self._name])).classes("wd-ref-hint")
        self._pictures = ui.element("div").classes("wd-ref-pictures")
        chooser = ui.element("input").classes("wd-file-input wd-visually-hidden")
        chooser.props.update({"type": "file", "multiple": True, "accept": PICTURE_TYPES})
        chooser.props.update({"tabindex": "-1", "aria-hidden": "true"})

    def draw(self, ids: Sequence[str], names: Mapping[str, str], room: int, enabled: bool) -> None:
        self.element.props["data-room"] = str(room)
        self.element.props.set_optional("data-off", None if enabled else "")
        self._count.text = f"{len(ids)}/{MAX_REFERENCES_PER_CATEGORY}" if ids else ""
        self._hint.set_visibility(not ids)
        self._pictures.clear()
        with self._pictures:
            for at, reference in enumerate(ids):
                self._picture(reference, names.get(reference, ""), at, len(ids))
            if room:
                self._adding_tile()

    def _adding_tile(self) -> None:
        tile = ui.element("button").classes("wd-ref-add").mark(f"ref-{self._name}-add")
        tile.props.update({"type": "button", "data-wd-choose": ""})
        tile.props["aria-label"] = self._words(
            "references.add_to", name=self._words(NAMES[self._name])
        )
        with tile:
            ui.icon("add")

    def _picture(self, reference: str, name: str, at: int, count: int) -> None:
        label = self._words("references.picture", name=name, at=at + 1, count=count)
        with ui.element("div").classes("wd-ref-picture") as picture:
            picture.props.update({
                "data-reference": reference,
                "draggable": "true",
                "tabindex": "0",
                "role": "group",
                "aria-label": label,
                "title": name,
            })  # fmt: skip
            image = ui.element("img")
            image.props["src"] = f"/api/v1/references/{reference}/thumbnail"
            image.props.update({"alt": name, "loading": "lazy", "draggable": "false"})
            if self.element.props.get("data-off") is None:
                self._buttons(reference, name, at, count)

    def _buttons(self, reference: str, name: str, at: int, count: int) -> None:
        zone, place = self._zone, self._name
        self._button("close", "wd-ref-remove", "references.remove", name,
                     lambda: zone.remove(place, reference))  # fmt: skip
        if at > 0:
            self._button("chevron_left", "wd-ref-earlier", "references.earlier", name,
                         lambda: zone.shift(place, reference, -1))  # fmt: skip
        if at < count - 1:
            self._button("chevron_right", "wd-ref-later", "references.later", name,
                         lambda: zone.shift(place, reference, 1))  # fmt: skip

    def _button(
        self, icon: str, classes: str, key: str, name: str, on_click: Callable[[], None]
    ) -> None:
        button = ui.element("button").classes(classes).mark(f"{classes}-{self._name}")
        button.props.update({"type": "button", "aria-label": self._words(key, name=name)})
        button.on("click", on_click, args=[])
        with button:
            ui.icon(icon)
