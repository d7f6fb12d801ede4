"""Files that a person names: written whole or not at all, and never over something else."""

import contextlib
import hashlib
import os
import re
import tempfile
from collections.abc import Generator
from pathlib import Path

from app.api.models import MediaContent
from app.cli.asked import Failed

_SHA256 = re.compile(r"[0-9a-f]{64}")
_NO_FILE_NAME = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]')
_LINKS_FAIL = (OSError, NotImplementedError)


def replace(file: Path, content: MediaContent) -> None:
    """Write a file, or replace it in one step. Raises OSError."""
    with _written(file.parent, content) as (part, _):
        part.replace(file)
    _settle_folder(file.parent)


def keep(file: Path, content: MediaContent) -> None:
    """Write a new file.

    Raises:
        Failed: `file_exists`: nothing was written; or `file_damaged`.
    """
    if not _placed(file, content):
        raise Failed("file_exists", f"{file} exists already. Choose another name.")


def deliver(folder: Path, content: MediaContent, file_name: str, sha256: str) -> Path:
    """Put a picture into a folder under its own name; answers where it is.

    A file with that name and that content is the picture; one with other content stays, and the
    picture gets a number. Where the picture lies on the same disk it is linked, not copied.

    Raises:
        Failed: `file_damaged`: what arrived is not what was saved.
    """
    name = _safe_name(file_name)
    stem, ending = Path(name).stem, Path(name).suffix
    number = 1
    while True:
        file = folder / (name if number == 1 else f"{stem}-{number}{ending}")
        if _holds(file, sha256) or _linked(file, content) or _placed(file, content, sha256):
            return file
        number += 1


def _safe_name(file_name: str) -> str:
    """The last part of a name that a distant server may have made up."""
    name = _NO_FILE_NAME.sub("_", file_name.replace("\\", "/").rpartition("/")[2]).strip(" .")
    return name[-200:] or "image"


def _holds(file: Path, sha256: str) -> bool:
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest() == sha256
    except OSError:
        return False


def _linked(file: Path, content: MediaContent) -> bool:
    if content.path is None:
        return False
    try:
        os.link(content.path, file)
    except _LINKS_FAIL:
        return False  # another disk, a system without links, or the name is taken
    _settle_folder(file.parent)
    return True


def _placed(file: Path, content: MediaContent, sha256: str = "") -> bool:
    """Whether the content is there now under a name that nobody had."""
    if file.is_symlink() or file.exists():
        return False
    with _written(file.parent, content) as (part, found):
        # What lies on this disk is what it is; what came from afar may have been cut short.
        if content.chunks is not None and found != (sha256 or _named_hash(content) or found):
            raise Failed("file_damaged", f"{file.name} did not arrive whole. Try again.")
        try:
            # Unlike a rename, a link never takes the place of a file that came meanwhile.
            os.link(part, file)
        except FileExistsError:
            return False
        except _LINKS_FAIL:
            part.rename(file)
    _settle_folder(file.parent)
    return True


def _named_hash(content: MediaContent) -> str:
    return content.sha256 if _SHA256.fullmatch(content.sha256) else ""


@contextlib.contextmanager
def _written(folder: Path, content: MediaContent) -> Generator[tuple[Path, str]]:
    """A hidden file with the content, safe on the disk, and the SHA-256 of what came.

    It is gone afterwards, unless it was given its name.
    """
    descriptor, name = tempfile.mkstemp(dir=folder, prefix=".whisk-", suffix=".part")
    part, digest = Path(name), hashlib.sha256()
    try:
        with os.fdopen(descriptor, "wb") as stream:
            for piece in content.iterate():
                digest.update(piece)
                stream.write(piece)
            stream.flush()
            os.fsync(stream.fileno())
        yield part, digest.hexdigest()
    finally:
        part.unlink(missing_ok=True)


def _settle_folder(folder: Path) -> None:
    """Make a new name last over a power cut; Windows does that by itself."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
