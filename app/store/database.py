"""One database, opened for this process: one writer, separate readers, one clock.

SQLite has a single writer whatever we do, and before 3.51.3 two connections that write or
checkpoint at once could corrupt the file (sqlite.org, "WAL-reset bug"); so all writing goes
through one connection behind a lock. In memory there is one connection for everything.
"""

import sqlite3
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError
from sqlalchemy import Connection, Engine, create_engine, event, insert, select, update
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import QueuePool, StaticPool

from app.clock import Clock
from app.errors import WhiskError
from app.models import LOCAL_ADMIN
from app.store import schema

READERS = 4
MIGRATIONS = Path(__file__).parent / "migrations"
DEFAULT_PROJECT = "default"


@dataclass
class Transaction:
    """One write transaction.

    Attributes:
        now: The database's time when it began, microseconds.
    """

    connection: Connection
    now: int
    _seq: int = field(default=0, init=False)

    def seq(self) -> int:
        """This transaction's number in the change feed; taken once, at the first call."""
        if not self._seq:
            self._seq = self.connection.execute(
                update(schema.feed)
                .where(schema.feed.c.id == 1)
                .values(seq=schema.feed.c.seq + 1)
                .returning(schema.feed.c.seq)
            ).scalar_one()
        return self._seq

    @property
    def changed(self) -> bool:
        """Whether anything was written that a page wants to know."""
        return self._seq > 0


class Database:
    """Opens a SQLite file, or a database in memory when `path` is None."""

    def __init__(self, path: Path | None, clock: Clock) -> None:
        self.path = path
        self.clock = clock
        self._lock = threading.RLock()
        self._news = threading.Condition()
        self._commits = 0
        self._writer: Engine | None = None
        self._reader: Engine | None = None

    def open(self) -> None:
        """Connect, migrate, plant the first rows. A second call does nothing.

        Raises:
            WhiskError: `database_unreadable`: damaged, no database, or of a later version.
        """
        if self._writer is not None:
            return
        self._writer = _engine(self.path, writer=True)
        self._reader = _engine(self.path, writer=False) if self.path else self._writer
        try:
            with self._lock, self._writer.begin() as connection:
                migrate(connection)
                plant(connection, self.clock.now())
        except (DatabaseError, CommandError) as error:
            self.close()
            raise WhiskError(
                "database_unreadable", file=self.path or "in memory", reason=_first_line(error)
            ) from error

    def close(self) -> None:
        """Disconnect. A second call does nothing."""
        writer, reader = self._writer, self._reader
        with self._news:
            self._writer = self._reader = None
            self._news.notify_all()
        for engine in {writer, reader} - {None}:
            assert engine is not None
            engine.dispose()

    @contextmanager
    def write(self) -> Generator[Transaction]:
        """One transaction that may write; commits at the end, rolls back on an exception."""
        assert self._writer is not None, "the database is not open"
        with self._lock:
            with self._writer.begin() as connection:
                work = Transaction(connection, self.clock.now())
                yield work
            if work.changed:
                self._tell_news()

    def _tell_news(self) -> None:
        with self._news:
            self._commits += 1
            self._news.notify_all()

    @property
    def is_open(self) -> bool:
        """Whether it can be read and written."""
        return self._writer is not None

    @property
    def commits(self) -> int:
        """Changes committed since the start that the change feed tells of; for `wait_for_news`."""
        return self._commits

    def wait_for_news(self, commits: int, seconds: float) -> None:
        """Wait until more than so many changes are committed, or time is up, or we close."""
        with self._news:
            self._news.wait_for(lambda: self._commits > commits or self._writer is None, seconds)

    @contextmanager
    def read(self) -> Generator[Connection]:
        """A connection that reads one consistent state."""
        assert self._reader is not None, "the database is not open"
        if self._reader is self._writer:
            with self._lock, self._reader.begin() as connection:
                yield connection
        else:
            with self._reader.begin() as connection:
                yield connection


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]


def _engine(path: Path | None, *, writer: bool) -> Engine:
    if path is None:
        engine = create_engine(
            "sqlite://",
            poolclass=StaticPool,
            connect_args={"check_same_thread": False},
            hide_parameters=True,
        )
    else:
        engine = create_engine(
            f"sqlite:///{path}",
            poolclass=QueuePool,
            pool_size=1 if writer else READERS,
            max_overflow=0,
            connect_args={"check_same_thread": False, "timeout": 10},
            hide_parameters=True,  # an error that is logged must not quote a prompt
        )
    event.listen(engine, "connect", _prepare_writer if writer else _prepare_reader)
    event.listen(engine, "begin", _begin_immediate if writer else _begin)
    return engine


def _prepare(connection: sqlite3.Connection, *pragmas: str) -> None:
    # The driver's own transaction handling commits behind our back; we say BEGIN ourselves.
    connection.isolation_level = None
    for pragma in pragmas:
        connection.execute(f"PRAGMA {pragma}")


def _prepare_writer(connection: sqlite3.Connection, _record: object) -> None:
    # FULL: a commit survives a power cut, and a paid request hangs on it.
    _prepare(connection, "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON",
             "fullfsync=ON", "cache_size=-32000")  # fmt: skip


def _prepare_reader(connection: sqlite3.Connection, _record: object) -> None:
    _prepare(connection, "query_only=ON", "cache_size=-16000")


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def migrate(connection: Connection) -> None:
    """Bring the schema of an open connection to the newest version, in its transaction."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def plant(connection: Connection, now: int) -> None:
    """The rows every studio starts with. A second call changes nothing."""
    if connection.execute(select(schema.feed.c.id)).first():
        return
    # Milliseconds: no other studio at the same address ever gave out these cursors before.
    first = now // 1_000
    connection.execute(insert(schema.feed).values(id=1, seq=first, first_seq=first))
    connection.execute(insert(schema.queue_state).values(id=1, running=False, changed_seq=first))
    connection.execute(
        insert(schema.projects).values(id=DEFAULT_PROJECT, name="Default", created_at=now)
    )
    connection.execute(
        insert(schema.users).values(
            id=LOCAL_ADMIN.id,
            username=LOCAL_ADMIN.username,
            display_name=LOCAL_ADMIN.display_name,
            role=LOCAL_ADMIN.role,
            preferences={},
            created_at=now,
        )
    )
