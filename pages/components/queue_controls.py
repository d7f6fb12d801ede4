"""Start and stop, import, retry and delete, and the whole queue in one line."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from nicegui import ui

from app.api.models import ApiResponse, QueueState, TaskStatus
from app.words import Words
from pages.ask import ask
from pages.components.question import Choice, question
from pages.told import sentence, told
from pages.visit import Visit

CHIP_ICONS = {
    TaskStatus.PENDING: "schedule",
    TaskStatus.RUNNING: "autorenew",
    TaskStatus.COMPLETED: "check_circle",
    TaskStatus.ERROR: "error",
}

SELECTION_TIMEOUT_SECONDS = 5.0


class QueueControls:
    """The toolbar. What is enabled follows from the listed state, nothing is remembered."""

    def __init__(
        self,
        visit: Visit,
        providers: Mapping[str, str],
        on_import: Callable[[], Awaitable[None] | None],
        on_panel: Callable[[], None],
    ) -> None:
        """Only remember.

        Args:
            visit: Who looks.
            providers: Labels of the providers by name.
            on_import: Opens the import dialog.
            on_panel: Shows or hides the side panel.
        """
        self._visit = visit
        self._words = visit.words
        self._providers = providers
        self._on_import = on_import
        self._on_panel = on_panel
        self._state: QueueState | None = None
        self._notices: list[dict[str, Any]] | None = None

    def build(self) -> None:
        """Draw the toolbar into the current container."""
        with ui.element("div").classes("wd-card wd-toolbar") as bar:
            bar.props.update({"role": "group", "aria-label": self._words("queue.toolbar")})
            with ui.element("div").classes("wd-toolbar-row"):
                self._buttons()
                self._chips()
                self._panel_button()
            self._progress()
            self._lost, self._lost_text = _notice("cloud_off", "")
            self._lost.props("role=alert").mark("queue-lost").set_visibility(False)
            self._waiting = ui.element("div").classes("wd-notices").props("aria-live=polite")
        self.select(0)

    # --- state --------------------------------------------------------------------------------

    def show(self, state: QueueState | None, lost: str = "") -> None:
        """Draw the queue's state; None means that the studio does not answer, `lost` says why."""
        self._lost.set_visibility(state is None)
        if state is None:
            self._lost_text.text = lost or self._words("queue.lost")
            return
        self._state = state
        self._start.set_enabled(not state.running)
        self._stop.set_enabled(state.running)
        # Giving up is taken back only task by task.
        errors = state.counts[TaskStatus.ERROR] - state.cancelled
        self._retry.set_enabled(errors > 0)
        self._retry.text = self._words("queue.retry_count" if errors else "queue.retry", n=errors)
        self._draw_progress(state)
        self._draw_chips(state)
        self._draw_waiting(state.waiting)

    def select(self, count: int) -> None:
        """Say how many rows are selected."""
        self._delete.set_enabled(count > 0)
        self._delete.text = self._words("queue.delete_count" if count else "queue.delete", n=count)

    def _draw_progress(self, state: QueueState) -> None:
        percent = 100 * state.images_done // state.images_wanted if state.images_wanted else 0
        self._track.set_visibility(state.images_wanted > 0)
        self._fill.style["width"] = f"{percent}%"
        self._fill.update()
        self._track.props["aria-valuenow"] = str(percent)
        self._line.text = status_line(state, self._words)

    def _draw_chips(self, state: QueueState) -> None:
        for status, (chip, number) in self._numbers.items():
            number.text = str(state.counts[status])
            chip.set_visibility(state.counts[status] > 0)

    def _draw_waiting(self, waiting: list[dict[str, Any]]) -> None:
        if waiting == self._notices:
            return
        self._notices = waiting
        self._waiting.clear()
        with self._waiting:
            for reason in waiting:
                notice, _ = _notice("hourglass_top", self._reason(reason))
                with notice:
                    until = ui.element("span").classes("wd-until")
                    until.props.set_optional("data-until", reason["until"])

    def _reason(self, reason: Mapping[str, Any]) -> str:
        key = f"waiting.{reason['code']}"
        provider = self._providers.get(reason["provider"], reason["provider"])
        known = key if self._words.has(key) else "waiting.other"
        owner = reason.get("owner_name", "")
        return self._words(known, provider=provider, owner=owner, n=reason["tasks"])

    # --- drawing ------------------------------------------------------------------------------

    def _buttons(self) -> None:
        words = self._words
        self._start = ui.button(words("queue.start"), icon="play_arrow", on_click=self.start)
        self._start.props("unelevated").mark("start")
        self._stop = self._secondary("queue.stop", "stop", self.stop).mark("stop")
        ui.element("div").classes("wd-toolbar-gap")
        self._secondary("queue.import", "upload_file", self._on_import).mark("import")
        self._retry = self._secondary("queue.retry", "replay", self.retry).mark("retry-errors")
        self._delete = self._secondary("queue.delete", "delete", self.delete).mark("delete")

    def _secondary(self, key: str, icon: str, on_click: Callable[[], Any]) -> ui.button:
        button = ui.button(self._words(key), icon=icon, color=None, on_click=on_click)
        return button.props("flat").classes("wd-secondary")

    def _chips(self) -> None:
        self._numbers: dict[TaskStatus, tuple[ui.element, ui.label]] = {}
        with ui.element("div").classes("wd-chips"):
            for status, icon in CHIP_ICONS.items():
                with ui.element("div").classes("wd-chip") as chip:
                    chip.props["data-kind"] = status.value
                    ui.icon(icon).props("aria-hidden=true")
                    word = self._words(f"status.{status}")
                    ui.label(word).classes("wd-chip-word")
                    self._numbers[status] = chip.tooltip(word), ui.label()

    def _panel_button(self) -> None:
        button = ui.button(icon="view_sidebar", color=None, on_click=self._on_panel)
        button.props("flat").classes("wd-icon-button wd-panel-switch").mark("panel")
        button.props["aria-label"] = self._words("queue.panel_switch")
        button.tooltip(self._words("queue.panel_switch"))

    def _progress(self) -> None:
        with ui.element("div").classes("wd-progress"):
            with ui.element("div").classes("wd-progress-track") as self._track:
                self._track.props("role=progressbar aria-valuemin=0 aria-valuemax=100")
                self._track.props["aria-label"] = self._words("queue.progress")
                self._fill = ui.element("div").classes("wd-progress-fill")
            self._line = ui.label().classes("wd-status-line").mark("status-line")

    # --- actions ------------------------------------------------------------------------------

    async def start(self) -> None:
        """Start the queue."""
        self._changed(await ask(self._visit.api.start_queue))

    async def stop(self) -> None:
        """Stop the queue; requests that are out still end."""
        self._changed(await ask(self._visit.api.stop_queue))

    def _changed(self, answer: ApiResponse) -> None:
        if told(answer, self._words):
            self.show(QueueState(**answer.data))

    async def retry(self) -> None:
        """Retry what failed; what may have been charged only with the person's word."""
        uncertain = self._state.uncertain if self._state else 0
        chosen = await self._ask_about_charges(uncertain) if uncertain else "retry-sure"
        if chosen not in ("retry-all", "retry-sure"):
            return
        all_of_them = chosen == "retry-all"
        answer = await ask(self._visit.api.retry_tasks, include_uncertain=all_of_them)
        told(answer, self._words, self._retried(answer))

    async def _ask_about_charges(self, uncertain: int) -> str | None:
        words = self._words
        choices = [
            Choice("cancel", words("queue.cancel"), "quiet"),
            Choice("retry-all", words("queue.retry_all", n=uncertain), "danger"),
            Choice("retry-sure", words("queue.retry_sure")),
        ]
        title = words("queue.retry_title", n=uncertain)
        return await question(title, words("queue.retry_text", n=uncertain), choices)

    def _retried(self, answer: ApiResponse) -> str:
        parts = [self._words("queue.retried", n=answer.total)]
        if answer.success and (left := answer.data["uncertain_left"]):
            parts.append(self._words("queue.retried_left", n=left))
        return ". ".join(parts)

    async def delete(self) -> None:
        """Delete the selected tasks, after a word of confirmation."""
        selected = await ui.run_javascript(
            'return WD.selection("queue")', timeout=SELECTION_TIMEOUT_SECONDS
        )
        ids = [str(task_id) for task_id in selected["ids"]]
        if not ids or not await self._confirmed(len(ids), int(selected["images"])):
            return
        answer = await ask(self._visit.api.delete_tasks, ids)
        told(answer, self._words, self._words("queue.deleted", n=answer.total))

    async def _confirmed(self, tasks: int, images: int) -> bool:
        words = self._words
        text = words("queue.delete_images", n=images) if images else words("queue.delete_no_images")
        choices = [
            Choice("cancel", words("queue.cancel"), "quiet"),
            Choice("confirm-delete", words("queue.delete_confirm", n=tasks), "danger"),
        ]
        title = words("queue.delete_title", n=tasks)
        return await question(title, text, choices) == "confirm-delete"


