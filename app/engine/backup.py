"""Safety copies: the studio in one file, made while it works.

A zip of the database as of one moment, the reference pictures, the edited catalogue, the saved
images when asked for, and `manifest.json`, which says what is in it. Provider keys are never in
it, nor is anything that lets somebody in: sessions, tokens, the note of a running server.

What if the process dies on this line? The half-made copy lies in a hidden folder of its own, which
the next backup takes away; a backup has its name only once it was read back and is durable.
"""

import hashlib
import json
import logging
import shutil
import sqlite3
import tempfile
import threading
import zipfile
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import cast

from sqlalchemy.exc import SQLAlchemyError

from app import version
from app.clock import SECOND, iso
from app.engine.backup_file import (
    CATALOGUE,
    DATABASE,
    FORMAT,
    IMAGES,
    MANIFEST,
    PIECE_BYTES,
    REFERENCES,
    Manifest,
    Vouched,
    check_entries,
    is_too_dense,
    opened,
    pieces,
    read_manifest,
)
from app.engine.studio import Studio
from app.errors import Conflict, InvalidInput, NotFound, WhiskError
from app.media.shelf import FolderShelf, Shelf, checked, publish, sync_file, sync_folder
from app.models import BackupInfo

log = logging.getLogger(__name__)

FOLDER = "backups"
SPARE_BYTES = 50_000_000
NOT_KEPT = ("sessions", "tokens", "login_failures", "login_tries")
"""Tables whose rows let somebody in, or count who tried."""

_MAKING = ".making-"
_PACKABLE = (DATABASE, CATALOGUE)
"""Pictures are packed already."""

# Two at once would only fight for the disk; the second waits.
_one_at_a_time = threading.Lock()


def create(studio: Studio, data: Path, *, with_images: bool) -> BackupInfo:
    """Make a backup while the studio works; a second call makes another one.

    Raises:
        Conflict: `not_kept_on_disk`.
        WhiskError: `backup_failed`: the disk is full or away, or what was written reads back
            differently; nothing is left of it.
    """
    if studio.in_memory:
        raise Conflict("not_kept_on_disk")
    folder = data / FOLDER
    with _one_at_a_time:
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for left in folder.glob(f"{_MAKING}*"):
                shutil.rmtree(left)
            with tempfile.TemporaryDirectory(dir=folder, prefix=_MAKING) as making:
                made = _make(studio, data, Path(making), with_images)
                return _info(_keep(made, folder, studio.clock.now()))
        except (OSError, sqlite3.Error, SQLAlchemyError, zipfile.LargeZipFile) as error:
            raise WhiskError("backup_failed", reason=_reason(error)) from error
        except InvalidInput as error:
            raise WhiskError("backup_failed", reason=error.message) from error


def _reason(error: Exception) -> str:
    said = error.strerror if isinstance(error, OSError) else None
    return said or str(error) or type(error).__name__


def _make(studio: Studio, data: Path, making: Path, with_images: bool) -> Path:
    """The finished file in `making`, read back and durable."""
    database = _copy_database(studio, making)
    sources, described = _contents(studio, data, database, with_images)
    needed = sum(path.stat().st_size for path in sources.values() if path and path.is_file())
    _demand_room(making, needed)
    part = making / "whisk.part"
    for packing in (zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED):
        manifest = _write(part, sources, described, packing)
        # A restore must never take an honest backup for one that was made to fill the disk.
        if not _any_too_dense(part):
            break
    _read_back(part, manifest)
    sync_file(part)
    return part


def _copy_database(studio: Studio, making: Path) -> Path:
    """The database as of one moment, whole and without what lets somebody in."""
    live = studio.database.path
    assert live is not None
    _demand_room(making, 2 * sum(part.stat().st_size for part in live.parent.glob(f"{live.name}*")))
    whole, lean = making / "whole.sqlite", making / DATABASE
    with studio.database.read() as reader, closing(sqlite3.connect(whole)) as copy:
        # In one step: a copy in portions would begin anew with every commit of the writer.
        cast(sqlite3.Connection, reader.connection.driver_connection).backup(copy)
    with closing(sqlite3.connect(whole, isolation_level=None)) as copy:
        copy.execute("PRAGMA journal_mode=MEMORY")
        copy.execute("PRAGMA synchronous=OFF")
        for table in NOT_KEPT:
            copy.execute(f"DELETE FROM {table}")
        # Written anew, for what is deleted stays on free pages until they are used again.
        copy.execute("VACUUM INTO ?", (str(lean),))
    whole.unlink()
    with closing(sqlite3.connect(lean)) as copy:
        found = copy.execute("PRAGMA integrity_check").fetchone()[0]
    if found != "ok":
        raise sqlite3.DatabaseError(f"the copy of the database is damaged: {found}")
    return lean


def _demand_room(folder: Path, needed: int) -> None:
    if FolderShelf(folder).free_bytes() < needed + SPARE_BYTES:
        wanted = (needed + SPARE_BYTES) / 1_000_000
        raise OSError(f"the disk has no room for {wanted:.0f} MB")


