"""Which server works on a data folder, so that another program can talk to it instead.

The server holds the folder's lock for life and leaves a note with its address and a token of this
run beside it. Whoever may read the note may read the database as well: mode 0600 in a folder 0700.
"""

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

from filelock import FileLock, Timeout

LOCK = "whisk.lock"
NOTE = "server.json"


@dataclass(frozen=True)
class RunningServer:
    """Where a server listens, and what opens it to this account of this machine.

    Attributes:
        token: A bearer token with the rights of the local admin, good for this run only.
        certificate: File with the certificate that the server shows, or empty where it speaks http.
    """

    url: str
    pid: int
    token: str = field(repr=False)
    certificate: str = ""


def announce(data: Path, server: RunningServer) -> None:
    """Leave the note; replaces that of an earlier run."""
    new = data / f".{NOTE}.{os.getpid()}"
    new.unlink(missing_ok=True)
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(asdict(server), file)
    new.replace(data / NOTE)


def withdraw(data: Path) -> None:
    """Take the note away. A second call does nothing."""
    (data / NOTE).unlink(missing_ok=True)


def running_server(data: Path) -> RunningServer | None:
    """The server that works on a data folder, or None.

    A note that a killed server left behind does not count: the kernel let go of its lock.
    """
    if not (data / NOTE).is_file() or not is_held(data):
        return None
    try:
        return RunningServer(**json.loads((data / NOTE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def is_held(data: Path) -> bool:
    """Whether some program works on a data folder now."""
    if not (data / LOCK).exists():
        return False
    lock = FileLock(data / LOCK)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        return True
    lock.release()
    return False
