"""Settings of the studio, by name."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from app.store import schema
from app.store.database import Transaction

_settings = schema.settings


def read(connection: Connection) -> dict[str, Any]:
    """Every setting that was ever set."""
    return {row.name: row.value for row in connection.execute(select(_settings))}


def write(tx: Transaction, values: Mapping[str, Any]) -> None:
    """Set some settings."""
    for name, value in values.items():
        tx.connection.execute(delete(_settings).where(_settings.c.name == name))
        tx.connection.execute(insert(_settings).values(name=name, value=value))


def project_name(connection: Connection, project_id: str) -> str | None:
    """The name of a project, or None when there is none of that id."""
    projects = schema.projects
    return connection.execute(select(projects.c.name).where(projects.c.id == project_id)).scalar()
