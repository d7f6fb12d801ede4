"""What a person may set: folders, the queue, providers, appearance, signing in."""

from typing import Any

from nicegui import ui

from app.api.base_api import BaseApi
from app.api.models import ModelInfo, ProviderInfo
from app.models import MAX_CONCURRENCY, Role
from app.window.machine import Machine
from app.words import LANGUAGES
from pages import design
from pages.ask import ask
from pages.components.audit_card import AuditCard
from pages.components.field_errors import FieldErrors
from pages.components.question import Choice, question
from pages.components.sessions_card import SessionsCard
from pages.components.sharing_card import SharingCard
from pages.components.team_card import TeamCard
from pages.frame import frame
from pages.ownership import session_of
from pages.told import told
from pages.visit import RESPONSE_SECONDS, Visit, visit

TOKENS = ("{prefix}", "{name}", "{prompt}", "{model}", "{ratio}", "{quality}", "{date}",
          "{project}", "{seed}")  # fmt: skip

KEY_PROBLEMS = {
    "key_of_other_origin": "settings.key_elsewhere",
    "key_variable_malformed": "settings.variable_malformed",
    "keyring_closed": "settings.keyring_closed",
    "keys_unreadable": "settings.keys_unreadable",
}
KEY_PLACES = {
    "file": "settings.place_file",
    "keyring": "settings.place_keyring",
    "memory": "settings.place_memory",
}


def register(api: BaseApi, machine: Machine | None = None) -> None:
    """Add the page at `/settings`."""

    @ui.page("/settings", response_timeout=RESPONSE_SECONDS)
    async def settings_page() -> None:
        here = await visit(api, machine)
        page = SettingsPage(here)
        await page.load()
        with frame(here, "settings.title", active="/settings"):
            page.build()


