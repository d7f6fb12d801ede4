"""Where new tasks are written: many prompts, one set of settings and references for all."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from nicegui import ui

from app.api.models import ApiResponse
from app.models import MAX_IMAGES_PER_PROMPT, MAX_SEED
from pages.ask import ask
from pages.components.field_errors import FieldErrors
from pages.components.model_fields import ModelFields, dollars
from pages.components.question import Choice, question
from pages.components.references import ReferenceZone
from pages.told import told
from pages.visit import Visit

ASK_BEYOND = 300
"""So many prompts at once are added after one more look at their number."""


class Composer:
    """The form beside the queue."""

    def __init__(self, visit: Visit, on_added: Callable[[], None] | None = None) -> None:
        self._visit = visit
        self._words = visit.words
        self._on_added = on_added
        self._prompts: list[str] = []
        self._models = ModelFields(visit, self._model_changed)
        self._references = ReferenceZone(visit, self._show_total)
        self._request_id = uuid4().hex

    async def load(self) -> None:
        """Ask for what the form offers; before `build`."""
        await self._models.load()

    def build(self) -> None:
        """Draw the form into the current container."""
        words = self._words
        with ui.element("form").classes("wd-form") as form:
            form.on("submit.prevent", self._add, args=[])
            form.on("keydown.ctrl.enter.prevent", self._add, args=[])
            ui.label(words("composer.title")).classes("wd-title")
            self._build_prompts()
            self._models.build(self._visit.settings.default_model)
            self._images = ui.number(
                words("composer.images"), value=1, min=1, max=MAX_IMAGES_PER_PROMPT, precision=0
            )
            self._images.props("outlined dense").classes("w-full").mark("images-per-prompt")
            self._images.on_value_change(self._show_total)
            ui.label(words("composer.references")).classes("wd-subtitle")
            self._references.build()
            self._build_more()
            self._total = ui.label().classes("wd-note").mark("total")
            self._button = ui.button(words("composer.add"), icon="add").props(
                "unelevated type=submit"
            )
            self._button.classes("w-full").mark("add-tasks")
        self._errors = FieldErrors(words, {
            "prompt": self._text, "images_per_prompt": self._images, "seed": self._seed,
            "negative_prompt": self._negative, "model": self._models.model_select,
            "aspect_ratio": self._models.ratio_select, "quality": self._models.quality_select,
            "reference_images_by_cat": self._references,
        })  # fmt: skip
        self._model_changed()
        ui.timer(0.2, lambda: ui.run_javascript("WD_forms.restoreDraft()"), once=True)

    def _build_prompts(self) -> None:
        words = self._words
        self._text = ui.textarea(words("composer.prompts"), placeholder=words("composer.example"))
        self._text.props("outlined autogrow debounce=250 input-class=wd-prompts")
        self._text.props["data-draft"] = "wd.composer"
        self._text.classes("w-full").mark("prompt-input").on_value_change(self._count)
        self._separator = ui.toggle(
            {"line": words("composer.by_line"), "blank": words("composer.by_blank")}, value="line"
        )
        self._separator.props("no-caps unelevated dense spread").classes("w-full wd-toggle")
        self._separator.mark("separator").on_value_change(self._count)
        self._will_add = ui.label().classes("wd-note").mark("will-add")
        self._will_add.props["role"] = "status"

    def _build_more(self) -> None:
        words = self._words
        with ui.expansion(words("composer.more")).classes("w-full wd-more"):
            self._negative = ui.textarea(words("composer.negative")).props(
                "outlined dense autogrow"
            )
            self._negative.classes("w-full").mark("negative-prompt")
            self._seed = ui.number(words("composer.seed"), min=0, max=MAX_SEED, precision=0)
            self._seed.props("outlined dense clearable").classes("w-full").mark("seed")
            self._prefix = ui.input(words("composer.prefix")).props("outlined dense")
            self._prefix.classes("w-full").mark("filename-prefix")

    # --- what will be added -------------------------------------------------------------------

    async def _split(self) -> ApiResponse:
        text, separator = self._text.value or "", str(self._separator.value)
        return await ask(self._visit.api.split_prompts, text, separator)

    async def _count(self, _: Any = None) -> None:
        answer = await self._split()
        self._prompts = answer.data or []
        self._text.error = None
        self._show_total()

    def _model_changed(self) -> None:
        model = self._models.model
        if model is not None:
            self._references.set_ceiling(model.max_references, model.label)
            self._negative.set_visibility(model.supports_negative_prompt)
        self._show_total()

    def _show_total(self, _: Any = None) -> None:
        tasks = len(self._prompts)
        self._will_add.text = self._words("composer.will_add", n=tasks)
        self._button.text = (
            self._words("composer.add_n", n=tasks) if tasks else self._words("composer.add")
        )
        each = self._images_each()
        cost = self._models.estimate(self._references.count) * tasks * each
        line = self._words("composer.total", n=tasks * each, tasks=tasks, each=each)
        about = self._words("composer.about", cost=dollars(cost)) if cost else ""
        self._total.text = f"{line}{about}"
        self._total.set_visibility(tasks > 0)

    def _images_each(self) -> int:
        return int(self._images.value or 0)

    # --- adding -------------------------------------------------------------------------------

    async def _add(self) -> None:
        if not self._button.enabled:
            return
        self._button.disable()
        try:
            await self._add_now()
        finally:
            self._button.enable()

    async def _add_now(self) -> None:
        self._errors.clear()
        # The text as it is now, not as it was at the last pause in typing.
        self._prompts = (await self._split()).data or []
        self._show_total()
        prompts = self._prompts or [""]
        if len(prompts) > ASK_BEYOND and not await self._is_sure():
            return
        answer = await ask(self._visit.api.add_many, [
            {**self._common(), "prompt": prompt, "client_request_id": f"{self._request_id}-{at}"}
            for at, prompt in enumerate(prompts)
        ])  # fmt: skip
        if not answer.success:
            self._errors.show(answer)
            return
        told(answer, self._words, self._words("composer.added", n=answer.total))
        self._request_id = uuid4().hex
        self._text.value = ""
        ui.run_javascript("WD_forms.forgetDraft()")
        if self._on_added:
            self._on_added()

    def _common(self) -> dict[str, Any]:
        model = self._models.model
        negative = model is not None and model.supports_negative_prompt
        return {
            **self._models.value,
            "images_per_prompt": self._images_each(),
            "negative_prompt": (self._negative.value or "") if negative else "",
            "seed": None if self._seed.value is None else int(self._seed.value),
            "filename_prefix": self._prefix.value or "",
            "reference_images_by_cat": self._references.value,
        }

    async def _is_sure(self) -> bool:
        words = self._words
        tasks = len(self._prompts)
        chosen = await question(
            words("composer.sure_title", n=tasks),
            self._total.text,
            [
                Choice("cancel", words("queue.cancel"), "quiet"),
                Choice("add-many", words("composer.add_n", n=tasks)),
            ],
        )
        return chosen == "add-many"
