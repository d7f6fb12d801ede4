"""The providers' keys: from the environment, else from where a person's entries are kept."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from app.errors import InvalidInput, NotConfigured
from app.providers.key_stores import (
    FILE_NAME,
    KeyPlace,
    KeysInFile,
    KeysInKeyring,
    KeysInMemory,
    KeyStore,
    StoredKey,
    SystemKeyring,
    system_keyring,
)
from app.secrecy import remember

MAX_KEY_CHARS = 500
HINT_CHARS = 4

KeySource = Literal["environment", "settings", ""]

_one_word = re.compile(rf"[\x21-\x7e]{{1,{MAX_KEY_CHARS}}}")
_default_ports = {"http": 80, "https": 443}


@dataclass(frozen=True)
class KeyState:
    """What may be said of a provider's key; never the key.

    Attributes:
        has_key: Whether there is a key that may be sent to the provider's address.
        source: `environment`, `settings`, or empty when there is none or it cannot be read.
        hint: The last four characters; empty without a key and for a very short one.
        origin: What the key is bound to, or empty.
        problem: Why a key that is there is not used, as an error code, or empty.
    """

    has_key: bool = False
    source: KeySource = ""
    hint: str = ""
    origin: str = ""
    problem: str = ""


@dataclass(frozen=True)
class _Bound:
    variables: tuple[str, ...]
    origin: str
    home: str


@dataclass(frozen=True)
class _Found:
    key: str = field(repr=False)
    source: KeySource
    origin: str


def origin_of(url: str) -> str:
    """Scheme, host and port of an address: `https://example.org:443`."""
    parts = urlsplit(url)
    port = parts.port or _default_ports.get(parts.scheme, 0)
    host = parts.hostname or ""
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}:{port}"


class KeyRing:
    """Keys by provider. A variable of the environment goes before what a person entered.

    A key that was entered is bound to the origin it was entered for: once a provider's address
    points elsewhere, the key is refused, so that it never reaches another host. A key of the
    environment belongs to the address of the same environment. Safe to use from several threads.

    Args:
        folder: The data folder; None keeps keys in memory.
        environment: Usually `os.environ`.
        keyring: Looks for the system's keyring, which goes before the file where there is one.
    """

    def __init__(
        self,
        folder: Path | None,
        environment: Mapping[str, str],
        keyring: Callable[[], SystemKeyring | None] = system_keyring,
    ) -> None:
        self._folder = folder
        self._environment = environment
        self._find_keyring = keyring
        self._bound: dict[str, _Bound] = {}

    def __repr__(self) -> str:
        return f"KeyRing({self._folder or 'in memory'})"

    @property
    def place(self) -> KeyPlace:
        """Where a key that a person enters now is kept."""
        return self._stores[0].place

    def declare(
        self, provider: str, variables: tuple[str, ...], url: str, home: str | None = None
    ) -> None:
        """Say which variables hold a provider's key, the first that is set wins, and for whom.

        The registry calls it for every provider that needs a key. A second call replaces.

        Args:
            provider: Its name.
            variables: Names of variables.
            url: The present address.
            home: The usual address, for which keys were entered before origins were kept.
        """
        self._bound[provider] = _Bound(variables, origin_of(url), origin_of(home or url))

    def get(self, provider: str) -> str | None:
        """The key, or None when there is none. May wait for the system's keyring.

        Raises:
            NotConfigured: `key_variable_malformed`, `keys_unreadable`, `keyring_closed` or
                `key_of_other_origin`: there is something, but nothing to send.
        """
        found = self._found(provider)
        if found is None:
            return None
        address = self._bound[provider].origin
        if found.origin != address:
            raise NotConfigured("key_of_other_origin", kept=found.origin, address=address)
        remember(found.key)
        return found.key

    def state(self, provider: str) -> KeyState:
        """What may be said of a key; a key that cannot be read is a problem, not an error."""
        try:
            found = self._found(provider)
        except NotConfigured as error:
            source = "environment" if self._set_variables(provider) else ""
            return KeyState(source=source, problem=error.code)
        if found is None:
            return KeyState()
        if found.origin != self._bound[provider].origin:
            return KeyState(source=found.source, origin=found.origin, problem="key_of_other_origin")
        hint = found.key[-HINT_CHARS:] if len(found.key) >= 3 * HINT_CHARS else ""
        return KeyState(True, found.source, hint, found.origin)

    def set(self, provider: str, key: str) -> None:
        """Keep a key for the provider's present origin; a second call replaces it.

        Raises:
            InvalidInput: `key_malformed` or `provider_unknown`.
            NotConfigured: `keys_unreadable`, `keyring_closed`: nothing was changed.
        """
        if not _one_word.fullmatch(key):
            raise InvalidInput("key_malformed", field="key")
        if provider not in self._bound:
            raise InvalidInput("provider_unknown", field="provider", provider=provider[:100])
        remember(key)
        best, *others = self._stores
        # Looked for first: what cannot be read must stop us before anything is changed.
        outdated = [store for store in others if store.find(provider)]
        best.keep(provider, StoredKey(key, self._bound[provider].origin))
        for store in outdated:
            store.drop(provider)

    def forget(self, provider: str) -> None:
        """Remove the stored key; one of the environment stays. A second call does nothing.

        Raises:
            NotConfigured: `keys_unreadable`, `keyring_closed`.
        """
        for store in self._stores:
            store.drop(provider)

    @cached_property
    def _stores(self) -> list[KeyStore]:
        """The best first. Found at the first need: looking for a keyring takes a while."""
        if self._folder is None:
            return [KeysInMemory()]
        file = KeysInFile(self._folder / FILE_NAME)
        keyring = self._find_keyring()
        return [KeysInKeyring(keyring, self._folder.absolute()), file] if keyring else [file]

    def _found(self, provider: str) -> _Found | None:
        bound = self._bound.get(provider)
        if bound is None:
            return None
        for variable, text in self._set_variables(provider):
            if not _one_word.fullmatch(text):
                raise NotConfigured("key_variable_malformed", variable=variable)
            return _Found(text, "environment", bound.origin)
        for store in self._stores:
            if stored := store.find(provider):
                return _Found(stored.key, "settings", stored.origin or bound.home)
        return None

    def _set_variables(self, provider: str) -> list[tuple[str, str]]:
        bound = self._bound.get(provider)
        texts = [(name, self._environment.get(name, "").strip())
                 for name in (bound.variables if bound else ())]  # fmt: skip
        return [(name, text) for name, text in texts if text]
