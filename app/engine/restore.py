"""A backup becomes a data folder again; what was there is kept aside.

What if the process dies on this line? Until the switch begins, nothing of the data folder was
touched. From then on a note says so, the studio does not open, and restoring again finishes it.
What was there before is moved, never deleted.
"""

import hashlib
import os
import shutil
import sqlite3
import zipfile
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from app.clock import Clock
from app.engine.backup import (
    CATALOGUE,
    DATABASE,
    PIECE_BYTES,
    SPARE_BYTES,
    Manifest,
    read_manifest,
)
from app.errors import Conflict, InvalidInput, WhiskError
from app.media.shelf import checked, sync_folder
from app.running_server import LOCK
from app.store.database import Database

UNFINISHED = "restore-unfinished"
"""Note in a data folder whose switch has begun and not ended."""

_PARTS = (DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", "references", "thumbnails", CATALOGUE)


@dataclass(frozen=True)
class RestoreReport:
    """What came back.

    Attributes:
        images: Saved images whose files came back; they are in `output` of the data folder.
        missing: Files that were already missing when the backup was made.
        kept_aside: Folder with what was there before, or None where nothing was.
    """

    tasks: int
    references: int
    images: int
    missing: int
    kept_aside: Path | None


def restore(file: Path, data: Path, clock: Clock | None = None) -> RestoreReport:
    """Put a backup into a data folder. The queue is stopped afterwards: what waited when the
    backup was made may have been paid for since.

    Provider keys of the folder stay; sessions and tokens end.

    Raises:
        Conflict: `folder_in_use`.
        InvalidInput: `backup_unreadable`, `backup_damaged`.
        WhiskError: `backup_failed`: the disk is full or away.
    """
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    alone = FileLock(data / LOCK)
    try:
        alone.acquire(blocking=False)
    except Timeout as error:
        raise Conflict("folder_in_use", folder=data) from error
    try:
        return _restore(file, data, clock or Clock())
    except OSError as error:
        raise WhiskError("backup_failed", reason=error) from error
    finally:
        alone.release()


def _restore(file: Path, data: Path, clock: Clock) -> RestoreReport:
    manifest = read_manifest(file)
    stamp = datetime.fromtimestamp(clock.now() / 1_000_000, UTC).strftime("%Y%m%d-%H%M%S")
    fresh = data / f".restoring-{stamp}-{os.getpid()}"
    fresh.mkdir(mode=0o700)
    try:
        _unpack(file, manifest, fresh, data)
        _prepare(fresh / DATABASE, manifest, data, clock)
        aside = _switch(fresh, data, stamp)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return RestoreReport(
        manifest.tasks, manifest.references, manifest.images, len(manifest.missing), aside
    )


def _unpack(file: Path, manifest: Manifest, fresh: Path, data: Path) -> None:
    """Every file of the manifest, and nothing else, as the manifest says it should be."""
    if DATABASE not in manifest.files:
        raise InvalidInput("backup_unreadable", name=file.name, reason="it holds no database")
    needed = sum(size for _, size in manifest.files.values())
    if shutil.disk_usage(data).free < needed + SPARE_BYTES:
        raise OSError(f"the disk has no room for {needed / 1_000_000:.0f} MB")
    with zipfile.ZipFile(file) as source:
        for name, (expected, size) in manifest.files.items():
            try:
                target = _target(name, manifest, fresh)
                entry = source.getinfo(name)
                target.parent.mkdir(parents=True, exist_ok=True)
                found = _extract(source, entry, target, size)
            except (KeyError, ValueError, zipfile.BadZipFile, EOFError) as error:
                raise InvalidInput("backup_damaged", entry=name[:200]) from error
            if found != expected:
                raise InvalidInput("backup_damaged", entry=name[:200])


def _target(name: str, manifest: Manifest, fresh: Path) -> Path:
    """Where an entry goes. Raises ValueError for a name that no backup of ours has."""
    parts = checked(name).split("/")
    ours = (
        name in (DATABASE, CATALOGUE)
        or (parts[0] == "references" and len(parts) == 2)
        or (parts[0] == "images" and len(parts) > 2 and parts[1] in manifest.folders)
    )
    if not ours:
        raise ValueError(name)
    return fresh.joinpath(*parts)


def _extract(source: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path, size: int) -> str:
    """Write one entry, no longer than it says; answers its hash. A link is written as a file."""
    digest, left = hashlib.sha256(), size
    with source.open(entry) as packed, target.open("xb") as file:
        while piece := packed.read(min(PIECE_BYTES, left + 1)):
            left -= len(piece)
            if left < 0:
                raise ValueError("longer than it says")
            digest.update(piece)
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()


def _prepare(database: Path, manifest: Manifest, data: Path, clock: Clock) -> None:
    """Make the database one of today and of this place, before it counts."""
    try:
        with closing(sqlite3.connect(database)) as copy:
            found = copy.execute("PRAGMA integrity_check").fetchone()[0]
        if found != "ok":
            raise InvalidInput("backup_damaged", entry=DATABASE)
        opened = Database(database, clock)
        opened.open()
        opened.close()
        with closing(sqlite3.connect(database)) as copy:
            _settle(copy, manifest, data, clock.now())
            copy.commit()
            copy.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            copy.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.DatabaseError as error:
        raise InvalidInput("backup_damaged", entry=DATABASE) from error
    except WhiskError as error:
        if error.code != "database_unreadable":
            raise
        raise InvalidInput(
            "backup_unreadable", name=DATABASE, reason="it was made by a later version"
        ) from error


def _settle(copy: sqlite3.Connection, manifest: Manifest, data: Path, now: int) -> None:
    # Money: what waited then may have been painted since, so only a person starts it again.
    copy.execute("UPDATE queue_state SET running = 0")
    # A revoked token or an ended session must not come back to life.
    for table in ("sessions", "tokens", "login_failures"):
        copy.execute(f"DELETE FROM {table}")
    # Open browsers hold cursors of what was here before: a new beginning makes them ask anew.
    seq = now // 1_000
    copy.execute("UPDATE feed SET seq = max(seq + 1, ?), first_seq = max(seq + 1, ?)", (seq, seq))
    for number, folder in manifest.folders.items():
        inside = f"images/{number}/"
        here = [
            (str(data / "output"), folder, name.removeprefix(inside))
            for name in manifest.files
            if name.startswith(inside)
        ]
        copy.executemany(
            "UPDATE images SET output_folder = ? WHERE output_folder = ? AND file_name = ?", here
        )


def _switch(fresh: Path, data: Path, stamp: str) -> Path | None:
    """Move the old away and the new in; a note says so until it is done."""
    note = data / UNFINISHED
    with note.open("w") as file:
        file.write(stamp)
        file.flush()
        os.fsync(file.fileno())
    sync_folder(data)
    aside = _unused(data / f"before-restore-{stamp}")
    moved = False
    for part in _PARTS:
        if (data / part).exists():
            aside.mkdir(mode=0o700, exist_ok=True)
            (data / part).rename(aside / part)
            moved = True
    _bring_images(fresh / "images", data / "output")
    # The database last: with it, everything it speaks of is there.
    for part in ("references", CATALOGUE, DATABASE):
        if (fresh / part).exists():
            (fresh / part).rename(data / part)
    sync_folder(data)
    note.unlink()
    sync_folder(data)
    return aside if moved else None


def _unused(folder: Path) -> Path:
    number = 2
    while folder.exists():
        folder = folder.with_name(f"{folder.name.partition('~')[0]}~{number}")
        number += 1
    return folder


def _bring_images(source: Path, output: Path) -> None:
    """Put images where they belong, never over other content."""
    for path in sorted(source.glob("*/**/*")):
        if path.is_dir():
            continue
        target = output.joinpath(*path.relative_to(source).parts[1:])
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            path.rename(target)


def is_unfinished(data: Path) -> bool:
    """Whether a restore into a data folder was interrupted in the middle of its switch."""
    return (data / UNFINISHED).exists()
