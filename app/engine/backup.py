"""Safety copies: the studio in one file, made while it works.

A zip of `manifest.json` (what is in it, with hashes), the database as of one moment, the reference
pictures, the edited catalogue, and the saved images when asked for. Provider keys, sessions and
tokens are never in it.
"""

import hashlib
import json
import os
import shutil
import sqlite3
import tempfile
import threading
import zipfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from app.clock import SECOND, iso
from app.engine.studio import Studio
from app.errors import Conflict, InvalidInput, NotFound, WhiskError
from app.media.shelf import Shelf, publish, sync_folder
from app.models import BackupInfo
from app.version import VERSION

FORMAT = 1
FOLDER = "backups"
DATABASE = "whisk.sqlite"
MANIFEST = "manifest.json"
CATALOGUE = "catalogue.json"
PIECE_BYTES = 1 << 20
SPARE_BYTES = 50_000_000

# One at a time: two would only fight for the disk.
_turn = threading.Lock()


@dataclass
class Manifest:
    """What a backup says of itself.

    Attributes:
        files: SHA-256 and size by entry.
        folders: Output folder of the images by the number they lie under: `images/<number>/...`.
        missing: Files that the studio knows and no longer has.
    """

    format: int
    version: str
    created_at: str
    tasks: int = 0
    references: int = 0
    images: int = 0
    files: dict[str, tuple[str, int]] = field(default_factory=dict[str, tuple[str, int]])
    folders: dict[str, str] = field(default_factory=dict[str, str])
    missing: list[str] = field(default_factory=list[str])


def create(studio: Studio, data: Path, *, with_images: bool) -> BackupInfo:
    """Make a backup; answers what was made. A second call makes another file.

    Raises:
        Conflict: `not_kept_on_disk`.
        WhiskError: `backup_failed`: the disk is full or away, or the copy was not as it should be.
    """
    if studio.in_memory:
        raise Conflict("not_kept_on_disk")
    with _turn:
        folder = data / FOLDER
        folder.mkdir(mode=0o700, exist_ok=True)
        try:
            with tempfile.TemporaryDirectory(dir=folder, prefix=".making-") as making:
                made = _made(studio, data, Path(making), with_images)
                return info(_kept(made, folder, studio.clock.now()))
        except (OSError, sqlite3.Error, zipfile.BadZipFile) as error:
            raise WhiskError("backup_failed", reason=error) from error


def _made(studio: Studio, data: Path, making: Path, with_images: bool) -> Path:
    manifest = Manifest(FORMAT, VERSION, iso(studio.clock.now()) or "")
    database = making / DATABASE
    assert studio.database.path is not None
    copy_database(studio.database.path, database)
    sources = dict(_sources(studio, data, database, manifest, with_images))
    _demand_room(making, sources)
    made = making / "backup.zip"
    with zipfile.ZipFile(made, "x", allowZip64=True) as target:
        for name, source in sources.items():
            if source.is_file():
                manifest.files[name] = _put(target, name, source)
            else:
                manifest.missing.append(name)
        manifest.references = sum(name.startswith("references/") for name in manifest.files)
        manifest.images = sum(name.startswith("images/") for name in manifest.files)
        target.writestr(MANIFEST, json.dumps(asdict(manifest), ensure_ascii=False, indent=1))
    _verify(made, manifest)
    return made


def copy_database(source: Path, target: Path) -> None:
    """The database as of one moment, without sessions and tokens; writers go on meanwhile."""
    original = sqlite3.connect(f"file:{source}?mode=ro", uri=True)
    with closing(original), closing(sqlite3.connect(target)) as copy:
        original.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")
        for table in ("sessions", "tokens", "login_failures"):
            copy.execute(f"DELETE FROM {table}")
        copy.commit()
        # What was deleted must not be left on free pages.
        copy.execute("VACUUM")
        found = copy.execute("PRAGMA integrity_check").fetchone()[0]
    if found != "ok":
        raise sqlite3.DatabaseError(f"integrity check: {found}")


def _sources(
    studio: Studio, data: Path, database: Path, manifest: Manifest, with_images: bool
) -> Iterator[tuple[str, Path]]:
    """What belongs into a backup: its name there and where it lies."""
    yield DATABASE, database
    if (data / CATALOGUE).is_file():
        yield CATALOGUE, data / CATALOGUE
    with closing(sqlite3.connect(database)) as copy:
        manifest.tasks = copy.execute(
            "SELECT count(*) FROM tasks WHERE removed_at IS NULL"
        ).fetchone()[0]
        for (name,) in copy.execute("SELECT stored_name FROM reference_images"):
            yield f"references/{name}", _path(studio.references, name)
        if not with_images:
            return
        images = copy.execute("SELECT output_folder, file_name FROM images ORDER BY id").fetchall()
    numbers: dict[str, str] = {}
    for folder, name in images:
        number = numbers.setdefault(folder, str(len(numbers) + 1))
        yield f"images/{number}/{name}", _path(studio.outputs(folder), name)
    manifest.folders = {number: folder for folder, number in numbers.items()}


