"""Where the keys that a person enters are kept: the system's keyring, a private file, or memory."""

import importlib.util
import json
import os
import tempfile
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal, Protocol, TypeVar, cast

from pydantic import TypeAdapter, ValidationError

from app.errors import NotConfigured

FILE_NAME = "provider-keys.json"
SERVICE = "Whisk Desktop"
"""Under which name the system's keyring shows our keys."""

RECOMMENDED = 1
"""The priority from which on the package `keyring` calls a keyring safe; less is a plain file, or
none at all."""

_T = TypeVar("_T")
KeyPlace = Literal["keyring", "file", "memory"]


@dataclass(frozen=True)
class StoredKey:
    """A key and the origin it was entered for.

    Attributes:
        origin: Empty in files from before origins were kept.
    """

    key: str = field(repr=False)
    origin: str = ""


class KeyStore(Protocol):
    """A place for keys by provider. Each method raises `NotConfigured` when it cannot be used."""

    @property
    def place(self) -> KeyPlace:
        """What kind of place it is."""
        ...

    def find(self, provider: str) -> StoredKey | None:
        """The key of a provider, or None."""
        ...

    def keep(self, provider: str, stored: StoredKey) -> None:
        """Keep a key; replaces an earlier one."""
        ...

    def drop(self, provider: str) -> None:
        """Forget a key. A second call does nothing."""
        ...


class KeysInMemory:
    """Keys until the process ends."""

    place: KeyPlace = "memory"

    def __init__(self) -> None:
        self._keys: dict[str, StoredKey] = {}

    def find(self, provider: str) -> StoredKey | None:
        """See `KeyStore.find`."""
        return self._keys.get(provider)

    def keep(self, provider: str, stored: StoredKey) -> None:
        """See `KeyStore.keep`."""
        self._keys[provider] = stored

    def drop(self, provider: str) -> None:
        """See `KeyStore.drop`."""
        self._keys.pop(provider, None)


_file_content = TypeAdapter(dict[str, StoredKey | str])
"""A bare text is a key from before origins were kept."""


class KeysInFile:
    """Keys in a file that only its owner may read, replaced in one step.

    Raises `keys_unreadable`; a damaged file is never changed, so that no other key is lost.
    """

    place: KeyPlace = "file"

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()

    def find(self, provider: str) -> StoredKey | None:
        """See `KeyStore.find`."""
        return self._load().get(provider)

    def keep(self, provider: str, stored: StoredKey) -> None:
        """See `KeyStore.keep`."""
        with self._lock:
            self._write(self._load() | {provider: stored})

    def drop(self, provider: str) -> None:
        """See `KeyStore.drop`."""
        with self._lock:
            keys = self._load()
            if keys.pop(provider, None):
                self._write(keys)

    def _load(self) -> dict[str, StoredKey]:
        if not self._file.exists():
            return {}
        try:
            found = _file_content.validate_json(self._file.read_bytes())
        except (OSError, ValidationError):
            # Not chained: what pydantic says quotes the file, and the file holds keys.
            raise NotConfigured("keys_unreadable", file=self._file) from None
        return {
            name: StoredKey(key) if isinstance(key, str) else key for name, key in found.items()
        }

    def _write(self, keys: dict[str, StoredKey]) -> None:
        content = {provider: asdict(stored) for provider, stored in keys.items()}
        _write_private(self._file, json.dumps(content, indent=2).encode())


class SystemKeyring(Protocol):
    """What we ask of a backend of the package `keyring`."""

    def get_password(self, service: str, username: str) -> str | None:
        """The text that is kept, or None."""
        ...

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep a text."""
        ...

    def delete_password(self, service: str, username: str) -> None:
        """Forget a text."""
        ...


_keyring_content = TypeAdapter(StoredKey)


class KeysInKeyring:
    """Keys of one data folder in the keyring of this account.

    What was read is remembered, and so is a refusal: every question may open a dialog, and the
    queue asks often. A key that another program changes counts from the next start. Raises
    `keyring_closed`.
    """

    place: KeyPlace = "keyring"

    def __init__(self, keyring: SystemKeyring, folder: Path) -> None:
        self._keyring = keyring
        self._folder = folder
        self._lock = threading.Lock()
        self._read: dict[str, StoredKey | None] = {}
        self._refused = ""

    def find(self, provider: str) -> StoredKey | None:
        """See `KeyStore.find`."""
        with self._lock:
            if provider not in self._read:
                if self._refused:
                    raise NotConfigured("keyring_closed", reason=self._refused)
                self._read[provider] = self._find(provider)
            return self._read[provider]

    def keep(self, provider: str, stored: StoredKey) -> None:
        """See `KeyStore.keep`."""
        text = json.dumps(asdict(stored))
        with self._lock:
            self._ask(lambda: self._keyring.set_password(SERVICE, self._name(provider), text))
            self._read[provider] = stored

    def drop(self, provider: str) -> None:
        """See `KeyStore.drop`."""
        with self._lock:
            name = self._name(provider)
            if self._ask(lambda: self._keyring.get_password(SERVICE, name)) is not None:
                self._ask(lambda: self._keyring.delete_password(SERVICE, name))
            self._read[provider] = None

    def _find(self, provider: str) -> StoredKey | None:
        text = self._ask(lambda: self._keyring.get_password(SERVICE, self._name(provider)))
        try:
            return _keyring_content.validate_json(text) if text else None
        except ValidationError:
            return None  # not written by us, so it is nothing of ours

    def _name(self, provider: str) -> str:
        return f"{provider} {self._folder}"

    def _ask(self, question: Callable[[], _T]) -> _T:
        try:
            answer = question()
        except Exception as error:  # noqa: BLE001 -- every desktop fails with errors of its own
            self._refused = type(error).__name__
            # Not chained: who knows what it quotes.
            raise NotConfigured("keyring_closed", reason=self._refused) from None
        self._refused = ""
        return answer


def system_keyring() -> SystemKeyring | None:
    """The keyring of this account; None without the package `keyring`, or without a real one.

    On a machine without a desktop the package finds none, and says so by a low priority.
    """
    if importlib.util.find_spec("keyring") is None:
        return None
    try:
        import keyring

        found = keyring.get_keyring()
        # The package wraps the methods, which hides their types.
        return cast("SystemKeyring", found) if found.priority >= RECOMMENDED else None
    except Exception:  # noqa: BLE001 -- a keyring that cannot even be looked for is none
        return None


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
