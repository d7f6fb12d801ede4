"""The part of the contract about models, providers and settings."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from app.api.models import ApiResponse


class SettingsApi(ABC):
    """What can be chosen, and what was."""

    @abstractmethod
    def list_models(self) -> ApiResponse:
        """Answer the catalogue: a list of `ModelInfo` as dicts; providers that work first."""

    @abstractmethod
    def list_providers(self) -> ApiResponse:
        """Answer a list of `ProviderInfo` as dicts."""

    @abstractmethod
    def set_provider_key(self, provider: str, key: str) -> ApiResponse:
        """Keep a key outside the database, or forget it when `key` is blank.

        Work that waited for the key starts again. Answers the `ProviderInfo` as a dict.
        The key is bound to the provider's present address and never sent to another.
        Errors: `provider_unknown`, `key_not_needed`, `key_malformed`, `keys_unreadable`,
        `keyring_closed`, `not_allowed`.
        """

    @abstractmethod
    def get_settings(self) -> ApiResponse:
        """Answer the `StudioSettings` of this person as a dict."""

    @abstractmethod
    def update_settings(self, data: Mapping[str, Any]) -> ApiResponse:
        """Change settings by name; answers the `StudioSettings` as a dict.

        Errors: `unknown_field`, `invalid_value`, `concurrency_range`, `folder_not_absolute`,
        `folder_not_writable`, `pattern_invalid`, `model_unknown`, `not_allowed`.
        """
