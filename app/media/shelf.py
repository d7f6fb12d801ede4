"""Where bytes lie: a folder on disk, or memory, behind the same six verbs.

Names are relative POSIX paths (`trip/cat-k3v9-1.png`). A name is written once: whole or not at
all, and never over something else.
"""

import os
import shutil
import sys
from abc import ABC, abstractmethod
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from secrets import token_hex
from threading import Lock

from app.errors import NotFound

_MEMORY_BYTES = 1 << 40


def checked(name: str) -> str:
    """The name itself, if it is a relative POSIX path that stays inside a folder.

    Raises:
        ValueError: It is empty, absolute, has `.` or `..`, a drive or stream (`:`), a backslash
            or NUL.
    """
    parts = name.split("/")
    if any(part in ("", ".", "..") for part in parts) or any(sign in name for sign in "\\:\0"):
        raise ValueError(f"not a name inside a folder: {name!r}")
    return name


class Shelf(ABC):
    """Bytes by name. Every method raises ValueError for a name that leaves the shelf."""

    @abstractmethod
    def write(self, name: str, data: bytes, *, part: str = "", durable: bool = True) -> None:
        """Keep `data` under `name`, whole or not at all.

        Writing the same bytes again is a success, and makes sure again that they are durable.

        Args:
            name: Where; folders on the way are made.
            data: What.
            part: Named in the unfinished neighbour `.<part>-….part`, so that a person can tell
                whose it was; any text without a slash.
            durable: Wait until the bytes and the name would survive a power cut.

        Raises:
            FileExistsError: Other bytes have that name; they are untouched.
            OSError: The disk refused; nothing has that name.
        """

    @abstractmethod
    def read(self, name: str) -> bytes:
        """The bytes of a name.

        Raises:
            NotFound: `file_missing`.
        """

    @abstractmethod
    def exists(self, name: str) -> bool:
        """Whether a file has that name."""

    @abstractmethod
    def path(self, name: str) -> Path | None:
        """Where the file lies on disk, existing or not; None where there is no disk."""

    @abstractmethod
    def remove(self, name: str) -> None:
        """Forget a name. A second call does nothing."""

    @abstractmethod
    def sweep(self) -> int:
        """Delete what unfinished writes left behind and answer how many; only when alone."""

    @abstractmethod
    def free_bytes(self) -> int:
        """Room left."""


class MemoryShelf(Shelf):
    """A shelf that lives as long as its process."""

    def __init__(self) -> None:
        self._files: dict[str, bytes] = {}
        self._lock = Lock()

    def write(self, name: str, data: bytes, *, part: str = "", durable: bool = True) -> None:
        """See `Shelf.write`."""
        with self._lock:
            if self._files.setdefault(checked(name), data) != data:
                raise FileExistsError(name)

    def read(self, name: str) -> bytes:
        """See `Shelf.read`."""
        try:
            return self._files[checked(name)]
        except KeyError:
            raise NotFound("file_missing", name=name) from None

    def exists(self, name: str) -> bool:
        """See `Shelf.exists`."""
        return checked(name) in self._files

    def path(self, name: str) -> Path | None:
        """See `Shelf.path`."""
        checked(name)
        return None

    def remove(self, name: str) -> None:
        """See `Shelf.remove`."""
        self._files.pop(checked(name), None)

    def sweep(self) -> int:
        """See `Shelf.sweep`: a write to memory leaves nothing unfinished."""
        return 0

    def free_bytes(self) -> int:
        """See `Shelf.free_bytes`: a tebibyte less what is kept."""
        return _MEMORY_BYTES - sum(len(data) for data in self._files.values())


class FolderShelf(Shelf):
    """A shelf in a folder, which is made when the first file is written."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def write(self, name: str, data: bytes, *, part: str = "", durable: bool = True) -> None:
        """See `Shelf.write`."""
        final = self._at(name)
        _make_folder(final.parent)
        with _unfinished(final.parent, part) as temporary:
            _fill(temporary, data, durable)
            try:
                publish(temporary, final)
            except FileExistsError:
                if not _holds(final, data):
                    raise
                if durable:
                    sync_file(final)
        if durable:
            sync_folder(final.parent)

    def read(self, name: str) -> bytes:
        """See `Shelf.read`."""
        try:
            return self._at(name).read_bytes()
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            raise NotFound("file_missing", name=name) from None

    def exists(self, name: str) -> bool:
        """See `Shelf.exists`."""
        return self._at(name).is_file()

    def path(self, name: str) -> Path | None:
        """See `Shelf.path`."""
        return self._at(name)

    def remove(self, name: str) -> None:
        """See `Shelf.remove`."""
        self._at(name).unlink(missing_ok=True)

    def sweep(self) -> int:
        """See `Shelf.sweep`."""
        left = [path for path in self._root.rglob(".*.part") if path.is_file()]
        for path in left:
            path.unlink(missing_ok=True)
        return len(left)

    def free_bytes(self) -> int:
        """See `Shelf.free_bytes`: of the disk that holds the folder, or will hold it."""
        folder = self._root
        while not folder.exists():
            folder = folder.parent
        return shutil.disk_usage(folder).free

    def _at(self, name: str) -> Path:
        return self._root.joinpath(*PurePosixPath(checked(name)).parts)


def _make_folder(folder: Path) -> None:
    missing: list[Path] = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for new in reversed(missing):
        new.mkdir(exist_ok=True)
        sync_folder(new.parent)


@contextmanager
def _unfinished(folder: Path, part: str) -> Generator[Path]:
    """A name beside the final one that is gone afterwards, whatever happens."""
    label = checked(part).replace("/", "-") if part else "new"
    temporary = folder / f".{label}-{token_hex(6)}.part"
    try:
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def _fill(temporary: Path, data: bytes, durable: bool) -> None:
    with temporary.open("xb") as file:
        file.write(data)
        file.flush()
        if durable:
            _sync(file.fileno())


def publish(temporary: Path, final: Path) -> None:
    """Give a finished file its name, unless something has it.

    Raises FileExistsError then. The old name may stay.

    A hard link fails when the name is taken, in one step; `rename` would replace it. File systems
    without hard links (FAT, some network drives) get a check and a rename instead.
    """
    try:
        os.link(temporary, final)
    except FileExistsError:
        raise
    except (OSError, AttributeError, NotImplementedError):
        if final.exists():
            raise FileExistsError(final) from None
        temporary.replace(final)


def _holds(path: Path, data: bytes) -> bool:
    return path.is_file() and path.stat().st_size == len(data) and path.read_bytes() == data


def sync_file(path: Path) -> None:
    """Make what was written to a file durable."""
    with path.open("r+b") as file:
        _sync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable; Windows keeps them with the files and has no call."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        _sync(descriptor)
    finally:
        os.close(descriptor)


def _sync(descriptor: int) -> None:
    if sys.platform == "darwin":
        import fcntl

        # fsync on macOS stops at the drive's cache.
        fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
    else:
        os.fsync(descriptor)
