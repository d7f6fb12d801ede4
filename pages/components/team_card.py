"""The card in Settings where an admin lets people in and says what they may."""

from typing import Any

from nicegui import ui

from app.api.models import UserAccount
from app.models import Role
from pages.ask import ask
from pages.components.field_errors import FieldErrors
from pages.components.queue_controls import money
from pages.told import told
from pages.visit import Visit


class TeamCard:
    """Everybody who may come in, each with role and limits, and a form for one more."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._words = visit.words
        self._people: list[UserAccount] = []

    async def load(self) -> None:
        """Ask for what the card shows."""
        answer = await ask(self._visit.api.list_users)
        self._people = [UserAccount(**account) for account in answer.data or []]

    def build(self) -> None:
        """Draw it."""
        ui.label(self._words("team.note")).classes("wd-note")
        self._list = ui.element("div").classes("wd-team").mark("team")
        with self._list:
            for account in self._people:
                self._add_part(account)
        self._build_new()

    def _add_part(self, account: UserAccount) -> None:
        part = ui.element("div").classes("wd-provider").mark(f"person-{account.username}")
        with part:
            self._build_person(account, part)

    def _build_person(self, account: UserAccount, part: ui.element) -> None:
        words = self._words
        ui.label(f"{account.display_name} ({account.username})").classes("wd-subtitle")
        state = words("team.state", role=words(f"role.{account.role}"),
                      spent=money(account.spent_today))  # fmt: skip
        out = f" {words('team.kept_out')}" if account.disabled else ""
        ui.label(state + out).classes("wd-note")
        with ui.element("div").classes("wd-team-fields"):
            role = self._role(account.role)
            queued = self._number("team.max_queued", account.max_queued, precision=0)
            daily = self._number("team.daily_limit", account.daily_limit, precision=2)
        disabled = ui.switch(words("team.disable"), value=account.disabled)
        errors = FieldErrors(words, {"role": role, "max_queued": queued, "daily_limit": daily})

        async def save() -> None:
            wanted: dict[str, Any] = {
                "role": role.value,
                "max_queued": None if queued.value is None else int(queued.value),
                "daily_limit": daily.value,
                "disabled": bool(disabled.value),
            }
            before = {name: getattr(account, name) for name in wanted}
            errors.clear()
            changes = {name: value for name, value in wanted.items() if value != before[name]}
            answer = await ask(self._visit.api.update_user, account.id, changes)
            if not answer.success:
                errors.show(answer)
                return
            told(answer, words, words("settings.saved"))
            part.clear()
            with part:
                self._build_person(UserAccount(**answer.data), part)

        ui.button(words("team.save"), on_click=save, color=None).props("flat").classes(
            "wd-secondary"
        ).mark(f"save-{account.username}")

    def _build_new(self) -> None:
        words = self._words
        ui.label(words("team.new")).classes("wd-subtitle")
        with ui.element("div").classes("wd-team-fields"):
            name = ui.input(words("team.username")).props("outlined dense autocomplete=off")
            name.mark("new-username")
            password = ui.input(words("team.password"), password=True)
            password.props("outlined dense autocomplete=new-password").mark("new-password")
            role = self._role(Role.MEMBER)
        errors = FieldErrors(words, {"username": name, "password": password, "role": role})

        async def add() -> None:
            errors.clear()
            data = {"username": name.value or "", "password": password.value or "",
                    "role": role.value}  # fmt: skip
            answer = await ask(self._visit.api.add_user, data)
            if not answer.success:
                errors.show(answer)
                return
            name.value = password.value = ""
            told(answer, words, words("team.added"))
            with self._list:
                self._add_part(UserAccount(**answer.data))

        ui.button(words("team.add"), on_click=add).props("unelevated").mark("add-person")

    def _role(self, role: str) -> ui.select:
        roles = {name.value: self._words(f"role.{name}") for name in Role}
        return ui.select(roles, label=self._words("team.role"), value=str(role)).props(
            "outlined dense"
        )

    def _number(self, key: str, value: float | None, precision: int) -> ui.number:
        number = ui.number(self._words(key), value=value, min=0, precision=precision)
        return number.props("outlined dense clearable")
