"""`MockApi`: the same studio in memory, with no disk, no key and no network."""

from app.api.base_api import BaseApi
from app.api.local_api import LocalApi
from app.clock import Clock
from app.engine.engine import Engine
from app.engine.studio import Studio
from app.media.shelf import MemoryShelf
from app.providers.catalogue import Catalogue
from app.providers.keys import KeyRing
from app.providers.painter import PainterProvider
from app.store.database import Database
from app.store.people import People


class MockApi(LocalApi, BaseApi):
    """A studio that forgets everything when it closes; the painter paints every model."""

    def __init__(self) -> None:
        """Only remembers; `open` prepares."""
        clock = Clock()
        catalogue = Catalogue.load()
        painter = PainterProvider(latency_seconds=0, clock=clock)
        studio = Studio(
            database=Database(None, clock),
            clock=clock,
            catalogue=catalogue,
            keys=KeyRing(None, {}),
            providers={model.provider: painter for model in catalogue.models},
            default_output="",
            references=MemoryShelf(),
            thumbnails=MemoryShelf(),
            rejected=MemoryShelf(),
        )
        super(LocalApi, self).__init__(studio, Engine(studio), People(studio.database))

    def open(self) -> None:
        """See `BaseApi.open`."""
        self.studio.database.open()
        self.engine.start()

    def close(self) -> None:
        """See `BaseApi.close`."""
        self.engine.stop(wait_seconds=30)
        self.studio.database.close()