def _path(shelf: Shelf, name: str) -> Path:
    path = shelf.path(name)
    assert path is not None, "a studio on disk has its files there"
    return path


def _demand_room(making: Path, sources: dict[str, Path]) -> None:
    needed = sum(path.stat().st_size for path in sources.values() if path.is_file())
    if shutil.disk_usage(making).free < needed + SPARE_BYTES:
        raise OSError(f"the disk has no room for {needed / 1_000_000:.0f} MB")


def _put(target: zipfile.ZipFile, name: str, source: Path) -> tuple[str, int]:
    """Store one file; answers its hash and size. Pictures are packed already."""
    packed = zipfile.ZIP_DEFLATED if name in (DATABASE, CATALOGUE) else zipfile.ZIP_STORED
    entry = zipfile.ZipInfo(name)
    entry.compress_type = packed
    digest, size = hashlib.sha256(), 0
    with source.open("rb") as file, target.open(entry, "w", force_zip64=True) as out:
        while piece := file.read(PIECE_BYTES):
            digest.update(piece)
            size += len(piece)
            out.write(piece)
    return digest.hexdigest(), size


def _verify(made: Path, manifest: Manifest) -> None:
    """Read everything back: a copy that cannot be read is none."""
    with zipfile.ZipFile(made) as source:
        for name, (expected, _) in manifest.files.items():
            digest = hashlib.sha256()
            with source.open(name) as file:
                while piece := file.read(PIECE_BYTES):
                    digest.update(piece)
            if digest.hexdigest() != expected:
                raise OSError(f"{name} was not written as it should be")


def _kept(made: Path, folder: Path, now: int) -> Path:
    with made.open("r+b") as file:
        os.fsync(file.fileno())
    stamp = datetime.fromtimestamp(now / SECOND, UTC).strftime("%Y%m%d-%H%M%S")
    for number in range(1, 1_000):
        name = f"whisk-{stamp}.zip" if number == 1 else f"whisk-{stamp}-{number}.zip"
        try:
            publish(made, folder / name)
        except FileExistsError:
            continue
        sync_folder(folder)
        return folder / name
    raise OSError("too many backups of one second")


def listed(data: Path) -> list[BackupInfo]:
    """The backups of a data folder, the newest first; what is no backup is left out."""
    found: list[BackupInfo] = []
    for path in (data / FOLDER).glob("whisk-*.zip"):
        try:
            found.append(info(path))
        except WhiskError:
            continue
    return sorted(found, key=lambda one: (one.created_at, one.name), reverse=True)


def located(data: Path, name: str) -> Path:
    """Where a backup lies. Raises `NotFound` with `backup_not_found`."""
    known = {path.name: path for path in (data / FOLDER).glob("whisk-*.zip")}
    if name not in known:
        raise NotFound("backup_not_found")
    return known[name]


def info(path: Path) -> BackupInfo:
    """What a backup file says of itself. Raises `InvalidInput`: `backup_unreadable`."""
    manifest = read_manifest(path)
    return BackupInfo(
        name=path.name,
        path=str(path),
        size=path.stat().st_size,
        created_at=manifest.created_at,
        tasks=manifest.tasks,
        references=manifest.references,
        images=manifest.images,
    )


def read_manifest(path: Path) -> Manifest:
    """The manifest of a backup file.

    Raises:
        InvalidInput: `backup_unreadable`: it is not ours, or of a later format.
    """
    try:
        with zipfile.ZipFile(path) as source:
            entry = source.getinfo(MANIFEST)
            if entry.file_size > 100_000_000:
                raise ValueError("its list of files is too long")
            values = json.loads(source.read(entry))
        if values["format"] != FORMAT:
            raise ValueError(f"it has format {values['format']}, not {FORMAT}")
        return Manifest(**values)
    except (OSError, zipfile.BadZipFile, KeyError, ValueError, TypeError, RecursionError) as error:
        reason = str(error) or type(error).__name__
        raise InvalidInput("backup_unreadable", name=path.name, reason=reason[:200]) from error
