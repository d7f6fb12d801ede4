"""What a studio needs to do its work, looked at one by one.

Changes nothing: a folder that is absent stays absent, and no request leaves.
"""

import os
import stat
import tempfile
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.engine.engine import Engine, needed_bytes
from app.engine.studio import Studio
from app.errors import NotConfigured
from app.models import HealthCheck, StudioSettings
from app.store import claims
from app.words import Words

SAFE_SQLITE = (3, 51, 3)
"""From here on two connections that write at once cannot damage the file; we have one anyway."""

_english = Words("en")


def checks(studio: Studio, engine: Engine) -> list[HealthCheck]:
    """Everything that was looked at; what is not `ok` keeps the studio from its work.

    Without a database there are no settings, so what hangs on them is not looked at then.
    """
    found = [_database(studio), _engine(engine)]
    if not studio.in_memory:
        found.append(_data_folder(studio))
    if not found[0].ok:
        return found
    settings = studio.settings()
    found.append(_disk(studio, settings))
    if not studio.in_memory:
        found.append(_output_folder(Path(settings.output_folder)))
    return [*found, _keys(studio), _gates(studio)]


def _database(studio: Studio) -> HealthCheck:
    path = studio.database.path
    if path is not None and not path.is_file():
        return _bad("database", f"{path} is gone. Stop, then restore a backup with: whisk restore")
    try:
        with studio.database.read() as connection:
            version = str(connection.execute(text("SELECT sqlite_version()")).scalar_one())
            pages = connection.execute(text("PRAGMA page_count")).scalar_one()
            size = connection.execute(text("PRAGMA page_size")).scalar_one()
            connection.execute(text("SELECT seq FROM feed")).scalar_one()
    except SQLAlchemyError as error:
        cause = str(getattr(error, "orig", None) or type(error).__name__)
        return _bad("database", f"It cannot be read ({cause}). Stop, then restore a backup with: "
                                "whisk restore")  # fmt: skip
    where = "in memory" if path is None else str(path)
    told = f"SQLite {version}, {pages * size / 1e6:.1f} MB, {where}."
    if tuple(int(part) for part in version.split(".")) < SAFE_SQLITE:
        told += " Before 3.51.3, let no other program write to it."
    return _good("database", told)


def _engine(engine: Engine) -> HealthCheck:
    if not engine.started:
        return _good("engine", "Not working here: this program only reads and adds.")
    if not engine.alive:
        return _bad("engine", "It has died, and nothing is painted. Start Whisk Desktop again; the "
                              "log says why.")  # fmt: skip
    return _good("engine", f"Working; requests in flight: {engine.in_flight}.")


def _disk(studio: Studio, settings: StudioSettings) -> HealthCheck:
    needed = needed_bytes(settings.concurrency)
    try:
        free = studio.outputs(settings.output_folder).free_bytes()
    except OSError as error:
        return _bad("disk", f"{settings.output_folder} cannot be asked for its room: "
                            f"{error.strerror}.")  # fmt: skip
    told = f"{free / 1e9:.1f} GB free for images; at least {needed / 1e9:.2f} GB are kept free."
    if free < needed:
        return _bad("disk", f"{told} Nothing is painted until you make room.")
    return _good("disk", told)


def _output_folder(folder: Path) -> HealthCheck:
    nearest = next((place for place in (folder, *folder.parents) if place.exists()), folder)
    if problem := _why_not_writable(nearest):
        return _bad("output_folder", f"Images cannot be saved in {folder}: {problem}. Change its "
                                     "rights, or choose another in Settings.")  # fmt: skip
    there = "" if nearest == folder else " It is made with the first image."
    return _good("output_folder", f"{folder} can be written to.{there}")


def _data_folder(studio: Studio) -> HealthCheck:
    assert studio.database.path is not None
    folder = studio.database.path.parent
    if problem := _why_not_writable(folder):
        return _bad("data_folder", f"{folder} cannot be written to: {problem}. Change its rights.")
    if os.name == "posix" and stat.S_IMODE(folder.stat().st_mode) & 0o077:
        # It works, so it is well; but somebody should know.
        return _good("data_folder", f"Other accounts of this machine may look into {folder}. Close "
                                    f"it: chmod 700 {folder}")  # fmt: skip
    return _good("data_folder", f"{folder} can be written to, by this account only.")


def _why_not_writable(folder: Path) -> str:
    try:
        # Where the system can, a file without a name: nothing is seen of it.
        with tempfile.TemporaryFile(dir=folder):
            return ""
    except OSError as error:
        return error.strerror or str(error)


def _keys(studio: Studio) -> HealthCheck:
    """A key that is lacking is well: the painter needs none."""
    told: list[str] = []
    for name, provider in studio.providers.items():
        if not provider.key_variable or studio.in_memory:
            continue
        try:
            has_key = studio.keys.get(name) is not None
        except NotConfigured as error:
            told.append(f"{provider.label}: {error.message}")
            continue
        told.append(
            f"{provider.label} has a key." if has_key
            else f"{provider.label} lacks a key and paints nothing. Add one in Settings, or set "
            f"{provider.key_variable} before the start."
        )  # fmt: skip
    return _good("keys", " ".join(told) or "No provider here needs one.")


def _gates(studio: Studio) -> HealthCheck:
    """A provider that waits is well: the others go on."""
    with studio.database.read() as connection:
        closed = claims.closed_gates(connection, studio.clock.now())
    told: list[str] = []
    for gate in closed:
        known = studio.providers.get(gate.provider)
        code = gate.paused_code or gate.blocked_code
        key = f"waiting.{code}" if _english.has(f"waiting.{code}") else "waiting.other"
        label = known.label if known else gate.provider
        told.append(_english(key, provider=label, n=gate.tasks))
    return _good("gates", " ".join(told) or "No provider waits for anything.")


def _good(name: str, message: str) -> HealthCheck:
    return HealthCheck(name, True, message)


def _bad(name: str, message: str) -> HealthCheck:
    return HealthCheck(name, False, message)
