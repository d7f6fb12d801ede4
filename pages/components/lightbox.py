"""A task's images, large, one after the other."""

from typing import Any

from nicegui import ui

from app.api.models import ImageInfo
from app.window.machine import Machine
from pages.ask import ask
from pages.told import told
from pages.visit import Visit


class Lightbox:
    """One maximised dialog per page; Escape closes it, the arrow keys step through the images."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._words = visit.words
        self._images: list[ImageInfo] = []
        self._at = 0
        self._labels: dict[str, str] = {}

    def build(self) -> None:
        """Draw the closed dialog."""
        with ui.dialog().props("maximized") as self._dialog:
            self._dialog.props["aria-label"] = self._words("lightbox.label")
            with ui.element("div").classes("wd-lightbox").props("tabindex=0 data-autofocus") as box:
                box.on("keydown.left", lambda: self.step(-1), args=[])
                box.on("keydown.right", lambda: self.step(1), args=[])
                self._bar()
                self._stage()
                self._caption()

    async def open(self, task_id: str, image_id: str) -> None:
        """Show an image of a task. A failure is told and nothing opens."""
        task = await ask(self._visit.api.get_task, task_id)
        if not told(task, self._words):
            return
        images = await ask(self._visit.api.get_images, task.data["output_images"])
        if not told(images, self._words) or not images.data:
            return
        await self._learn_labels()
        self._images = [ImageInfo(**image) for image in images.data]
        ids = [image.id for image in self._images]
        self._at = ids.index(image_id) if image_id in ids else 0
        self._draw()
        self._dialog.open()

    def step(self, by: int) -> None:
        """Go on to the next image, or back; stays at either end."""
        self._at = min(max(self._at + by, 0), len(self._images) - 1)
        self._draw()

    async def _learn_labels(self) -> None:
        if not self._labels:
            models = (await ask(self._visit.api.list_models)).data or []
            self._labels = {model["id"]: model["label"] for model in models}

    # --- drawing ------------------------------------------------------------------------------

    def _bar(self) -> None:
        with ui.element("div").classes("wd-lightbox-bar"):
            self._count = ui.label().classes("wd-small")
            ui.space()
            self._original = self._link("lightbox.open", "open_in_new")
            self._original.props("target=_blank rel=noopener")
            # A second window would be the browser's, where nobody is signed in.
            self._original.set_visibility(not self._visit.in_window)
            if self._visit.machine:
                self._folder_button(self._visit.machine)
            self._download = self._link("lightbox.download", "download")
            close = ui.button(icon="close", color=None, on_click=self._dialog.close)
            close.props("flat").classes("wd-icon-button").mark("lightbox-close")
            close.props["aria-label"] = self._words("lightbox.close")

    def _folder_button(self, machine: Machine) -> None:
        async def show() -> None:
            told(await ask(machine.show_image, self._images[self._at].id), self._words)

        button = ui.element("button").classes("wd-lightbox-link").mark("lightbox-folder")
        button.props["type"] = "button"
        button.props["title"] = self._words("lightbox.folder")
        button.on("click", show, args=[])
        with button:
            ui.icon("folder_open").props("aria-hidden=true")
            ui.label(self._words("lightbox.folder")).classes("wd-word")

    def _link(self, key: str, icon: str) -> ui.element:
        with ui.element("a").classes("wd-lightbox-link") as link:
            link.props["title"] = self._words(key)
            ui.icon(icon).props("aria-hidden=true")
            ui.label(self._words(key)).classes("wd-word")
        return link

    def _stage(self) -> None:
        with ui.element("div").classes("wd-lightbox-stage"):
            self._picture = ui.element("img").mark("lightbox-picture")
            self._back = self._step_button(-1, "chevron_left", "lightbox.previous")
            self._forth = self._step_button(1, "chevron_right", "lightbox.next")

    def _step_button(self, by: int, icon: str, key: str) -> ui.button:
        button = ui.button(icon=icon, color=None, on_click=lambda: self.step(by))
        button.props("flat round").classes("wd-lightbox-step")
        button.props["data-step"] = str(by)
        button.props["aria-label"] = self._words(key)
        return button

    def _caption(self) -> None:
        with ui.element("div").classes("wd-lightbox-caption"):
            self._prompt = ui.label().classes("wd-lightbox-prompt")
            self._facts = ui.label().classes("wd-lightbox-facts")

    def _draw(self) -> None:
        image, total = self._images[self._at], len(self._images)
        address = f"/api/v1/images/{image.id}"
        self._picture.props.update({"src": address, "alt": image.prompt})
        self._original.props["href"] = address
        self._download.props["href"] = f"{address}?download=1"
        self._count.text = self._words("lightbox.count", number=self._at + 1, total=total)
        self._back.set_visibility(self._at > 0)
        self._forth.set_visibility(self._at < total - 1)
        self._prompt.text = image.prompt
        self._facts.text = " · ".join(self._facts_of(image))

    def _facts_of(self, image: ImageInfo) -> list[str]:
        facts: list[Any] = [
            self._labels.get(image.model, image.model),
            f"{image.width} × {image.height}",
        ]
        if image.seed is not None:
            facts.append(self._words("lightbox.seed", seed=image.seed))
        return [*facts, image.file_name]