def _contents(
    studio: Studio, data: Path, database: Path, with_images: bool
) -> tuple[dict[str, Path | None], Manifest]:
    """What belongs into it, by name: where it lies, or None; and the manifest without files."""
    sources: dict[str, Path | None] = {DATABASE: database}
    if (data / CATALOGUE).is_file():
        sources[CATALOGUE] = data / CATALOGUE
    with closing(sqlite3.connect(database)) as copy:
        tasks = copy.execute("SELECT count(*) FROM tasks WHERE removed_at IS NULL").fetchone()[0]
        for (name,) in copy.execute("SELECT stored_name FROM reference_images ORDER BY id"):
            sources[f"{REFERENCES}/{name}"] = _place(studio.references, name)
        images = copy.execute(
            "SELECT output_folder, file_name FROM images ORDER BY created_at, id"
        ).fetchall()
    numbers: dict[str, str] = {}
    for folder, name in images if with_images else ():
        number = numbers.setdefault(folder, str(len(numbers) + 1))
        sources[f"{IMAGES}/{number}/{name}"] = _place(studio.outputs(folder), name)
    described = Manifest(
        format=FORMAT,
        version=version.VERSION,
        created_at=iso(studio.clock.now()) or "",
        tasks=tasks,
        references=0,
        images=0,
        folders={number: folder for folder, number in numbers.items()},
        missing=[],
        files={},
    )
    return sources, described


def _place(shelf: Shelf, name: str) -> Path | None:
    try:
        return shelf.path(name)
    except ValueError:
        return None  # no name that a file of ours could have


def _write(
    part: Path, sources: dict[str, Path | None], described: Manifest, packing: int
) -> Manifest:
    files: dict[str, Vouched] = {}
    part.unlink(missing_ok=True)
    part.touch(mode=0o600)
    with zipfile.ZipFile(part, "w") as target:
        for name, source in sources.items():
            method = packing if name in _PACKABLE else zipfile.ZIP_STORED
            if source is not None and (stored := _store(target, name, source, method)):
                files[name] = stored
        manifest = replace(
            described,
            references=sum(name.startswith(f"{REFERENCES}/") for name in files),
            images=sum(name.startswith(f"{IMAGES}/") for name in files),
            missing=[name for name in sources if name not in files],
            files=files,
        )
        said = json.dumps(vars(manifest), ensure_ascii=False)
        target.writestr(MANIFEST, said, zipfile.ZIP_DEFLATED)
    return manifest


def _store(target: zipfile.ZipFile, name: str, source: Path, method: int) -> Vouched | None:
    """Write one file, in pieces; None where it is gone, which must not cost us all the others."""
    entry = zipfile.ZipInfo(name)
    entry.compress_type = method
    digest, size = hashlib.sha256(), 0
    try:
        stream = source.open("rb") if source.is_file() else None
    except FileNotFoundError:
        stream = None
    if stream is None:
        return None
    with stream, target.open(entry, "w", force_zip64=True) as out:
        while piece := stream.read(PIECE_BYTES):
            digest.update(piece)
            size += len(piece)
            out.write(piece)
    return Vouched(sha256=digest.hexdigest(), size=size)


def _any_too_dense(part: Path) -> bool:
    with zipfile.ZipFile(part) as source:
        return any(is_too_dense(entry) for entry in source.infolist())


def _read_back(part: Path, written: Manifest) -> None:
    """Read it as a restore would. Raises `InvalidInput`: it is not what we meant to write."""
    with opened(part) as source:
        if read_manifest(source, part) != written:
            raise InvalidInput("backup_damaged", entry=MANIFEST)
        check_entries(source, written)
        for name, vouched in written.files.items():
            for _ in pieces(source, name, vouched):
                pass


def _keep(part: Path, folder: Path, now: int) -> Path:
    """Give it the name of the moment, never that of another one."""
    stamp = datetime.fromtimestamp(now / SECOND, UTC).strftime("%Y%m%d-%H%M%S")
    names = (f"whisk-{stamp}.zip" if n == 1 else f"whisk-{stamp}-{n}.zip" for n in count(1))
    path = next(folder / name for name in names if not (folder / name).exists())
    publish(part, path)
    sync_folder(folder)
    return path


def listed(data: Path) -> list[BackupInfo]:
    """The backups of a data folder, the newest first.

    Only their manifests are read. What cannot be read is left out, and the log says so: nobody
    should count on it.
    """
    found: list[BackupInfo] = []
    for path in (data / FOLDER).glob("whisk-*.zip"):
        try:
            found.append(_info(path))
        except (InvalidInput, OSError) as error:
            log.warning("left out of the list of backups: %s: %s", path.name, error)
    return sorted(found, key=lambda backup: (backup.created_at, backup.name), reverse=True)


def _info(path: Path) -> BackupInfo:
    with opened(path) as source:
        manifest = read_manifest(source, path)
    return BackupInfo(
        name=path.name,
        path=str(path),
        size=path.stat().st_size,
        created_at=manifest.created_at,
        tasks=manifest.tasks,
        references=manifest.references,
        images=manifest.images,
    )


def located(data: Path, name: str) -> Path:
    """Where a backup lies. Raises `NotFound`: `backup_not_found`."""
    path = data / FOLDER / name
    try:
        ours = "/" not in checked(name) and path.match("whisk-*.zip")
        if ours and path.is_file() and not path.is_symlink():
            return path
    except (ValueError, OSError):
        pass
    raise NotFound("backup_not_found")


def hash_of(path: Path) -> str:
    """SHA-256 of a file; kept while the file stays as it is. Raises OSError."""
    found = path.stat()
    return _hash(path, found.st_size, found.st_mtime_ns)


@lru_cache(maxsize=32)
def _hash(path: Path, _size: int, _changed: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
