"""The card in Settings where an admin reads what was done and spent."""

from nicegui import ui

from app.api.models import AuditEntry
from pages.ask import ask
from pages.components.moments import shown_time
from pages.components.queue_controls import money
from pages.visit import Visit

SHOWN = 50
MOST_CHARS = 120


class AuditCard:
    """The last entries, the newest first."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._words = visit.words
        self._entries: list[AuditEntry] = []

    async def load(self) -> None:
        """Ask for what the card shows."""
        answer = await ask(self._visit.api.list_audit, limit=SHOWN)
        found = answer.data["entries"] if answer.success else []
        self._entries = [AuditEntry(**entry) for entry in found]

    def build(self) -> None:
        """Draw it."""
        words = self._words
        ui.label(words("audit.note", n=SHOWN)).classes("wd-note")
        with ui.element("ol").classes("wd-audit").mark("audit"):
            for entry in self._entries:
                with ui.element("li"):
                    ui.label(shown_time(entry.at)).classes("wd-note")
                    ui.label(entry.user_name or entry.user)
                    ui.label(self._told(entry))
        if not self._entries:
            ui.label(words("audit.nothing")).classes("wd-note")

    def _told(self, entry: AuditEntry) -> str:
        key = f"audit.{entry.action}"
        action = self._words(key) if self._words.has(key) else entry.action
        details = {name: value for name, value in entry.details.items() if name != "attempt"}
        if "dollars" in details:
            details["dollars"] = money(float(details["dollars"]))
        more = ", ".join(f"{name} {value}" for name, value in details.items())
        return f"{action}: {more}"[:MOST_CHARS] if more else action
