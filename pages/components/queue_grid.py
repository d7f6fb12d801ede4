"""The table of tasks: an AG Grid whose rows live in the browser (`static/queue_grid.js`)."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from nicegui import ui

from app.models import MAX_NAME_CHARS, MAX_PROMPT_CHARS
from app.words import Words, catalogue
from pages.visit import Visit

KEY = "queue"
"""The grid's name in the browser: `WD.apply("queue", delta)`."""

ROWS_ADDRESS = "/api/v1/changes?since=0"
ROW_HEIGHT_PX = 56
WORDS_OF_CELLS = ("error.", "status.", "grid.", "references.")

Action = Callable[[], Awaitable[None] | None]


class QueueGrid:
    """Draws the grid once and never touches it again: updates come from the shared feed."""

    def __init__(self, visit: Visit, model_labels: Mapping[str, str]) -> None:
        self._words = visit.words
        self._model_labels = model_labels

    def build(self, *, on_sample: Action, on_import: Action) -> None:
        """Draw the grid, what stands in its place while there are no rows, and the banners."""
        with ui.element("div").classes("wd-card wd-grid-wrap") as wrap:
            wrap.props.update({"data-grid": KEY, "data-state": "loading"})
            self._offline_banner()
            ui.aggrid(self._options(), auto_size_columns=False).mark("queue-grid")
            self._skeleton()
            self._empty_state(on_sample, on_import)

    def _options(self) -> dict[str, Any]:
        return {
            "columnDefs": columns(self._words),
            "defaultColDef": {
                "cellDataType": False,
                "suppressHeaderMenuButton": True,
                ":suppressKeyboardEvent": "WD.keepFromGrid",
                ":cellRenderer": "WD.cells.text",
            },
            "context": {"models": dict(self._model_labels), "words": _words_of_cells(self._words)},
            "localeText": _grid_texts(self._words),
            ":getRowId": "p => p.data.id",
            "rowHeight": ROW_HEIGHT_PX,
            "headerHeight": 38,
            "rowSelection": {
                "mode": "multiRow",
                "headerCheckbox": True,
                "enableClickSelection": False,
            },
            "selectionColumnDef": {"pinned": "left", "width": 42, "resizable": False},
            "animateRows": False,
            "readOnlyEdit": True,
            "stopEditingWhenCellsLoseFocus": True,
            "suppressColumnVirtualisation": True,
            "suppressNoRowsOverlay": True,
            "loading": False,
            ":onGridReady": f'p => WD.attach("{KEY}", p.api, "{ROWS_ADDRESS}")',
            **_handlers(),
        }

    def _offline_banner(self) -> None:
        with ui.element("div").props("role=alert").classes("wd-notice wd-offline"):
            ui.icon("cloud_off").props("aria-hidden=true")
            ui.label(self._words("grid.offline"))
            retry = ui.button(self._words("grid.retry"), color=None).props("flat dense")
            retry.on("click", js_handler=f'() => WD.retry("{KEY}")')

    def _skeleton(self) -> None:
        with ui.element("div").props("aria-hidden=true").classes("wd-skeleton"):
            for _ in range(8):
                ui.element("div")

    def _empty_state(self, on_sample: Action, on_import: Action) -> None:
        words = self._words
        with ui.element("div").classes("wd-empty").mark("queue-empty"):
            with ui.element("div").classes("wd-empty-art"):
                ui.icon("auto_awesome").props("aria-hidden=true")
            ui.label(words("grid.empty_title")).classes("wd-title")
            ui.label(words("grid.empty_text")).classes("wd-empty-text")
            with ui.element("div").classes("wd-toolbar-row wd-empty-actions"):
                ui.button(
                    words("grid.empty_sample"), icon="auto_stories", on_click=on_sample
                ).props("unelevated").mark("sample")
                ui.button(
                    words("grid.empty_import"), icon="upload_file", color=None, on_click=on_import
                ).props("flat").classes("wd-secondary")


def columns(words: Words) -> list[dict[str, Any]]:
    """The columns, left to right; a column's id is the field of the row it is about."""

    def column(field: str, word: str, width: int, **more: Any) -> dict[str, Any]:
        return {
            "field": field,
            "colId": field,
            "headerName": words(f"grid.{word}"),
            "width": width,
            **more,
        }

    line = {"cellEditor": "agTextCellEditor", "cellEditorParams": {"maxLength": MAX_NAME_CHARS}}
    text = {
        "cellEditor": "agLargeTextCellEditor",
        "cellEditorPopup": True,
        "cellEditorParams": {"maxLength": MAX_PROMPT_CHARS, "rows": 9, "cols": 64},
    }
    return [
        column("position", "stt", 72, pinned="left", sort="asc", resizable=False,
               **{":cellRenderer": "WD.cells.stt"}),
        column("status", "status", 122, **{":valueGetter": "WD.kindOf",
               ":cellRenderer": "WD.cells.status"}),
        column("task_name", "name", 120, **line, **{":editable": "WD.isEditable"}),
        column("owner_name", "owner", 110, hide=True),
        column("reference_images", "references", 108, sortable=False,
               **{":cellRenderer": "WD.cells.references"}),
        column("prompt", "prompt", 260, flex=1, minWidth=220, **text,
               **{":editable": "WD.isEditable"}),
        column("model", "model", 124, **{":valueGetter": "WD.modelLabel"}),
        column("aspect_ratio", "ratio", 64),
        column("quality", "quality", 64),
        column("images_per_prompt", "images", 64),
        column("output_images", "outputs", 156, pinned="right", sortable=False,
               **{":cellRenderer": "WD.cells.outputs"}),
        column("progress", "progress", 108, **{":cellRenderer": "WD.cells.progress"}),
        column("elapsed_seconds", "elapsed", 66, **{":cellRenderer": "WD.cells.elapsed"}),
        column("message", "message", 220, **{":valueGetter": "WD.messageOf",
               ":cellRenderer": "WD.cells.message"}),
    ]  # fmt: skip


def _handlers() -> dict[str, str]:
    names = {
        "onCellClicked": "clicked",
        "onCellDoubleClicked": "doubleClicked",
        "onCellKeyDown": "keyPressed",
        "onCellEditingStarted": "editBegan",
        "onCellEditRequest": "edited",
        "onSelectionChanged": "selectionChanged",
        "onColumnResized": "columnsChanged",
        "onColumnMoved": "columnsChanged",
        "onColumnPinned": "columnsChanged",
        "onSortChanged": "columnsChanged",
    }
    return {f":{event}": f"WD.{name}" for event, name in names.items()}


def _words_of_cells(words: Words) -> dict[str, str]:
    texts = {**catalogue("en"), **catalogue(words.language)}
    return {key: text for key, text in texts.items() if key.startswith(WORDS_OF_CELLS)}


def _grid_texts(words: Words) -> dict[str, str]:
    prefix = "grid.ag."
    keys = [key for key in catalogue("en") if key.startswith(prefix)]
    return {key.removeprefix(prefix): words(key) for key in keys}
