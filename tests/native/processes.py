"""What every account of a Linux machine can read about the processes that run on it."""

from pathlib import Path

PROC = Path("/proc")


def said_aloud() -> bytes:
    """All command lines and environments."""
    return b"\n".join(
        _read(PROC / str(pid) / name) for pid in _numbers() for name in ("cmdline", "environ")
    )


def command_line(pid: int) -> bytes:
    """How a process was called."""
    return _read(PROC / str(pid) / "cmdline")


def descendants(pid: int) -> set[int]:
    """Children of a process, their children, and so on, as far as they run."""
    parents = {number: _parent(number) for number in _numbers()}
    found: set[int] = set()
    grown = {pid}
    while grown:
        grown = {child for child, parent in parents.items() if parent in grown} - found
        found |= grown
    return found


def open_files(pid: int) -> set[str]:
    """Names of the files that a process holds."""
    found = set()
    for link in (PROC / str(pid) / "fd").glob("*"):
        try:
            found.add(link.readlink().name)
        except OSError:
            continue
    return found


def lives(pid: int) -> bool:
    """Whether a process runs."""
    return _parent(pid) != -1


def _parent(pid: int) -> int:
    """-1 for none: it has ended, or waits to be buried."""
    fields = _read(PROC / str(pid) / "stat").rpartition(b")")[2].split()
    return int(fields[1]) if fields and fields[0] != b"Z" else -1


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""  # it has ended meanwhile


def _numbers() -> list[int]:
    return [int(folder.name) for folder in PROC.iterdir() if folder.name.isdigit()]
