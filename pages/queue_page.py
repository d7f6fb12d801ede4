"""The queue: its tasks, what starts and stops them, and where new ones are written."""

from nicegui import events, ui

from app.api.base_api import BaseApi
from app.api.models import QueueState
from app.window.machine import Machine
from pages import design
from pages.ask import ask
from pages.components.composer import Composer
from pages.components.import_dialog import ImportDialog
from pages.components.lightbox import Lightbox
from pages.components.queue_controls import QueueControls, sentence_of_loss
from pages.components.queue_grid import KEY, QueueGrid
from pages.components.task_editor import TaskEditor
from pages.feed import Feeds, QueueFeed
from pages.frame import frame
from pages.told import told
from pages.visit import RESPONSE_SECONDS, Visit, visit

SECONDS_BETWEEN_TICKS = 0.5
EDITED_IN_PLACE = ("prompt", "task_name")


def register(api: BaseApi, feeds: Feeds, machine: Machine | None = None) -> None:
    """Add the page at `/`."""

    @ui.page("/", response_timeout=RESPONSE_SECONDS)
    async def queue_page() -> None:
        here = await visit(api, machine)
        page = QueuePage(here, feeds.of(here.user))
        await page.load()
        design.load_here("queue_early.js")
        with frame(here, "queue.title", active="/"):
            page.build()


class QueuePage:
    """One view of the queue. Rows and selection are in the browser; here are only its elements."""

    def __init__(self, here: Visit, feed: QueueFeed) -> None:
        self._visit = here
        self._words = here.words
        self._feed = feed
        self._state: QueueState | None = None
        self._models: dict[str, str] = {}
        self._providers: dict[str, str] = {}
        self._lost = ""
        self._import = ImportDialog(here)
        self._lightbox = Lightbox(here)
        self._composer = Composer(here, self._added)
        self._editor = TaskEditor(here, self._compose, self._lightbox.open)

    async def load(self) -> None:
        """Ask for what the page shows at once; all but the rows, which the browser fetches."""
        api = self._visit.api
        models = (await ask(api.list_models)).data or []
        providers = (await ask(api.list_providers)).data or []
        state = await ask(api.queue_state)
        self._models = {model["id"]: model["label"] for model in models}
        self._providers = {provider["name"]: provider["label"] for provider in providers}
        self._state = QueueState(**state.data) if state.data else None
        self._lost = "" if state.success else sentence_of_loss(state, self._words)
        self._composer = Composer(self._visit, self._added)
        self._editor = TaskEditor(self._visit, self._compose, self._show_large)
        await self._composer.load()
        await self._editor.load()

    def build(self) -> None:
        """Draw the page and join the feed."""
        self._controls = QueueControls(
            self._visit, self._providers, self._import.open, self._switch_panel
        )
        with ui.element("div").classes("wd-queue") as self._layout:
            with ui.element("div").classes("wd-queue-main"):
                self._controls.build()
                grid = QueueGrid(self._visit, self._models)
                grid.build(on_sample=self._import.open_sample, on_import=self._import.open)
            self._build_panel()
        self._import.build()
        self._lightbox.build()
        self._listen()
        self._controls.show(self._state)
        if self._lost:
            self._controls.show(None, self._lost)
        self._feed.join(ui.context.client, self._on_queue)
        ui.timer(SECONDS_BETWEEN_TICKS, self._feed.tick)

    # --- the side panel -----------------------------------------------------------------------

    def _build_panel(self) -> None:
        with ui.element("aside").classes("wd-card wd-panel") as self._panel:
            self._panel.props["aria-label"] = self._words("queue.panel")
            toggle = ui.button(self._words("queue.new_tasks"), icon="add", color=None)
            toggle.props("flat").classes("wd-panel-toggle").mark("new-tasks")
            toggle.on_click(lambda: self._panel.classes(toggle="wd-panel--open"))
            with ui.element("div").classes("wd-panel-body"):
                with ui.element("div").classes("wd-panel-part") as self._composing:
                    self._composer.build()
                with ui.element("div").classes("wd-panel-part") as self._editing:
                    self._editor.build()
        self._compose()

    def _switch_panel(self) -> None:
        self._layout.classes(toggle="wd-queue--wide")

    def _compose(self) -> None:
        self._panel.classes(remove="wd-panel--editing")
        self._editing.set_visibility(False)
        self._composing.set_visibility(True)

    def _added(self) -> None:
        self._panel.classes(remove="wd-panel--open")

    async def _on_queue(self, state: QueueState | None) -> None:
        self._controls.show(state, sentence_of_loss(self._feed.failure, self._words))
        if state is not None:
            await self._editor.refresh()

    # --- what the browser tells ---------------------------------------------------------------

    def _listen(self) -> None:
        ui.on("selection", lambda event: self._controls.select(int(event.args)))
        ui.on("delete_selection", self._controls.delete)
        ui.on("open_task", self._open_task)
        ui.on("zoom", self._zoom)
        ui.on("cell_edited", self._cell_edited)

    async def _open_task(self, event: events.GenericEventArguments) -> None:
        self._composing.set_visibility(False)
        self._editing.set_visibility(True)
        self._layout.classes(remove="wd-queue--wide")
        self._panel.classes(add="wd-panel--editing")
        await self._editor.open(str(event.args))

    async def _zoom(self, event: events.GenericEventArguments) -> None:
        await self._show_large(str(event.args["task"]), str(event.args["image"]))

    async def _show_large(self, task_id: str, image_id: str) -> None:
        await self._lightbox.open(task_id, image_id)

    async def _cell_edited(self, event: events.GenericEventArguments) -> None:
        """Save an edit made in the grid; a refusal is told and the grid shows the truth again."""
        field = event.args["field"]
        if field not in EDITED_IN_PLACE:
            return
        change = {field: str(event.args["value"]), "revision": int(event.args["revision"])}
        answer = await ask(self._visit.api.update_task, str(event.args["id"]), change)
        if not told(answer, self._words):
            ui.run_javascript(f'WD.revert("{KEY}")')
        await self._editor.refresh()
