"""Bringing a storyboard or a list of prompts, with its pictures, into the queue."""

import asyncio
from pathlib import Path
from typing import Any

from nicegui import events, ui

from app.api.models import ApiResponse
from app.words import STATIC
from pages.ask import ask
from pages.components.references import PICTURE_TYPES, Uploaded, problem_sentence
from pages.told import sentence, told
from pages.visit import Visit

MAX_IMPORT_BYTES = 10 * 1024 * 1024
MAX_PICTURES = 500
PROBLEMS_SHOWN = 100
SAMPLE = STATIC / "samples"
DEFAULT_RATIO, DEFAULT_QUALITY = "16:9", "1K"
"""What `TaskItem` holds where a row says nothing."""


class ImportDialog:
    """A dialog that reads a file, says what is wrong with it, and adds what is right."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._words = visit.words
        self._name = ""
        self._content = b""
        self._pictures: dict[str, str] = {}
        self._notes: list[str] = []
        self._checks = 0

    # --- drawing ------------------------------------------------------------------------------

    def build(self) -> None:
        """Draw the dialog, closed."""
        words = self._words
        self._dialog = ui.dialog()
        with self._dialog, ui.card().classes("wd-dialog wd-import"):
            self._dialog.props["aria-label"] = words("import.title")
            ui.label(words("import.title")).classes("wd-title")
            ui.label(words("import.text")).classes("wd-muted")
            self._build_place()
            self._separator = ui.toggle(
                {"blank": words("composer.by_blank"), "line": words("composer.by_line")},
                value="blank",
            )
            self._separator.props("no-caps unelevated dense").classes("wd-toggle")
            self._separator.on_value_change(self._check)
            self._report = ui.element("div").classes("wd-import-report")
            self._report.props["role"] = "status"
            with ui.element("div").classes("wd-dialog-actions"):
                cancel = ui.button(words("queue.cancel"), on_click=self._dialog.close, color=None)
                cancel.props("flat").classes("wd-quiet")
                self._add = ui.button(words("composer.add"), on_click=self._add_rows)
                self._add.props("unelevated").mark("import-add")

    def _build_place(self) -> None:
        words = self._words
        self._upload = ui.upload(
            on_upload=self._take_file,
            on_rejected=self._refuse_file,
            auto_upload=True,
            max_file_size=MAX_IMPORT_BYTES,
        )
        self._upload.classes("hidden").mark("import-upload")
        with ui.element("div").classes("wd-drops") as root:
            root.on("wdadded", self._take_pictures, js_handler="(e) => emit(e.detail)")
            with ui.element("div").classes("wd-ref-place wd-import-place") as place:
                place.props.update({
                    "data-wd-drop": "import",
                    "data-room": str(MAX_PICTURES),
                    "data-uploader": str(self._upload.id),
                    "tabindex": "0",
                    "role": "group",
                    "aria-label": words("import.drop"),
                })  # fmt: skip
                ui.label(words("import.drop"))
                choose = ui.button(words("import.choose"), icon="folder_open", color=None)
                choose.props("flat").classes("wd-secondary")
                choose.props["data-wd-choose"] = ""
                chooser = ui.element("input").classes("wd-file-input wd-visually-hidden")
                chooser.props.update({
                    "type": "file",
                    "multiple": True,
                    "accept": f".csv,.tsv,.txt,{PICTURE_TYPES}",
                    "tabindex": "-1",
                    "aria-hidden": "true",
                })  # fmt: skip

    def open(self) -> None:
        """Show the dialog, empty."""
        self._name, self._content, self._pictures, self._notes = "", b"", {}, []
        self._checks += 1
        self._report.clear()
        self._separator.set_visibility(False)
        self._offer(0, 0)
        self._dialog.open()

    def _offer(self, right: int, wrong: int) -> None:
        key = "import.add_right" if wrong else "import.add_all"
        self._add.text = self._words(key if right else "composer.add", n=right)
        self._add.set_enabled(right > 0)

    # --- what arrives -------------------------------------------------------------------------

    async def _take_file(self, event: events.UploadEventArguments) -> None:
        content = await event.file.read()
        # It remembers what it sent and would refuse the same file, corrected or not, as a repeat.
        self._upload.reset()
        self._name, self._content = event.file.name, content
        self._separator.set_visibility(self._name.lower().endswith(".txt"))
        await self._check()

    def _refuse_file(self) -> None:
        self._name, self._content = "", b""
        self._checks += 1
        self._separator.set_visibility(False)
        self._offer(0, 0)
        self._show_lines([self._words("import.too_large")])

    async def _take_pictures(self, event: events.GenericEventArguments) -> None:
        news = Uploaded(**event.args)
        self._pictures |= {picture["name"]: picture["id"] for picture in news.added}
        self._notes = [f"{one.name}: {problem_sentence(one, self._visit)}" for one in news.problems]
        if news.over:
            self._notes.append(self._words("import.over", n=news.over, limit=MAX_PICTURES))
        await self._check()

    # --- what is wrong ------------------------------------------------------------------------

    async def _check(self) -> None:
        if not self._name:
            self._show_lines([self._words("import.pictures", n=len(self._pictures))], "wd-note")
            return
        self._checks += 1
        mine = self._checks
        answer = await self._ask(only_check=True)
        # File and pictures arrive on their own ways; only the latest check knows them all.
        if mine == self._checks:
            self._show(answer)

    async def _ask(self, *, only_check: bool = False, only_right: bool = False) -> ApiResponse:
        return await ask(
            self._visit.api.import_tasks,
            self._name,
            self._content,
            pictures=self._pictures,
            separator=str(self._separator.value),
            only_check=only_check,
            only_right=only_right,
        )

    def _show_lines(self, lines: list[str], classes: str = "wd-note wd-note-error") -> None:
        self._report.clear()
        with self._report:
            _lines(lines, classes)
            _lines(self._notes, "wd-note wd-note-error")

    def _show(self, answer: ApiResponse) -> None:
        report = answer.data
        if not report:
            self._offer(0, 0)
            self._show_lines([sentence(answer, self._words)])
            return
        self._offer(report["right"], report["wrong"])
        self._report.clear()
        with self._report:
            ui.label(self._name).classes("wd-subtitle")
            self._draw_counts(report["right"], report["wrong"])
            _lines(self._notes, "wd-note wd-note-error")
            self._draw_problems(report["problems"])
            self._draw_preview(report["preview"])

    def _draw_counts(self, right: int, wrong: int) -> None:
        with ui.element("div").classes("wd-import-counts"):
            ui.label(self._words("import.right", n=right)).classes("wd-import-right")
            if wrong:
                ui.label(self._words("import.wrong", n=wrong)).classes("wd-import-wrong")

    def _draw_problems(self, problems: list[dict[str, Any]]) -> None:
        missing = [one["params"]["name"] for one in problems if one["code"] == "picture_missing"]
        if missing:
            self._draw_missing(list(dict.fromkeys(missing)))
        others = [one for one in problems if one["code"] != "picture_missing"]
        with ui.element("div").classes("wd-import-problems"):
            for problem in others[:PROBLEMS_SHOWN]:
                self._draw_problem(problem)
        if len(others) > PROBLEMS_SHOWN:
            more = self._words("import.more", n=len(others) - PROBLEMS_SHOWN)
            ui.label(more).classes("wd-note")

    def _draw_missing(self, names: list[str]) -> None:
        """One picture may be missing in a hundred rows: each is named once."""
        title = ui.label(self._words("import.missing", n=len(names)))
        title.classes("wd-note wd-note-warning")
        with ui.element("ul").classes("wd-import-missing"):
            for name in names[:PROBLEMS_SHOWN]:
                with ui.element("li"):
                    ui.label(name)
        if len(names) > PROBLEMS_SHOWN:
            ui.label(f"+ {len(names) - PROBLEMS_SHOWN}").classes("wd-note")

    def _draw_problem(self, problem: dict[str, Any]) -> None:
        row, key = problem["row"], f"error.{problem['code']}"
        known = self._words.has(key)
        text = self._words(key, **problem["params"]) if known else problem["message"]
        look = "wd-note-error" if problem["severity"] == "error" else "wd-note-warning"
        where = self._words("import.row", row=row) if row else self._words("import.file")
        ui.label(where).classes("wd-note")
        ui.label(text).classes("wd-note").classes(look)

    def _draw_preview(self, rows: list[dict[str, Any]]) -> None:
        if not rows:
            return
        ui.label(self._words("import.preview", n=len(rows))).classes("wd-subtitle")
        with ui.element("ol").classes("wd-import-preview"):
            for row in rows:
                with ui.element("li"):
                    ui.label(str(row["prompt"])).classes("wd-import-prompt")
                    ui.label(self._facts(row)).classes("wd-import-facts")

    def _facts(self, row: dict[str, Any]) -> str:
        return self._words(
            "import.row_facts",
            ratio=row.get("aspect_ratio", DEFAULT_RATIO),
            quality=row.get("quality", DEFAULT_QUALITY),
            n=row.get("images_per_prompt", 1),
        )

    # --- adding -------------------------------------------------------------------------------

    async def _add_rows(self) -> None:
        self._add.disable()
        answer = await self._ask(only_right=True)
        if answer.success:
            self._tell(answer)
            self._dialog.close()
        else:
            self._show(answer)

    def _tell(self, answer: ApiResponse) -> None:
        left = answer.data["wrong"]
        done = self._words("import.added", n=answer.total)
        told(
            answer, self._words, f"{done} · {self._words('import.left', n=left)}" if left else done
        )

    async def open_sample(self) -> None:
        """Add the storyboard that comes with the program, with its pictures."""
        api = self._visit.api
        pictures: dict[str, str] = {}
        for name, content in await asyncio.to_thread(_files, SAMPLE / "refs"):
            answer = await ask(api.add_reference, name, content)
            if not told(answer, self._words):
                return
            pictures[name] = answer.data["id"]
        ((name, content),) = await asyncio.to_thread(_files, SAMPLE, "*.csv")
        answer = await ask(api.import_tasks, name, content, pictures=pictures)
        if answer.success:
            self._tell(answer)
        else:
            told(answer, self._words)


def _files(folder: Path, pattern: str = "*") -> list[tuple[str, bytes]]:
    return [(path.name, path.read_bytes()) for path in sorted(folder.glob(pattern))]


def _lines(texts: list[str], classes: str) -> None:
    for text in texts:
        ui.label(text).classes(classes)
