"""Each implementation with a studio behind it whose provider does what a test says.

A studio is built once for each implementation and emptied after each promise: opening one takes
longer than most promises.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import delete, func, insert, select, update

from app.api.base_api import BaseApi
from app.api.local_api import LocalApi
from app.api.mock_api import MockApi
from app.store import schema
from app.store.database import plant
from app.store.states import SlotState
from tests.puppet import Puppet
from tests.serving import in_process, over_a_socket
from tests.waiting import until


@dataclass
class Stage:
    """What a promise is tried on.

    Attributes:
        api: The implementation.
        studio: What stands behind it; the implementation itself where that is all there is.
        puppet: Paints every model but the painter's.
    """

    api: BaseApi
    studio: LocalApi
    puppet: Puppet


@dataclass(frozen=True)
class Kind:
    """An implementation of the contract.

    Attributes:
        studio: Makes the studio, from a folder with made tables and a new folder; not open yet.
        reach: The implementation in front of the open studio.
    """

    studio: Callable[[Path, Path], LocalApi]
    reach: Callable[[Any], AbstractContextManager[BaseApi]]


def local_studio(template: Path, folder: Path) -> LocalApi:
    """A studio in a folder of its own."""
    if not (folder / "data").exists():
        shutil.copytree(template, folder / "data")
    return LocalApi(folder / "data", folder / "output", painter_latency_seconds=0)


def mock_studio(_template: Path, _folder: Path) -> MockApi:
    """A studio in memory, to which the puppet's key is known."""
    studio = MockApi()
    studio.studio.keys.declare("gemini", (Puppet.key_variable,), "https://puppet.example")
    return studio


MOCK = Kind(mock_studio, nullcontext)
LOCAL = Kind(local_studio, nullcontext)
REAL_IN_PROCESS = Kind(local_studio, in_process)
REAL_OVER_A_SOCKET = Kind(local_studio, over_a_socket)


class Theatre:
    """The studios that are open, one for each kind."""

    def __init__(self, template: Path, new_folder: Callable[[], Path]) -> None:
        self._template = template
        self._new_folder = new_folder
        self._open = ExitStack()
        self._known: dict[int, tuple[LocalApi, BaseApi]] = {}

    @contextmanager
    def stage(self, kind: Kind) -> Iterator[Stage]:
        """An empty studio and the implementation in front of it."""
        studio, api = self._built(kind)
        puppet = Puppet()
        studio.studio.providers = {**studio.studio.providers, "gemini": puppet}
        yield Stage(api, studio, puppet)
        if studio.studio.database.is_open:
            empty(studio, puppet)

    def _built(self, kind: Kind) -> tuple[LocalApi, BaseApi]:
        known = self._known.get(id(kind))
        if known is None or not known[0].studio.database.is_open:
            studio = self._open.enter_context(kind.studio(self._template, self._new_folder()))
            known = studio, self._open.enter_context(kind.reach(studio))
            self._known[id(kind)] = known
        return known

    def close(self) -> None:
        self._open.close()


def empty(studio: LocalApi, puppet: Puppet) -> None:
    """Make an open studio as good as new, once nothing is out any more."""
    studio.stop_queue()
    puppet.let_go()
    until(lambda: not _works(studio))
    with studio.studio.database.write() as tx:
        seq = tx.seq() + 1
        # Only ever added to, everywhere but here.
        tx.connection.exec_driver_sql("DROP TRIGGER IF EXISTS audit_no_DELETE")
        for table in reversed(schema.metadata.sorted_tables):
            tx.connection.execute(delete(table))
        plant(tx.connection, tx.now)
        # Cursors only ever grow, whatever the clock says.
        tx.connection.execute(update(schema.feed).values(seq=seq, first_seq=seq))
        tx.connection.execute(update(schema.queue_state).values(changed_seq=seq))
        for provider in studio.studio.providers:
            gate = {"provider": provider, "blocked_until": 0, "blocked_code": "", "paused_code": ""}
            tx.connection.execute(insert(schema.provider_gates).values(gate))
    studio.studio.keys.forget("gemini")


def _works(studio: LocalApi) -> bool:
    running = select(func.count()).where(schema.slots.c.state == SlotState.RUNNING)
    with studio.studio.database.read() as connection:
        return connection.execute(running).scalar_one() > 0 or studio.engine.in_flight > 0