def status_line(state: QueueState, words: Words) -> str:
    """ "12 of 38 images · 2 running · 3 errors"; what is zero is left out."""
    parts: list[str] = []
    if not state.running:
        stopping = words("queue.stopping", n=state.in_flight)
        parts.append(stopping if state.in_flight else words("queue.stopped"))
    if state.images_wanted:
        parts.append(words("queue.images_of", done=state.images_done, n=state.images_wanted))
    if state.running and state.in_flight:
        parts.append(words("queue.running_count", n=state.in_flight))
    if errors := state.counts[TaskStatus.ERROR]:
        parts.append(words("queue.error_count", n=errors))
    if state.uncertain:
        parts.append(words("queue.uncertain_count", n=state.uncertain))
    if state.cost:
        parts.append(words("queue.cost", cost=money(state.cost)))
    return " · ".join(parts)


def sentence_of_loss(failure: ApiResponse | None, words: Words) -> str:
    """Why the queue that is shown may be old: the distant server that does not answer, by name."""
    if failure is None:
        return words("queue.lost")
    if failure.code == "server_unreachable":
        return words("queue.away", server=failure.params.get("server", ""))
    return sentence(failure, words)


def money(dollars: float) -> str:
    """US dollars; fractions of a cent count when the sum is small."""
    return f"${dollars:,.2f}" if dollars >= 1 else f"${dollars:.3f}"


def _notice(icon: str, text: str) -> tuple[ui.element, ui.label]:
    with ui.element("div").classes("wd-notice") as notice:
        ui.icon(icon).props("aria-hidden=true")
        label = ui.label(text)
    return notice, label
