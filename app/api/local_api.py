"""`LocalApi`: engine, store, media and providers in this process. The default."""

import copy
import os
from pathlib import Path
from typing import Self

from filelock import FileLock, Timeout

from app.api.base_api import BaseApi
from app.api.local_figures import LocalFigures
from app.api.local_intake import LocalIntake
from app.api.local_people import LocalPeople
from app.api.local_pictures import LocalPictures
from app.api.local_projects import LocalProjects
from app.api.local_settings import LocalSettings
from app.api.local_sharing import LocalSharing
from app.api.local_team import LocalTeam
from app.api.local_upkeep import LocalUpkeep
from app.clock import Clock
from app.engine.engine import Engine
from app.engine.studio import Studio
from app.engine.switch import is_unfinished
from app.errors import Conflict, WhiskError
from app.media.shelf import FolderShelf
from app.models import UserInfo
from app.providers.catalogue import Catalogue
from app.providers.keys import KeyRing
from app.providers.registry import build_providers
from app.running_server import LOCK
from app.store.database import Database
from app.store.people import People

CLOSING_SECONDS = 120.0
"""How long a shutdown waits for requests that may already be paid."""


class LocalApi(
    LocalIntake,
    LocalPictures,
    LocalProjects,
    LocalSettings,
    LocalPeople,
    LocalTeam,
    LocalSharing,
    LocalUpkeep,
    LocalFigures,
    BaseApi,
):
    """One studio in a data folder of this machine."""

    def __init__(
        self,
        data: Path,
        output: Path,
        *,
        clock: Clock | None = None,
        painter_latency_seconds: float = 0.6,
        works: bool = True,
    ) -> None:
        """Only remembers; `open` prepares.

        Args:
            data: Folder of database, keys, references and thumbnails; one process at a time.
            output: Where images go until the settings say otherwise.
            clock: The time, for tests.
            painter_latency_seconds: How long the painter pretends to need for a picture.
            works: Whether the queue is worked on. Without it nothing is recovered, claimed or paid:
                enough for a command that only reads or adds.
        """
        self._works = works
        self._data: Path | None = data
        keys = KeyRing(data, os.environ)
        clock = clock or Clock()
        studio = Studio(
            database=Database(data / "whisk.sqlite", clock),
            clock=clock,
            catalogue=Catalogue.load(data / "catalogue.json"),
            keys=keys,
            providers=build_providers(
                keys, painter_latency_seconds=painter_latency_seconds, environment=os.environ
            ),
            default_output=str(output),
            references=FolderShelf(data / "references"),
            thumbnails=FolderShelf(data / "thumbnails"),
            rejected=FolderShelf(data),
        )
        super().__init__(studio, Engine(studio), People(studio.database))
        self._alone = FileLock(data / LOCK)

    def open(self) -> None:
        """See `BaseApi.open`.

        Raises:
            Conflict: `folder_in_use`: another server works on this data folder.
        """
        assert self._data is not None
        self._data.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            # Held for life; the kernel lets go of it however the process ends.
            self._alone.acquire(blocking=False)
        except Timeout as error:
            raise Conflict("folder_in_use", folder=self._data) from error
        try:
            if is_unfinished(self._data):
                raise Conflict("restore_unfinished", folder=self._data)
            self.studio.database.open()
        except WhiskError:
            self._alone.release()
            raise
        if self._works:
            self.engine.start()

    def close(self) -> None:
        """See `BaseApi.close`."""
        self.engine.stop(CLOSING_SECONDS)
        self.studio.database.close()
        self._alone.release()

    def acting_as(self, user: UserInfo, *, address: str = "") -> Self:
        """See `BaseApi.acting_as`."""
        mine = copy.copy(self)
        mine.user, mine.address = user, address
        return mine
