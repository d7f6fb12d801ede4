"""The parts that the engine and the local api share, bundled."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from sqlalchemy import Connection

from app.clock import Clock
from app.media.shelf import FolderShelf, MemoryShelf, Shelf
from app.models import StudioSettings
from app.providers.base import ImageProvider
from app.providers.catalogue import Catalogue
from app.providers.keys import KeyRing
from app.store import preferences
from app.store.database import Database
from app.store.listing import Totals

DEFAULT_PATTERN = "{prefix} {name} {prompt}"
DEFAULT_CONCURRENCY = 2
FREE_MODEL = "painter:painter"
PAID_MODEL = "gemini:gemini-3-pro-image"

_SETTINGS = frozenset(item.name for item in fields(StudioSettings))


@dataclass
class Studio:
    """One studio's database, shelves, providers and catalogue; holds no rules.

    Attributes:
        default_output: Absolute folder of the images until a person chooses another; empty for a
            studio in memory.
        references: Shelf of the reference pictures, `references/<id><ending>`.
        thumbnails: Shelf of small WebP pictures by id.
        rejected: Shelf of bytes that were paid for and could not be shown.
        totals: Counts of long lists, kept while nothing changes.
    """

    database: Database
    clock: Clock
    catalogue: Catalogue
    keys: KeyRing
    providers: Mapping[str, ImageProvider]
    default_output: str
    references: Shelf
    thumbnails: Shelf
    rejected: Shelf
    totals: Totals = field(default_factory=Totals)
    _outputs: dict[str, Shelf] = field(default_factory=dict[str, Shelf])
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def in_memory(self) -> bool:
        """Whether nothing outlives the process."""
        return self.database.path is None

    def outputs(self, folder: str) -> Shelf:
        """The shelf of an output folder; the same one for the same folder."""
        with self._lock:
            if folder not in self._outputs:
                self._outputs[folder] = (
                    MemoryShelf() if self.in_memory else FolderShelf(Path(folder))
                )
            return self._outputs[folder]

    def settings(self) -> StudioSettings:
        """The studio's settings, with the default for what was never set."""
        with self.database.read() as connection:
            stored = preferences.read(connection)
        # What is kept beside them is no part of the form.
        stored = {name: value for name, value in stored.items() if name in _SETTINGS}
        stored.setdefault("output_folder", self.default_output)
        stored.setdefault("naming_pattern", DEFAULT_PATTERN)
        stored.setdefault("concurrency", DEFAULT_CONCURRENCY)
        stored.setdefault("default_model", self._default_model())
        return StudioSettings(**stored)

    def concurrency(self, connection: Connection) -> int:
        """How many requests of a provider may be out, as of a transaction."""
        return preferences.read(connection).get("concurrency", DEFAULT_CONCURRENCY)

    def _default_model(self) -> str:
        """The painter's until a key exists: the first picture needs none."""
        return PAID_MODEL if self.keys.state("gemini").has_key else FREE_MODEL
