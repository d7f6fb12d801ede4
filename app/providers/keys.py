"""The providers' keys: from the environment, else from a file that only its owner may read."""

import json
import os
import re
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import TypeAdapter, ValidationError

from app.errors import InvalidInput, NotConfigured

FILE_NAME = "provider-keys.json"
MAX_KEY_CHARS = 500
HINT_CHARS = 4

KeySource = Literal["environment", "settings", ""]

_one_word = re.compile(rf"[\x21-\x7e]{{1,{MAX_KEY_CHARS}}}")
_default_ports = {"http": 80, "https": 443}


@dataclass(frozen=True)
class _StoredKey:
    key: str = field(repr=False)
    origin: str


@dataclass(frozen=True)
class _Place:
    variables: tuple[str, ...]
    origin: str


_file_content = TypeAdapter(dict[str, _StoredKey])


def origin_of(url: str) -> str:
    """Scheme, host and port of an address: `https://example.org:443`."""
    parts = urlsplit(url)
    port = parts.port or _default_ports.get(parts.scheme, 0)
    return f"{parts.scheme}://{parts.hostname}:{port}"


class KeyRing:
    """Keys by provider. A variable of the environment goes before the file.

    A key in the file is bound to the origin it was entered for: once a provider's address points
    elsewhere, the key is as good as absent, so that it never reaches another host. Safe to use
    from several threads, and by several processes as far as the last `set` of one provider wins.

    Args:
        folder: Where the file lies; None keeps keys in memory.
        environment: Usually `os.environ`.
    """

    def __init__(self, folder: Path | None, environment: Mapping[str, str]) -> None:
        self._file = folder / FILE_NAME if folder else None
        self._environment = environment
        self._places: dict[str, _Place] = {}
        self._memory: dict[str, _StoredKey] = {}
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"KeyRing({self._file or 'in memory'})"

    def declare(self, provider: str, variables: tuple[str, ...], url: str) -> None:
        """Say which variables hold a provider's key, the first that is set wins, and for whom.

        The registry calls it for every provider that needs a key. A second call replaces.
        """
        self._places[provider] = _Place(variables, origin_of(url))

    def get(self, provider: str) -> str | None:
        """The key, or None when there is none.

        Raises:
            NotConfigured: `key_variable_malformed` or `keys_unreadable`: there is something, but
                it is no key.
        """
        for variable, text in self._set_variables(provider):
            if not _one_word.fullmatch(text):
                raise NotConfigured("key_variable_malformed", variable=variable)
            return text
        stored = self._stored(provider)
        return stored.key if stored else None

    def source(self, provider: str) -> KeySource:
        """Where the key comes from, or empty when there is none or the file is damaged."""
        if self._set_variables(provider):
            return "environment"
        return "settings" if self._hint_key(provider) else ""

    def hint(self, provider: str) -> str:
        """The last four characters; empty without a key and for a very short one."""
        key = self._hint_key(provider)
        return key[-HINT_CHARS:] if len(key) >= 3 * HINT_CHARS else ""

    def set(self, provider: str, key: str) -> None:
        """Keep a key for the provider's present origin; a second call replaces it.

        Raises:
            InvalidInput: `key_malformed` or `provider_unknown`.
            NotConfigured: `keys_unreadable`: nothing was changed, so that no other key is lost.
        """
        if not _one_word.fullmatch(key):
            raise InvalidInput("key_malformed", field="key")
        if provider not in self._places:
            raise InvalidInput("provider_unknown", field="provider", provider=provider[:100])
        with self._lock:
            self._keep(self._load() | {provider: _StoredKey(key, self._places[provider].origin)})

    def forget(self, provider: str) -> None:
        """Remove the stored key; one of the environment stays. A second call does nothing.

        Raises:
            NotConfigured: `keys_unreadable`.
        """
        with self._lock:
            keys = self._load()
            if keys.pop(provider, None):
                self._keep(keys)

    def _set_variables(self, provider: str) -> list[tuple[str, str]]:
        place = self._places.get(provider)
        texts = [(name, self._environment.get(name, "").strip())
                 for name in (place.variables if place else ())]  # fmt: skip
        return [(name, text) for name, text in texts if text]

    def _stored(self, provider: str) -> _StoredKey | None:
        place = self._places.get(provider)
        with self._lock:
            stored = self._load().get(provider)
        return stored if stored and place and stored.origin == place.origin else None

    def _hint_key(self, provider: str) -> str:
        try:
            return self.get(provider) or ""
        except NotConfigured:
            return ""

    def _load(self) -> dict[str, _StoredKey]:
        if self._file is None:
            return dict(self._memory)
        if not self._file.exists():
            return {}
        try:
            return _file_content.validate_json(self._file.read_bytes())
        except (OSError, ValidationError):
            # Not chained: what pydantic says quotes the file, and the file holds keys.
            raise NotConfigured("keys_unreadable", file=self._file) from None

    def _keep(self, keys: dict[str, _StoredKey]) -> None:
        if self._file is None:
            self._memory = keys
        else:
            content = {provider: asdict(stored) for provider, stored in keys.items()}
            _write_private(self._file, json.dumps(content, indent=2).encode())


def _write_private(file: Path, content: bytes) -> None:
    """Replace a file in one step; at no moment may anybody but its owner read it."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, part = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")  # mode 0600
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        Path(part).replace(file)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise
