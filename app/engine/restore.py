"""A backup becomes a studio again; what was in the data folder is kept aside.

Everything is unpacked, checked and brought up to date in a hidden folder first. What if the
process dies on this line? Until the switch (`app/engine/switch.py`) the data folder is as it was;
the next restore takes the hidden folder away. Images that were put among the outputs already are
found there by the next restore, byte for byte, and used.
"""

import hashlib
import shutil
import sqlite3
import tempfile
from collections.abc import Generator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from zipfile import ZipFile

from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from filelock import FileLock, Timeout
from sqlalchemy import delete, text, update
from sqlalchemy.exc import SQLAlchemyError

from app.clock import SECOND, Clock
from app.engine.backup import NOT_KEPT, SPARE_BYTES
from app.engine.backup_file import (
    DATABASE,
    IMAGES,
    Manifest,
    Vouched,
    check_entries,
    opened,
    pieces,
    read_manifest,
)
from app.engine.switch import is_unfinished, switch
from app.errors import Conflict, InvalidInput, WhiskError
from app.media.shelf import FolderShelf, publish, sync_file, sync_folder
from app.running_server import LOCK
from app.store import schema
from app.store.database import MIGRATIONS, Database, Transaction

OUTPUT = "output"
"""Where images that came in a backup go, below the data folder."""

_HIDDEN = ".restoring-"
_OWN_WORDS = (
    "SELECT sql FROM sqlite_master"
    " WHERE type IN ('view', 'trigger') OR sql LIKE 'CREATE VIRTUAL TABLE%'"
)


@dataclass(frozen=True)
class RestoreReport:
    """What came back.

    Attributes:
        tasks: Rows of the queue, which is stopped.
        references: Reference pictures.
        images: Saved images whose files came back.
        missing: Files that were missing already when the backup was made.
        kept_aside: Folder with what was there before, or None where nothing was.
    """

    tasks: int
    references: int
    images: int
    missing: int
    kept_aside: Path | None


def restore(file: Path, data: Path, clock: Clock | None = None) -> RestoreReport:
    """Put a backup into a data folder. A second call does it again.

    The queue is stopped afterwards: what waited when the backup was made may have been painted,
    and paid for, since. Sessions and tokens end. Provider keys of the folder stay. After an
    interruption any backup may be restored to get out of it.

    Raises:
        Conflict: `folder_in_use`: somebody works on the folder; `restore_unfinished`: the disk
            gave way in the middle of the switch.
        InvalidInput: `backup_unreadable`: not a backup, or of a newer version; `backup_damaged`.
        WhiskError: `restore_failed`: the disk is full or away. The folder is as it was.
    """
    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _alone(data):
            return _restore(file, data, clock or Clock())
    except OSError as error:
        if is_unfinished(data):
            raise Conflict("restore_unfinished", folder=data) from error
        reason = error.strerror or str(error)
        raise WhiskError("restore_failed", folder=data, reason=reason) from error


@contextmanager
def _alone(data: Path) -> Generator[None]:
    lock = FileLock(data / LOCK)
    try:
        lock.acquire(blocking=False)
    except Timeout as error:
        raise Conflict("folder_in_use", folder=data) from error
    try:
        yield
    finally:
        lock.release()


def _restore(file: Path, data: Path, clock: Clock) -> RestoreReport:
    stamp = datetime.fromtimestamp(clock.now() / SECOND, UTC).strftime("%Y%m%d-%H%M%S")
    # Beside what they will replace: a rename does not leave its disk.
    with opened(file) as source, ExitStack() as hidden:
        manifest = read_manifest(source, file)
        if DATABASE not in manifest.files:
            raise InvalidInput("backup_unreadable", name=file.name, reason="it has no database")
        check_entries(source, manifest)
        fresh = hidden.enter_context(_hidden(data))
        pictures = hidden.enter_context(_hidden(data / OUTPUT)) if manifest.images else fresh
        _demand_room(data, manifest)
        for name, vouched in manifest.files.items():
            folder = pictures if name.startswith(f"{IMAGES}/") else fresh
            _unpack(source, name, vouched, folder / name)
        _check_database(fresh / DATABASE, file)
        tasks = _bring_up_to_date(fresh / DATABASE, manifest, pictures, data, clock)
        aside = switch(fresh, data, stamp)
    return RestoreReport(
        tasks, manifest.references, manifest.images, len(manifest.missing), aside
    )  # fmt: skip


@contextmanager
def _hidden(parent: Path) -> Generator[Path]:
    """A folder to prepare things in; takes away what a killed restore left behind."""
    parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    for left in parent.glob(f"{_HIDDEN}*"):
        shutil.rmtree(left)
    with tempfile.TemporaryDirectory(dir=parent, prefix=_HIDDEN) as folder:
        yield Path(folder)


def _demand_room(data: Path, manifest: Manifest) -> None:
    # The database needs room for its journal and for the tables that a migration writes anew.
    needed = manifest.unpacked_bytes + 2 * manifest.files[DATABASE].size + SPARE_BYTES
    if FolderShelf(data).free_bytes() < needed:
        raise OSError(f"the disk has no room for {needed / 1_000_000:.0f} MB")