class SettingsPage:
    """One view of the settings; each card saves for itself."""

    def __init__(self, here: Visit) -> None:
        self._visit = here
        self._words = here.words
        self._api = here.api
        self._models: list[ModelInfo] = []
        self._providers: list[ProviderInfo] = []
        self._sharing = SharingCard(here)
        self._sessions = SessionsCard(here, _session())
        self._team = TeamCard(here)
        self._audit = AuditCard(here)

    async def load(self) -> None:
        """Ask for what the page shows."""
        models = (await ask(self._api.list_models)).data or []
        providers = (await ask(self._api.list_providers)).data or []
        self._models = [ModelInfo(**model) for model in models]
        self._providers = [ProviderInfo(**provider) for provider in providers]
        await self._sharing.load()
        await self._sessions.load()
        if self._visit.user.role == Role.ADMIN:
            await self._team.load()
            await self._audit.load()

    def build(self) -> None:
        """Draw the cards."""
        with ui.element("div").classes("wd-settings"):
            self._build_folders()
            self._build_queue()
            self._build_providers()
            self._build_appearance()
            self._build_password()
            self._build_sessions()
            self._build_sharing()
            self._build_team()

    def _card(self, key: str) -> ui.element:
        card = ui.element("section").classes("wd-card wd-form")
        with card:
            ui.label(self._words(key)).classes("wd-title").props("role=heading aria-level=2")
        return card

    async def _save(self, data: dict[str, Any], errors: FieldErrors) -> None:
        errors.clear()
        answer = await ask(self._api.update_settings, data)
        if answer.success:
            told(answer, self._words, self._words("settings.saved"))
        else:
            errors.show(answer)

    # --- folders ------------------------------------------------------------------------------

    def _build_folders(self) -> None:
        words, settings = self._words, self._visit.settings
        with self._card("settings.folders"):
            folder = ui.input(words("settings.output"), value=settings.output_folder)
            folder.props("outlined dense").classes("w-full").mark("settings-output")
            if machine := self._visit.machine:
                self._build_folder_buttons(machine, folder)
            with ui.element("div").classes("wd-pattern"):
                pattern = ui.input(words("settings.pattern"), value=settings.naming_pattern)
                pattern.props("outlined dense").classes("w-full").mark("settings-pattern")
                with ui.element("div").classes("wd-tokens"):
                    for token in TOKENS:
                        self._token(token)
            ui.label(words("settings.pattern_note")).classes("wd-note")
            errors = FieldErrors(words, {"output_folder": folder, "naming_pattern": pattern})

            async def save() -> None:
                data = {"output_folder": folder.value, "naming_pattern": pattern.value}
                await self._save(data, errors)

            ui.button(words("settings.save_folders"), on_click=save).props("unelevated").mark(
                "save-folders"
            )

    def _build_folder_buttons(self, machine: Machine, folder: ui.input) -> None:
        words = self._words

        async def choose() -> None:
            answer = await ask(machine.choose_folder)
            if told(answer, words) and answer.data:
                folder.value = answer.data

        async def show() -> None:
            told(await ask(machine.show_output_folder), words)

        with ui.element("div").classes("wd-actions"):
            pick = ui.button(words("settings.choose_folder"), icon="folder_open", on_click=choose)
            pick.props("outline no-caps").mark("choose-folder")
            look = ui.button(words("settings.show_folder"), on_click=show, color=None)
            look.props("flat no-caps").mark("show-folder")

    def _token(self, token: str) -> None:
        chip = ui.element("button").classes("wd-token")
        chip.props.update({"type": "button", "data-token": token})
        chip.props["aria-label"] = self._words("settings.insert", token=token)
        chip.on("click", js_handler="(e) => WD_forms.insertToken(e.currentTarget)")
        with chip:
            ui.label(token)

    # --- queue --------------------------------------------------------------------------------

    def _build_queue(self) -> None:
        words, settings = self._words, self._visit.settings
        with self._card("settings.queue"):
            number = ui.number(
                words("settings.concurrency"), value=settings.concurrency, min=1,
                max=MAX_CONCURRENCY, precision=0,
            )  # fmt: skip
            number.props("outlined dense").classes("w-full").mark("settings-concurrency")
            ui.label(words("settings.concurrency_note")).classes("wd-note")
            labels = {model.id: model.label for model in self._models}
            model = ui.select(labels, label=words("settings.model"), value=settings.default_model)
            model.props("outlined dense").classes("w-full").mark("settings-model")
            errors = FieldErrors(words, {"concurrency": number, "default_model": model})

            async def save() -> None:
                data = {"concurrency": int(number.value or 0), "default_model": model.value}
                await self._save(data, errors)

            ui.button(words("settings.save_queue"), on_click=save).props("unelevated").mark(
                "save-queue"
            )

    # --- providers ----------------------------------------------------------------------------

    def _build_providers(self) -> None:
        with self._card("settings.providers"):
            for provider in self._providers:
                part = ui.element("div").classes("wd-provider")
                with part:
                    self._build_provider(provider, part)

    def _build_provider(self, provider: ProviderInfo, part: ui.element) -> None:
        words = self._words
        ui.label(provider.label).classes("wd-subtitle")
        ui.label(self._key_state(provider)).classes("wd-note").mark(f"state-{provider.name}")
        if not provider.needs_key:
            return
        # Never prefilled: the value of a field travels to the browser.
        key = ui.input(words("settings.key"), password=True).props("outlined dense")
        key.props("autocomplete=off").classes("w-full").mark(f"key-{provider.name}")
        if provider.key_place in KEY_PLACES:
            ui.label(words(KEY_PLACES[provider.key_place])).classes("wd-note").mark(
                f"place-{provider.name}"
            )
        errors = FieldErrors(words, {"key": key})

        async def save() -> None:
            typed = (key.value or "").strip()
            if not typed:
                # A blank key would forget the one that is kept.
                key.error = words("error.key_malformed")
                return
            await self._set_key(provider, typed, errors, part)

        async def forget() -> None:
            if await self._wants_to_forget(provider):
                await self._set_key(provider, "", errors, part)

        with ui.element("div").classes("wd-actions"):
            keep = ui.button(words("settings.save_key"), on_click=save).props("unelevated")
            keep.mark(f"save-key-{provider.name}")
            if provider.key_source == "settings":
                drop = ui.button(words("settings.forget_key"), on_click=forget, color=None)
                drop.props("flat").classes("wd-danger")

    def _key_state(self, provider: ProviderInfo) -> str:
        words = self._words
        if not provider.needs_key:
            return words("settings.no_key_needed")
        if provider.paused_reason in KEY_PROBLEMS:
            return words(KEY_PROBLEMS[provider.paused_reason], origin=provider.key_origin)
        if not provider.has_key:
            return words("settings.no_key", variable=provider.key_variable)
        bound = words("settings.key_bound", origin=provider.key_origin)
        if provider.key_source == "environment":
            return f"{words('settings.key_from', variable=provider.key_variable)} {bound}"
        return f"{words('settings.key_kept', hint=provider.key_hint)} {bound}"

    async def _set_key(
        self, provider: ProviderInfo, key: str, errors: FieldErrors, part: ui.element
    ) -> None:
        errors.clear()
        answer = await ask(self._api.set_provider_key, provider.name, key)
        if not answer.success:
            errors.show(answer)
            return
        told(answer, self._words, self._words("settings.saved"))
        part.clear()
        with part:
            self._build_provider(ProviderInfo(**answer.data), part)

    async def _wants_to_forget(self, provider: ProviderInfo) -> bool:
        words = self._words
        chosen = await question(
            words("settings.forget_title", provider=provider.label),
            words("settings.forget_text"),
            [
                Choice("cancel", words("queue.cancel"), "quiet"),
                Choice("forget", words("settings.forget_key"), "danger"),
            ],
        )
        return chosen == "forget"

    # --- appearance ---------------------------------------------------------------------------

    def _build_appearance(self) -> None:
        words, settings = self._words, self._visit.settings
        with self._card("settings.appearance"):
            ui.label(words("theme.label")).classes("wd-subtitle")
            themes = {name: words(f"theme.{name}") for name in design.THEMES}
            theme = ui.toggle(themes, value=settings.theme).props("no-caps unelevated dense")
            theme.classes("wd-toggle").mark("theme-setting")
            language = ui.select(
                dict(LANGUAGES), label=words("nav.language"), value=settings.language
            )
            language.props("outlined dense").classes("w-full").mark("language-setting")
            theme.on_value_change(lambda event: self._apply({"theme": event.value}))
            language.on_value_change(lambda event: self._apply({"language": event.value}))

    async def _apply(self, data: dict[str, str]) -> None:
        if told(await ask(self._api.update_settings, data), self._words):
            ui.navigate.reload()

    # --- signing in ---------------------------------------------------------------------------

    def _build_password(self) -> None:
        words = self._words
        with self._card("settings.sign_in"):
            ui.label(words("settings.sign_in_note")).classes("wd-note")
            first = ui.input(words("settings.password"), password=True).props("outlined dense")
            first.props("autocomplete=new-password").classes("w-full").mark("password")
            second = ui.input(words("settings.repeat"), password=True).props("outlined dense")
            second.props("autocomplete=new-password").classes("w-full").mark("password-again")
            errors = FieldErrors(words, {"password": first, "repeat": second})

            async def save() -> None:
                errors.clear()
                if first.value != second.value:
                    second.error = words("settings.not_equal")
                    return
                answer = await ask(
                    self._api.set_password, first.value or "", this_session=_session()
                )
                if answer.success:
                    first.value = second.value = ""
                    told(answer, words, words("settings.saved"))
                else:
                    errors.show(answer)

            ui.button(words("settings.save_password"), on_click=save).props("unelevated").mark(
                "save-password"
            )

    def _build_sessions(self) -> None:
        with self._card("sessions.title"):
            self._sessions.build()

    # --- people -------------------------------------------------------------------------------

    def _build_team(self) -> None:
        if self._visit.user.role == Role.ADMIN:
            with self._card("team.title"):
                self._team.build()
            with self._card("audit.title"):
                self._audit.build()

    # --- sharing ------------------------------------------------------------------------------

    def _build_sharing(self) -> None:
        if self._visit.user.role == Role.ADMIN:
            with self._card("sharing.title"):
                self._sharing.build()


def _session() -> str:
    """Id of the session that looks at the page."""
    return session_of(ui.context.client) or ""
