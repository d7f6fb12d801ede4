"""A question that must be answered before something cannot be undone."""

from collections.abc import Sequence
from dataclasses import dataclass

from nicegui import ui

LOOKS = {"quiet": "wd-quiet", "danger": "wd-danger"}


@dataclass(frozen=True)
class Choice:
    """One button of a question.

    Attributes:
        name: What `question` answers when it is pressed; also the button's mark.
        look: `primary`, `danger` or `quiet`.
    """

    name: str
    label: str
    look: str = "primary"


async def question(title: str, text: str, choices: Sequence[Choice]) -> str | None:
    """Ask in a dialog; answers the chosen name, or None when it was closed without a choice."""
    with ui.dialog() as dialog, ui.card().classes("wd-dialog"):
        dialog.props["aria-label"] = title
        ui.label(title).classes("wd-title")
        ui.label(text).classes("wd-muted")
        with ui.element("div").classes("wd-dialog-actions"):
            for choice in choices:
                _button(dialog, choice)
    chosen = await dialog
    dialog.delete()
    return chosen


def _button(dialog: ui.dialog, choice: Choice) -> None:
    primary = choice.look == "primary"
    button = ui.button(
        choice.label,
        on_click=lambda: dialog.submit(choice.name),
        color="primary" if primary else None,
    )
    button.props("unelevated" if primary else "flat").mark(choice.name)
    if not primary:
        button.classes(LOOKS[choice.look])