def _unpack(source: ZipFile, name: str, vouched: Vouched, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with target.open("xb") as file:
            for piece in pieces(source, name, vouched):
                file.write(piece)
    except FileExistsError as error:
        # Two names that are one on this disk: not both can be what they were.
        raise InvalidInput("backup_damaged", entry=name[:200]) from error
    sync_file(target)
    sync_folder(target.parent)


# --- the database ---------------------------------------------------------------------------------


def _check_database(database: Path, file: Path) -> None:
    """Raises `InvalidInput`: damaged, or of a schema that this program does not know."""
    try:
        with closing(sqlite3.connect(database)) as copy:
            copy.execute("PRAGMA trusted_schema=OFF")
            sound = copy.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
            found = copy.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.Error as error:
        raise InvalidInput("backup_damaged", entry=DATABASE) from error
    if not sound or found is None:
        raise InvalidInput("backup_damaged", entry=DATABASE)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found[0] not in known:
        reason = "a newer Whisk Desktop wrote its database"
        raise InvalidInput("backup_unreadable", name=file.name, reason=reason)


def _bring_up_to_date(
    path: Path, manifest: Manifest, pictures: Path, data: Path, clock: Clock
) -> int:
    """Today's schema, and what must not live on ends; answers how many tasks there are."""
    newest = _newest_cursor(data)
    database = Database(path, clock)
    try:
        database.open()
        _refuse_own_words(database, clock)
        # Only now, when nothing but the disk can fail any more.
        placed = _place_images(manifest, pictures, data / OUTPUT)
        with database.write() as tx:
            _settle(tx, newest)
            _point_to(tx, placed, manifest, data / OUTPUT)
            tasks = tx.connection.execute(
                text("SELECT count(*) FROM tasks WHERE removed_at IS NULL")
            ).scalar_one()
    except WhiskError as error:
        if error.code != "database_unreadable":
            raise
        raise InvalidInput("backup_damaged", entry=DATABASE) from error
    except (SQLAlchemyError, CommandError) as error:
        raise InvalidInput("backup_damaged", entry=DATABASE) from error
    finally:
        database.close()
    with closing(sqlite3.connect(path)) as copy:
        # One file, so that one rename brings it.
        copy.execute("PRAGMA journal_mode=DELETE")
    sync_file(path)
    return tasks


def _newest_cursor(data: Path) -> int:
    """The last number that browsers may hold of the studio that is replaced; 0 if none is known.

    Never asked after an interruption: opening a database whose journal was moved away already
    would make it a new one.
    """
    database = data / DATABASE
    if is_unfinished(data) or not database.is_file():
        return 0
    try:
        with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as old:
            return int(old.execute("SELECT seq FROM feed").fetchone()[0])
    except (sqlite3.Error, TypeError, ValueError):
        return 0  # damaged, which may be the very reason to restore


def _refuse_own_words(database: Database, clock: Clock) -> None:
    """A backup brings rows; views and triggers that are not ours would act on every later one."""
    ours = Database(None, clock)
    ours.open()
    with database.read() as found, ours.read() as known:
        strange = set(found.execute(text(_OWN_WORDS)).scalars()) - set(
            known.execute(text(_OWN_WORDS)).scalars()
        )
    ours.close()
    if strange:
        raise InvalidInput("backup_damaged", entry=DATABASE)


def _settle(tx: Transaction, newest: int) -> None:
    for name in NOT_KEPT:
        tx.connection.execute(delete(schema.metadata.tables[name]))
    # Browsers that are open hold cursors of before: a new beginning makes them ask anew.
    seq = max(tx.now // 1_000, tx.seq(), newest + 1)
    tx.connection.execute(update(schema.feed).values(seq=seq, first_seq=seq))
    tx.connection.execute(update(schema.queue_state).values(running=False, changed_seq=seq))


# --- the images -----------------------------------------------------------------------------------


def _place_images(manifest: Manifest, pictures: Path, output: Path) -> dict[str, str]:
    """Put the images where they belong, never over other content; answers their file names."""
    placed: dict[str, str] = {}
    folders: set[Path] = set()
    for name, vouched in manifest.files.items():
        if name.startswith(f"{IMAGES}/"):
            wanted = name.split("/", 2)[2]
            placed[name] = _place(pictures / name, output, wanted, vouched)
            folders.add((output / placed[name]).parent)
    for folder in folders:
        sync_folder(folder)
    return placed


def _place(unpacked: Path, output: Path, wanted: str, vouched: Vouched) -> str:
    stem, dot, ending = wanted.rpartition(".")
    for number in count(1):
        name = wanted if number == 1 else f"{stem}-{number}{dot}{ending}"
        target = output / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if _holds(target, vouched):
            return name
        if target.exists() or target.is_symlink():
            continue
        publish(unpacked, target)
        return name
    raise AssertionError("numbers do not end")


def _holds(path: Path, vouched: Vouched) -> bool:
    if not path.is_file() or path.stat().st_size != vouched.size:
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == vouched.sha256


def _point_to(tx: Transaction, placed: dict[str, str], manifest: Manifest, output: Path) -> None:
    """Let the rows of the images that came say where they are now."""
    images = schema.images.c
    for name, file_name in placed.items():
        _, number, was = name.split("/", 2)
        tx.connection.execute(
            update(schema.images)
            .where(images.output_folder == manifest.folders[number], images.file_name == was)
            .values(output_folder=str(output), file_name=file_name)
        )
