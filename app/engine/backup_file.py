"""What a backup file is: a zip of files, and a manifest that vouches for every one of them.

Whoever reads one treats it as a stranger's. Only names of the manifest count, and only such as we
write ourselves; nothing is unpacked that is longer than the manifest says or has another hash.
"""

import hashlib
import json
import stat
import zipfile
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, NamedTuple, NoReturn

from pydantic import Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as checked_dataclass

from app.errors import InvalidInput
from app.media.shelf import checked

FORMAT = 1
MANIFEST = "manifest.json"
DATABASE = "whisk.sqlite"
CATALOGUE = "catalogue.json"
REFERENCES = "references"
IMAGES = "images"

PIECE_BYTES = 1 << 20
MAX_MANIFEST_BYTES = 64_000_000
"""Some 350,000 files."""

MAX_RATIO = 200
"""Bytes that one packed byte may become; honest databases stay far below."""

SMALL_BYTES = 100_000_000
"""Up to here an entry may be packed as densely as it likes: it can hurt nobody."""

_PACKED_AS_WE_DO = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)
"""What `zipfile` raises for a file that is not as it should be."""


class Vouched(NamedTuple):
    """What the manifest says of one file; a list of the two in JSON."""

    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    size: Annotated[int, Field(ge=0)]


@checked_dataclass(frozen=True)
class Manifest:
    """What a backup says of itself.

    Attributes:
        format: Raised when an older program could misunderstand a backup.
        version: Of the program that wrote it.
        tasks: Rows of the queue.
        references: Reference pictures whose files are in it.
        images: Saved images whose files are in it.
        folders: Output folder by the number its images lie under: `images/<number>/<file name>`.
        missing: Files that belong to the studio and were not there when it was backed up.
        files: Every entry but the manifest, by name.
    """

    format: int
    version: str
    created_at: str
    tasks: Annotated[int, Field(ge=0)]
    references: Annotated[int, Field(ge=0)]
    images: Annotated[int, Field(ge=0)]
    folders: dict[str, str]
    missing: list[str]
    files: dict[str, Vouched]

    @property
    def unpacked_bytes(self) -> int:
        """Room that everything needs."""
        return sum(entry.size for entry in self.files.values())


_manifest = TypeAdapter(Manifest)


@contextmanager
def opened(file: Path) -> Generator[zipfile.ZipFile]:
    """The zip, for reading.

    Raises:
        InvalidInput: `backup_unreadable`: it is none; `backup_damaged`: its end is missing.
        OSError: It cannot be read.
    """
    with file.open("rb") as stream:
        beginning = stream.read(4)
        try:
            source = zipfile.ZipFile(stream)
        except _BROKEN as error:
            if beginning == b"PK\x03\x04":
                raise InvalidInput("backup_damaged", entry=file.name) from error
            _unreadable(file, "it is not a zip file", error)
        with source:
            yield source


def read_manifest(source: zipfile.ZipFile, file: Path) -> Manifest:
    """What the backup says of itself.

    Raises:
        InvalidInput: `backup_unreadable`: it is not ours, or of a later format; `backup_damaged`.
    """
    try:
        entry = source.getinfo(MANIFEST)
    except KeyError as error:
        _unreadable(file, "it has no manifest", error)
    if entry.file_size > MAX_MANIFEST_BYTES:
        _unreadable(file, "its manifest is too long")
    try:
        with source.open(entry) as stream:
            text = stream.read(MAX_MANIFEST_BYTES)
    except _BROKEN as error:
        raise InvalidInput("backup_damaged", entry=MANIFEST) from error
    try:
        said: Any = json.loads(text)
        found = said["format"]
        if isinstance(found, int) and found > FORMAT:
            _unreadable(file, "a newer Whisk Desktop wrote it")
        if found != FORMAT:
            _unreadable(file, "its format is unknown")
        return _manifest.validate_python(said)
    except (ValidationError, ValueError, KeyError, TypeError, RecursionError) as error:
        _unreadable(file, "its manifest makes no sense", error)


def check_entries(source: zipfile.ZipFile, manifest: Manifest) -> None:
    """Look at every entry before one is unpacked.

    Raises:
        InvalidInput: `backup_damaged`; `entry` is the first that should not be there, is not
            there, is there twice, or is no plain file that we could have packed.
    """
    entries = source.infolist()
    names = {entry.filename for entry in entries}
    vouched = {MANIFEST, *manifest.files}
    if absent := vouched - names:
        raise _damaged(min(absent))
    seen: set[str] = set()
    for entry in entries:
        # Twice under one name, of which whoever looks for it sees one only.
        twice = entry.filename in seen
        seen.add(entry.filename)
        if entry.filename not in vouched or twice or not _is_ours(entry, manifest):
            raise _damaged(entry.filename)


def _is_ours(entry: zipfile.ZipInfo, manifest: Manifest) -> bool:
    kind = stat.S_IFMT(entry.external_attr >> 16)
    return (
        kind in (0, stat.S_IFREG)
        and not entry.flag_bits & _ENCRYPTED
        and entry.compress_type in _PACKED_AS_WE_DO
        and not is_too_dense(entry)
        and _is_our_name(entry.filename, manifest)
    )


def is_too_dense(entry: zipfile.ZipInfo) -> bool:
    """Whether an entry grows suspiciously when it is unpacked."""
    return entry.file_size > max(SMALL_BYTES, entry.compress_size * MAX_RATIO)


def _is_our_name(name: str, manifest: Manifest) -> bool:
    if name in (MANIFEST, DATABASE, CATALOGUE):
        return True
    try:
        room, *inside = checked(name).split("/")
    except ValueError:
        return False
    if room == REFERENCES:
        return len(inside) == 1
    return room == IMAGES and len(inside) > 1 and inside[0] in manifest.folders


def pieces(source: zipfile.ZipFile, name: str, vouched: Vouched) -> Iterator[bytes]:
    """The bytes of an entry; no more of them than the manifest says.

    Raises:
        InvalidInput: `backup_damaged`; after the last piece at the latest.
    """
    digest, left = hashlib.sha256(), vouched.size
    try:
        with source.open(name) as stream:
            while piece := stream.read(min(PIECE_BYTES, left + 1)):
                left -= len(piece)
                if left < 0:
                    break
                digest.update(piece)
                yield piece
    except _BROKEN as error:
        raise _damaged(name) from error
    if left or digest.hexdigest() != vouched.sha256:
        raise _damaged(name)


def _damaged(name: str) -> InvalidInput:
    return InvalidInput("backup_damaged", entry=ascii(name)[1:-1][:200])


def _unreadable(file: Path, reason: str, error: Exception | None = None) -> NoReturn:
    raise InvalidInput("backup_unreadable", name=file.name, reason=reason) from error
