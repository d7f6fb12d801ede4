"""Models, providers and settings: see `BaseApi` for every promise."""

import logging
import os
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from app.api.local_studio import LocalStudio
from app.api.models import ApiResponse, answers
from app.errors import InvalidInput, NotAllowed, WhiskError
from app.media.naming import check_pattern
from app.models import MAX_CONCURRENCY, ProviderInfo, StudioSettings
from app.providers.base import ImageProvider
from app.providers.keys import KeyState
from app.store import claims, preferences
from app.words import LANGUAGES

log = logging.getLogger(__name__)

PERSONAL: dict[str, tuple[str, ...]] = {
    "theme": ("light", "dark", "system"),
    "language": tuple(LANGUAGES),
}
"""Settings that belong to the person, with the values they may have."""


class LocalSettings(LocalStudio):
    """What can be chosen, and what was."""

    @answers
    def list_models(self) -> ApiResponse:
        """See `BaseApi.list_models`."""
        known = [
            model for model in self.studio.catalogue.models
            if model.provider in self.studio.providers
        ]  # fmt: skip
        ready = {name for name in self.studio.providers if self._provider(name).has_key}
        known.sort(key=lambda model: model.provider not in ready)
        return ApiResponse(success=True, data=[asdict(model) for model in known], total=len(known))

    @answers
    def list_providers(self) -> ApiResponse:
        """See `BaseApi.list_providers`."""
        found = [asdict(self._provider(name)) for name in self.studio.providers]
        return ApiResponse(success=True, data=found, total=len(found))

    def _provider(self, name: str) -> ProviderInfo:
        provider = self.studio.providers[name]
        keys = self.studio.keys
        needs_key = bool(provider.key_variable) and not self.studio.in_memory
        key = keys.state(name) if needs_key else KeyState(has_key=True)
        with self.studio.database.read() as connection:
            closed = claims.closed_gates(connection, self.studio.clock.now())
        return ProviderInfo(
            name=name,
            label=provider.label,
            needs_key=needs_key,
            has_key=key.has_key,
            key_source=key.source,
            key_hint=key.hint,
            key_origin=key.origin,
            key_place=keys.place if needs_key else "",
            key_variable=provider.key_variable,
            # A key that must not be sent would pause the provider at the first request.
            paused_reason=key.problem
            or next((gate.paused_code for gate in closed if gate.provider == name), ""),
        )

    @answers
    def set_provider_key(self, provider: str, key: str) -> ApiResponse:
        """See `BaseApi.set_provider_key`."""
        known = self._known_provider(provider)
        if not known.key_variable:
            raise InvalidInput("key_not_needed", field="key", provider=known.label)
        if key.strip():
            self.studio.keys.set(provider, key.strip())
        else:
            self.studio.keys.forget(provider)
        log.info("provider key %s", "kept" if key.strip() else "forgotten",
                 extra={"provider": provider, "user": self.user.id})  # fmt: skip
        with self.studio.database.write() as tx:
            claims.reopen(tx, provider)
            action = "key.set" if key.strip() else "key.forget"
            self.note(tx, action, "provider", provider)
        self.engine.wake()
        return ApiResponse(success=True, data=asdict(self._provider(provider)), message="Saved")

    def _known_provider(self, name: str) -> ImageProvider:
        if name not in self.studio.providers:
            raise InvalidInput("provider_unknown", field="provider", provider=name[:80])
        return self.studio.providers[name]

    @answers
    def get_settings(self) -> ApiResponse:
        """See `BaseApi.get_settings`."""
        return ApiResponse(success=True, data=asdict(self._settings()))

    def _settings(self) -> StudioSettings:
        chosen = self.studio.settings()
        for name, value in self.people.preferences(self.user.id).items():
            setattr(chosen, name, value)
        return chosen

    @answers
    def update_settings(self, data: Mapping[str, Any]) -> ApiResponse:
        """See `BaseApi.update_settings`."""
        names = {item.name for item in fields(StudioSettings)}
        for name in data:
            if name not in names:
                raise InvalidInput("unknown_field", field=str(name)[:80], name=str(name)[:80])
        personal = {name: _personal(name, data[name]) for name in PERSONAL if name in data}
        shared = {name: value for name, value in data.items() if name not in PERSONAL}
        if shared and not self.reaches_all("update_settings"):
            raise NotAllowed("not_allowed")
        checked = {name: self._checked(name, value) for name, value in shared.items()}
        if checked:
            with self.studio.database.write() as tx:
                preferences.write(tx, checked)
                self.note(tx, "studio.change", "settings", "", checked)
            self.engine.wake()
        if personal:
            mine = self.people.preferences(self.user.id)
            self.people.set_preferences(self.user.id, {**mine, **personal})
        return ApiResponse(success=True, data=asdict(self._settings()), message="Saved")

    def _checked(self, name: str, value: Any) -> Any:
        match name, value:
            case "concurrency", int() if not isinstance(value, bool):
                if not 1 <= value <= MAX_CONCURRENCY:
                    raise InvalidInput("concurrency_range", field=name, limit=MAX_CONCURRENCY)
                return value
            case "naming_pattern", str():
                check_pattern(value)
                return value
            case "output_folder", str():
                return value if self.studio.in_memory else _writable_folder(value)
            case "default_model", str():
                return self.studio.catalogue.resolve(value).id
            case _:
                raise _invalid(name, value)


def _personal(name: str, value: Any) -> str:
    if value not in PERSONAL[name]:
        raise _invalid(name, value)
    return str(value)


def _invalid(name: str, value: Any) -> WhiskError:
    return InvalidInput("invalid_value", field=name, name=name, value=str(value)[:80])


def _writable_folder(text: str) -> str:
    """An absolute folder that exists now and takes files. Raises `InvalidInput`."""
    folder = Path(text.strip()).expanduser()
    if "\0" in text or not folder.is_absolute():
        example = Path.home() / "Pictures"
        raise InvalidInput("folder_not_absolute", field="output_folder", example=example)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        reason = error.strerror or os.strerror(error.errno or 0)
        raise InvalidInput(
            "folder_not_writable", field="output_folder", folder=folder, reason=reason
        ) from error
    return str(folder.resolve())
