"""A database of an earlier version is brought to today's schema and loses nothing."""

from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Integer, MetaData, create_engine, select

from app.api.local_api import LocalApi
from app.store import database

FIRST = "0001"
SPECIAL = {
    "users.role": "admin",
    "tasks.status": "completed",
    "tasks.images_per_prompt": 1,
    "tasks.model": "painter:painter",
    "tasks.removed_at": None,
    "tasks.error_code": "",
    "slots.state": "done",
    "slots.image_id": "local",
    "attempts.state": "saved",
    "feed.id": 1,
    "projects.id": "default",
    "tasks.project_id": "default",
    "feed.seq": 41,
    "queue_state.id": 1,
    "users.disabled_at": None,
    "task_references.category": "style",
    "settings.name": "concurrency",
    "settings.value": 3,
    "provider_gates.paused_code": "",
}
"""Values that the program reads; everything else may be anything."""


def config(connection: Connection) -> Config:
    found = Config()
    found.set_main_option("script_location", str(database.MIGRATIONS))
    found.attributes["connection"] = connection
    return found


def revisions() -> list[str]:
    script = ScriptDirectory(str(database.MIGRATIONS))
    return [found.revision for found in script.walk_revisions()]


def contents(connection: Connection, schema: MetaData) -> dict[str, list[dict[str, Any]]]:
    return {
        table.name: [dict(row) for row in connection.execute(select(table)).mappings()]
        for table in schema.sorted_tables
    }


def fill(connection: Connection, schema: MetaData) -> None:
    """One row in every table; all ids are the same, so that every foreign key finds its row."""
    for table in schema.sorted_tables:
        values: dict[str, Any] = {}
        for column in table.columns:
            plain: Any = 7 if isinstance(column.type, Integer) else "local"
            if str(column.type) == "JSON":
                plain = {}
            if str(column.type) == "BOOLEAN":
                plain = False
            values[column.name] = SPECIAL.get(f"{table.name}.{column.name}", plain)
        connection.execute(table.insert().values(values))


@pytest.fixture
def old(tmp_path: Path) -> tuple[Path, MetaData, dict[str, list[dict[str, Any]]]]:
    """A data folder whose database has the first schema and a row in every table of it."""
    (tmp_path / "data").mkdir()
    engine = create_engine(f"sqlite:///{tmp_path / 'data' / 'whisk.sqlite'}")
    with engine.begin() as connection:
        connection.exec_driver_sql("PRAGMA foreign_keys=ON")
        command.upgrade(config(connection), FIRST)
        schema = MetaData()
        schema.reflect(connection)
        schema.remove(schema.tables["alembic_version"])
        fill(connection, schema)
        before = contents(connection, schema)
    engine.dispose()
    return tmp_path, schema, before


def opened(folder: Path, *, works: bool = True) -> LocalApi:
    return LocalApi(folder / "data", folder / "output", painter_latency_seconds=0, works=works)


def test_every_row_of_the_first_version_is_still_there(
    old: tuple[Path, MetaData, dict[str, list[dict[str, Any]]]],
) -> None:
    folder, schema, before = old

    with opened(folder, works=False) as api, api.studio.database.read() as connection:
        after = contents(connection, schema)

    assert all(len(rows) == 1 for rows in before.values())
    assert after == before


def test_it_works_with_the_old_rows_as_with_its_own(
    old: tuple[Path, MetaData, dict[str, list[dict[str, Any]]]],
) -> None:
    with opened(old[0]) as api:
        (row,) = api.get_queue().data
        added = api.add_to_queue({"prompt": "a heron", "model": "painter:painter"})

        assert (row["id"], row["status"], row["output_images"]) == ("local", "completed", ["local"])
        assert added.data["stt"] == 2
        assert [user["username"] for user in api.list_users().data] == ["local"]
        assert api.create_token("a program").success
        assert api.cancel_tasks([added.data["id"]]).total == 1


def test_a_cursor_of_before_the_upgrade_still_counts(
    old: tuple[Path, MetaData, dict[str, list[dict[str, Any]]]],
) -> None:
    with opened(old[0]) as api:
        changes = api.get_changes(41).data

    assert (changes["cursor"], changes["reset"], changes["rows"]) == (41, False, [])


def test_opening_again_changes_nothing(
    old: tuple[Path, MetaData, dict[str, list[dict[str, Any]]]],
) -> None:
    for _ in range(2):
        with opened(old[0]) as api, api.studio.database.read() as connection:
            version = connection.exec_driver_sql("SELECT version_num FROM alembic_version")
            assert version.scalar_one() == revisions()[0]


def test_the_revisions_are_one_chain_from_the_first() -> None:
    assert revisions() == sorted(revisions(), reverse=True)
    assert revisions()[-1] == FIRST
