"""The moment of a restore: what is in a data folder goes aside, what was restored takes its place.

Renames only, with a note beside them that says what was there. What if the process dies on this
line? Before the note there is nothing to mend. After it the studio does not open, and restoring
again goes on by the note: what was there still goes aside, what an interrupted restore had brought
makes room. What was there is moved and never deleted.
"""

import json
from itertools import count
from pathlib import Path

from pydantic import TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from app.engine.backup_file import CATALOGUE, DATABASE, REFERENCES
from app.media.shelf import checked, sync_file, sync_folder

UNFINISHED = "restore-unfinished"

_PARTS = (DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", REFERENCES, "thumbnails", CATALOGUE)
_NEW = (REFERENCES, CATALOGUE, DATABASE)
"""The database last: once it is there, so is what it speaks of."""


@dataclass(frozen=True)
class _Note:
    """What was there when the first try began, and where it goes."""

    aside: str
    old: list[str]


_note = TypeAdapter(_Note)


def is_unfinished(data: Path) -> bool:
    """Whether a restore into this data folder was interrupted in the middle of its switch."""
    return (data / UNFINISHED).exists()


def switch(fresh: Path, data: Path, stamp: str) -> Path | None:
    """Put what lies in `fresh` into the data folder; answers where the old went, None without one.

    Only for who holds the folder's lock. `fresh` must lie on the same disk; what an interrupted
    restore had brought is left in it. After an OSError a further call goes on.
    """
    note = _read_note(data) or _begin(data, stamp)
    aside = data / note.aside
    if note.old:
        aside.mkdir(mode=0o700, exist_ok=True)
    for part in note.old:
        if (data / part).exists() and not (aside / part).exists():
            (data / part).rename(aside / part)
    for part in _PARTS:
        if (data / part).exists():
            (data / part).rename(fresh / f"interrupted-{part}")
    for folder in (aside, data) if note.old else (data,):
        sync_folder(folder)
    for part in _NEW:
        if (fresh / part).exists():
            (fresh / part).rename(data / part)
    sync_folder(data)
    (data / UNFINISHED).unlink()
    sync_folder(data)
    return aside if note.old else None


def _begin(data: Path, stamp: str) -> _Note:
    note = _Note(
        aside=_unused(data, f"before-restore-{stamp}"),
        old=[part for part in _PARTS if (data / part).exists()],
    )
    part = data / f".{UNFINISHED}"
    part.write_bytes(_note.dump_json(note))
    sync_file(part)
    part.replace(data / UNFINISHED)
    sync_folder(data)
    return note


def _read_note(data: Path) -> _Note | None:
    """The note of an interrupted switch; one that cannot be read is as good as none, for then all
    that is there goes aside."""
    try:
        note = _note.validate_python(json.loads((data / UNFINISHED).read_bytes()))
        return note if checked(note.aside) and set(note.old) <= set(_PARTS) else None
    except (FileNotFoundError, ValidationError, ValueError):
        return None


def _unused(data: Path, name: str) -> str:
    names = (name if number == 1 else f"{name}-{number}" for number in count(1))
    return next(free for free in names if not (data / free).exists())
