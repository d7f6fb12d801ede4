"""One task in the side panel: every field, its pictures, and what cannot change now."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from nicegui import ui

from app.api.base_api import FREE_WHILE_RUNNING
from app.api.models import TaskItem, TaskStatus
from app.models import MAX_IMAGES_PER_PROMPT, MAX_SEED
from pages.ask import ask
from pages.components.field_errors import FieldErrors
from pages.components.model_fields import ModelFields, dollars
from pages.components.question import Choice, question
from pages.components.references import ReferenceZone
from pages.told import told
from pages.visit import Visit

Zoom = Callable[[str, str], Awaitable[None]]


class TaskEditor:
    """The editor of one task at a time. Holds what the person typed, and the row it began with."""

    def __init__(self, visit: Visit, on_close: Callable[[], None], on_zoom: Zoom) -> None:
        self._visit = visit
        self._words = visit.words
        self._on_close = on_close
        self._on_zoom = on_zoom
        self._models = ModelFields(visit, self._model_changed)
        self._references = ReferenceZone(visit)
        self._task: TaskItem | None = None

    async def load(self) -> None:
        """Ask for what the form offers; before `build`."""
        await self._models.load()

    # --- drawing ------------------------------------------------------------------------------

    def build(self) -> None:
        """Draw the form into the current container, empty."""
        words = self._words
        with ui.element("form").classes("wd-form") as form:
            form.on("submit.prevent", self.save, args=[])
            form.on("keydown.ctrl.s.prevent", self.save, args=[])
            self._build_head()
            self._name = ui.input(words("editor.name")).props("outlined dense")
            self._name.classes("w-full").mark("editor-name")
            self._prompt = ui.textarea(words("editor.prompt")).props("outlined autogrow")
            self._prompt.props("input-class=wd-prompts").classes("w-full").mark("editor-prompt")
            self._models.build(self._visit.settings.default_model)
            with ui.element("div").classes("wd-pair"):
                self._images = ui.number(
                    words("composer.images"), value=1, min=1, max=MAX_IMAGES_PER_PROMPT,
                    precision=0,
                ).props("outlined dense").mark("editor-images")  # fmt: skip
                self._seed = ui.number(words("composer.seed"), min=0, max=MAX_SEED, precision=0)
                self._seed.props("outlined dense clearable").mark("editor-seed")
            self._negative = ui.textarea(words("composer.negative")).props("outlined autogrow")
            self._negative.classes("w-full").mark("editor-negative")
            self._prefix = ui.input(words("composer.prefix")).props("outlined dense")
            self._prefix.classes("w-full").mark("editor-prefix")
            ui.label(words("editor.references")).classes("wd-subtitle")
            self._references.build()
            self._build_actions()
        self._errors = FieldErrors(words, {
            "task_name": self._name, "prompt": self._prompt, "seed": self._seed,
            "images_per_prompt": self._images, "negative_prompt": self._negative,
            "filename_prefix": self._prefix, "model": self._models.model_select,
            "aspect_ratio": self._models.ratio_select, "quality": self._models.quality_select,
            "reference_images_by_cat": self._references,
        })  # fmt: skip

    def _build_head(self) -> None:
        words = self._words
        with ui.element("div").classes("wd-editor-head"):
            self._title = ui.label().classes("wd-title").mark("editor-title")
            close = ui.button(icon="close", on_click=self.close, color=None).props("flat")
            close.classes("wd-icon-button").mark("editor-close")
            close.props["aria-label"] = words("editor.close")
        self._facts = ui.label().classes("wd-note")
        self._failure = ui.label().classes("wd-note wd-note-error")
        self._failure.props["role"] = "alert"
        self._locked = ui.label(words("editor.running")).classes("wd-note wd-note-warning")
        self._locked.props["role"] = "status"
        self._outputs = ui.element("div").classes("wd-ref-pictures")

    def _build_actions(self) -> None:
        words = self._words
        with ui.element("div").classes("wd-actions"):
            save = ui.button(words("editor.save"), icon="save").props("unelevated type=submit")
            save.mark("editor-save")
            self._again = ui.button(words("editor.again"), on_click=self.paint_again, color=None)
            self._again.props("flat").classes("wd-quiet").mark("editor-again")
            self._retry = ui.button(words("editor.retry"), on_click=self.retry, color=None)
            self._retry.props("flat").classes("wd-quiet").mark("editor-retry")

    # --- opening and closing ------------------------------------------------------------------

    async def open(self, task_id: str) -> None:
        """Show a task; unsaved changes of another are asked about first."""
        if self._task is not None and self._changes() and not await self._may_leave():
            return
        answer = await ask(self._visit.api.get_task, task_id)
        if not told(answer, self._words):
            self._leave()
            return
        await self._fill(TaskItem(**answer.data))
        ui.run_javascript("WD_forms.focusEditor && WD_forms.focusEditor()")

    async def close(self) -> None:
        """Leave the task; unsaved changes are asked about first."""
        if not self._changes() or await self._may_leave():
            self._leave()

    def _leave(self) -> None:
        self._task = None
        self._on_close()

    async def _may_leave(self) -> bool:
        words = self._words
        chosen = await question(
            words("editor.unsaved_title"),
            words("editor.unsaved_text"),
            [
                Choice("stay", words("editor.stay"), "quiet"),
                Choice("discard", words("editor.discard"), "danger"),
            ],
        )
        return chosen == "discard"

    async def refresh(self) -> None:
        """Show the task's new state without touching what the person has typed."""
        if self._task is None:
            return
        answer = await ask(self._visit.api.get_task, self._task.id)
        if not answer.success:
            self._leave()
            return
        news = TaskItem(**answer.data)
        if self._changes() or news.revision == self._task.revision:
            self._show_state(news)
        else:
            await self._fill(news)

    async def _fill(self, task: TaskItem) -> None:
        self._task = task
        self._errors.clear()
        self._name.value = task.task_name
        self._prompt.value = task.prompt
        self._models.set_value(task.model, task.aspect_ratio, task.quality)
        self._images.value = task.images_per_prompt
        self._seed.value = task.seed
        self._negative.value = task.negative_prompt
        self._prefix.value = task.filename_prefix
        await self._references.set_value(task.reference_images_by_cat, task.reference_images)
        self._model_changed()
        self._show_state(task)

    def _show_state(self, task: TaskItem) -> None:
        words = self._words
        running = task.status == TaskStatus.RUNNING
        self._title.text = words("editor.title", stt=task.stt)
        cost = words("editor.cost", cost=dollars(task.cost)) if task.cost else ""
        facts = [words(f"status.{task.status}"), words("editor.attempts", n=task.attempts), cost]
        self._facts.text = " · ".join(fact for fact in facts if fact)
        key = f"error.{task.error_code}"
        sentence = words(key, **task.error_params) if words.has(key) else task.error_message
        self._failure.text = sentence if task.error_code else ""
        self._failure.set_visibility(bool(task.error_code))
        self._locked.set_visibility(running)
        for field in (self._prompt, self._images, self._seed, self._negative):
            field.set_enabled(not running)
        self._models.set_enabled(not running)
        self._references.set_enabled(not running)
        finished = task.status in (TaskStatus.COMPLETED, TaskStatus.ERROR)
        self._again.set_visibility(finished)
        self._retry.set_visibility(task.status == TaskStatus.ERROR)
        self._draw_outputs(task)

    def _draw_outputs(self, task: TaskItem) -> None:
        self._outputs.clear()
        with self._outputs:
            for number, image_id in enumerate(task.output_images, start=1):
                label = self._words("editor.open_image", n=number)
                tile = ui.element("button").classes("wd-ref-picture wd-output")
                tile.props.update({"type": "button", "aria-label": label})
                tile.on("click", partial(self._on_zoom, task.id, image_id), args=[])
                with tile:
                    picture = ui.element("img")
                    picture.props["src"] = f"/api/v1/images/{image_id}/thumbnail"
                    picture.props.update({"alt": label, "loading": "lazy"})

    def _model_changed(self) -> None:
        model = self._models.model
        if model is not None:
            self._references.set_ceiling(model.max_references, model.label)
            unsupported = not model.supports_negative_prompt and not self._negative.value
            self._negative.set_visibility(not unsupported)

    # --- saving -------------------------------------------------------------------------------

    def _changes(self) -> dict[str, Any]:
        """The fields that differ from the row the form began with."""
        if self._task is None:
            return {}
        now = {
            "task_name": self._name.value or "",
            "prompt": self._prompt.value or "",
            **self._models.value,
            "images_per_prompt": int(self._images.value or 0),
            "seed": None if self._seed.value is None else int(self._seed.value),
            "negative_prompt": self._negative.value or "",
            "filename_prefix": self._prefix.value or "",
            "reference_images": self._references.uncategorised,
            "reference_images_by_cat": self._references.value,
        }
        task = self._task
        changed = {name: value for name, value in now.items() if value != getattr(task, name)}
        if task.status == TaskStatus.RUNNING:
            return {name: changed[name] for name in changed if name in FREE_WHILE_RUNNING}
        return changed

    async def save(self) -> bool:
        """Save what has changed; answers whether the task is now as the form shows it."""
        if self._task is None:
            return False
        self._errors.clear()
        changes = self._changes()
        if not changes:
            ui.notify(self._words("editor.unchanged"))
            return True
        answer = await ask(
            self._visit.api.update_task, self._task.id,
            {**changes, "revision": self._task.revision},
        )  # fmt: skip
        if not answer.success:
            self._errors.show(answer)
            return False
        told(answer, self._words, self._words("editor.saved"))
        await self._fill(TaskItem(**answer.data))
        return True

    async def paint_again(self) -> None:
        """Save, then ask for every image anew, after one look at what that means."""
        if self._task is None or not await self._wants_again():
            return
        task_id = self._task.id
        if self._changes() and not await self.save():
            return
        answer = await ask(self._visit.api.run_tasks, [task_id])
        told(answer, self._words, self._words("editor.again_done"))
        await self.refresh()

    async def _wants_again(self) -> bool:
        words = self._words
        count = int(self._images.value or 0)
        cost = self._models.estimate(self._references.count) * count
        about = words("composer.about", cost=dollars(cost)).lstrip(", ") if cost else ""
        chosen = await question(
            words("editor.again_title", n=count),
            words("editor.again_text", cost=about),
            [
                Choice("cancel", words("queue.cancel"), "quiet"),
                Choice("paint-again", words("editor.again")),
            ],
        )
        return chosen == "paint-again"

    async def retry(self) -> None:
        """Ask again for the images that failed; possibly charged ones only by a second word."""
        if self._task is None:
            return
        answer = await ask(self._visit.api.retry_tasks, [self._task.id])
        left = answer.data["uncertain_left"] if answer.success else 0
        if left and await self._risks(left):
            answer = await ask(self._visit.api.retry_tasks, [self._task.id], include_uncertain=True)
        told(answer, self._words, self._words("queue.retried", n=answer.total))
        await self.refresh()

    async def _risks(self, count: int) -> bool:
        words = self._words
        chosen = await question(
            words("queue.retry_title", n=count),
            words("queue.retry_text", n=count),
            [
                Choice("cancel", words("queue.cancel"), "quiet"),
                Choice("retry-all", words("queue.retry_all", n=count), "danger"),
            ],
        )
        return chosen == "retry-all"
