"""The card in Settings with the browsers in which a person is signed in."""

from functools import partial

from nicegui import ui

from app.api.models import SessionInfo
from pages.ask import ask
from pages.components.moments import shown_time
from pages.told import told
from pages.visit import Visit

BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"),
            ("Safari/", "Safari"))  # fmt: skip
SYSTEMS = (("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"),
           ("Mac OS", "macOS"), ("Linux", "Linux"))  # fmt: skip


class SessionsCard:
    """Own sessions, each with a button that ends it, and one for all the others."""

    def __init__(self, visit: Visit, this_session: str) -> None:
        self._visit = visit
        self._words = visit.words
        self._this = this_session
        self._sessions: list[SessionInfo] = []

    async def load(self) -> None:
        """Ask for what the card shows."""
        answer = await ask(self._visit.api.list_sessions, this_session=self._this)
        self._sessions = [SessionInfo(**session) for session in answer.data or []]

    def build(self) -> None:
        """Draw it."""
        self._list = ui.element("div").mark("sessions")
        self._draw()

    def _draw(self) -> None:
        self._list.clear()
        with self._list:
            for session in self._sessions:
                self._build_session(session)
            if any(not session.current for session in self._sessions):
                everywhere = ui.button(self._words("sessions.end_others"), color=None)
                everywhere.on_click(self._end_others).props("flat").classes("wd-secondary")
                everywhere.mark("end-others")

    def _build_session(self, session: SessionInfo) -> None:
        words = self._words
        with ui.element("div").classes("wd-provider"):
            ui.label(browser_of(session.user_agent) or words("sessions.unknown")).classes(
                "wd-subtitle"
            )
            ui.label(
                words("sessions.seen", address=session.address or words("sessions.here"),
                      time=shown_time(session.last_seen_at))
            ).classes("wd-note")  # fmt: skip
            if session.current:
                ui.label(words("sessions.current")).classes("wd-note")
            else:
                end = ui.button(words("sessions.end"), color=None).props("flat dense")
                end.on_click(partial(self._end, session.id)).classes("wd-secondary")

    async def _end(self, session_id: str) -> None:
        answer = await ask(self._visit.api.end_session, session_id)
        told(answer, self._words, self._words("sessions.ended"))
        await self.load()
        self._draw()

    async def _end_others(self) -> None:
        answer = await ask(self._visit.api.end_other_sessions, this_session=self._this)
        told(answer, self._words, self._words("sessions.ended"))
        await self.load()
        self._draw()


def browser_of(user_agent: str) -> str:
    """ "Firefox, Linux": what a browser calls itself, as far as it is one that we know."""
    names = [name for sign, name in BROWSERS if sign in user_agent][:1]
    names += [name for sign, name in SYSTEMS if sign in user_agent][:1]
    return ", ".join(names)
