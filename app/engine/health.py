"""What a studio needs to do its work, looked at one by one. Changes nothing and costs nothing."""

import os
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.engine.engine import Engine, needed_bytes
from app.engine.studio import Studio
from app.models import HealthCheck
from app.store import claims


def checks(studio: Studio, engine: Engine) -> list[HealthCheck]:
    """Everything that was looked at; what is not `ok` keeps the studio from its work."""
    found = [_database(studio)]
    if not found[0].ok:
        return found
    found += [_engine(engine), _disk(studio)]
    if not studio.in_memory:
        found += [_output_folder(studio), _data_folder(studio)]
    found += [_key(studio, name) for name in studio.providers]
    return [*found, *_gates(studio)]


def _database(studio: Studio) -> HealthCheck:
    try:
        with studio.database.read() as connection:
            version = connection.execute(text("SELECT sqlite_version()")).scalar_one()
            connection.execute(text("SELECT seq FROM feed"))
    except SQLAlchemyError as error:
        return HealthCheck("database", False, f"The database does not answer: {error}"[:300])
    return HealthCheck("database", True, f"The database answers (SQLite {version}).")


def _engine(engine: Engine) -> HealthCheck:
    if engine.started and not engine.alive:
        return HealthCheck("engine", False, "The engine has died. Start Whisk Desktop again.")
    if not engine.alive:
        return HealthCheck("engine", True, "The engine does not run here: nothing is claimed.")
    return HealthCheck("engine", True, f"The engine runs; {engine.in_flight} request(s) are out.")


def _disk(studio: Studio) -> HealthCheck:
    settings = studio.settings()
    free = studio.outputs(settings.output_folder).free_bytes()
    needed = needed_bytes(settings.concurrency)
    where = f"{free / 1e9:.1f} GB are free on the disk of the output folder"
    if free >= needed:
        return HealthCheck("disk", True, f"{where}.")
    return HealthCheck(
        "disk", False, f"{where}; {needed / 1e9:.1f} GB are needed. Free some space."
    )


def _output_folder(studio: Studio) -> HealthCheck:
    folder = Path(studio.settings().output_folder)
    nearest = folder
    while not nearest.exists() and nearest != nearest.parent:
        nearest = nearest.parent
    if nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK):
        made = "is there" if nearest == folder else "will be made"
        return HealthCheck("output_folder", True, f"The output folder {folder} {made}.")
    return HealthCheck(
        "output_folder", False,
        f"Files cannot be written to {folder}. Choose another output folder in Settings.",
    )  # fmt: skip


def _data_folder(studio: Studio) -> HealthCheck:
    assert studio.database.path is not None
    folder = studio.database.path.parent
    if not os.access(folder, os.W_OK | os.X_OK):
        return HealthCheck("data_folder", False, f"The data folder {folder} cannot be written to.")
    open_to_others = os.name == "posix" and folder.stat().st_mode & 0o077
    if open_to_others:
        said = f"Other accounts of this machine can look into {folder}. Close it: chmod 700"
        return HealthCheck("data_folder", True, f"{said} {folder}")
    return HealthCheck("data_folder", True, f"The data folder is {folder}.")


def _key(studio: Studio, name: str) -> HealthCheck:
    provider = studio.providers[name]
    if not provider.key_variable or studio.in_memory:
        said = f"{provider.label} needs no key."
    elif studio.keys.get(name) is not None:
        said = f"{provider.label} has a key."
    else:
        said = f"{provider.label} has no key. Enter it in Settings, or set {provider.key_variable}."
    return HealthCheck(f"key_{name}", True, said)


def _gates(studio: Studio) -> list[HealthCheck]:
    with studio.database.read() as connection:
        closed = claims.closed_gates(connection, studio.clock.now())
    return [
        HealthCheck(
            f"provider_{gate.provider}", True,
            f"{gate.tasks} task(s) wait for {gate.provider}: "
            f"{gate.paused_code or gate.blocked_code}.",
        )
        for gate in closed
        if gate.tasks
    ]  # fmt: skip
