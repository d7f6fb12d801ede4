"""Restores: the same studio comes back, and what was there is kept."""

import hashlib
import json
import os
import random
import shutil
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from filelock import FileLock
from sqlalchemy import MetaData, create_engine

from app.bootstrap import RestoreReport, restore_backup
from app.clock import Clock
from app.engine.backup_file import DATABASE, MANIFEST
from app.engine.restore import restore
from app.errors import WhiskError
from app.media.shelf import FolderShelf
from app.running_server import LOCK
from tests.engine.conftest import (
    KEY,
    backed_up,
    bytes_below,
    refusal,
    rows,
    studio,
    tables_of,
    task,
)
from tests.engine.scripted import png
from tests.store.test_migrations import FIRST, config, fill


def test_into_an_empty_folder_comes_all_of_it(first: Path, file: Path, tmp_path: Path) -> None:
    report = restore_backup(file, tmp_path / "second" / "data")

    assert report == RestoreReport(tasks=4, references=1, images=4, missing=0, kept_aside=None)
    with studio(first) as old, studio(tmp_path / "second") as new:
        assert new.get_queue().data == old.get_queue().data
        for row in old.get_queue().data:
            for image in row["output_images"]:
                content = new.read_image(image).data
                assert content.read() == old.read_image(image).data.read()
                assert content.path.is_relative_to(tmp_path / "second" / "data" / "output")
            for reference in row["reference_images_by_cat"]["style"]:
                content = new.read_reference(reference).data
                assert content.read() == old.read_reference(reference).data.read()
    assert not [path for path in tmp_path.rglob("*") if path.name.startswith(".restoring")]


def test_into_a_used_folder_it_takes_the_place_of_what_was_there(first: Path, file: Path) -> None:
    before = rows(first)
    with studio(first) as api:
        api.add_to_queue(task("after the backup"))
        api.create_token("ends")
        (first / "data" / "catalogue.json").write_text('{"models": []}')

    report = restore(file, first / "data")

    aside = report.kept_aside
    assert aside is not None
    assert aside.parent == first / "data"
    parts = {path.name for path in aside.iterdir() if not path.name.startswith(f"{DATABASE}-")}
    assert parts == {DATABASE, "references", "thumbnails", "catalogue.json"}
    with closing(sqlite3.connect(aside / DATABASE)) as old:
        assert old.execute("SELECT count(*) FROM tasks").fetchone() == (5,)
    assert not (first / "data" / "catalogue.json").exists()
    with studio(first) as api:
        assert api.get_queue().data == before
        assert api.list_tokens().data == []
        assert {one["name"]: one["has_key"] for one in api.list_providers().data}["gemini"]
        assert api.studio.keys.get("gemini") == KEY
        assert [one["name"] for one in api.list_backups().data] == [file.name]


def test_what_waited_waits_until_a_person_starts_it(first: Path, tmp_path: Path) -> None:
    with studio(first) as api:
        api.start_queue()
        file = Path(api.create_backup().data["path"])
    restore(file, tmp_path / "second" / "data")

    with studio(tmp_path / "second", works=True) as api:
        assert api.queue_state().data["running"] is False
        assert api.get_queue().data[3]["attempts"] == 0


@pytest.mark.parametrize("now", [1_000_000, Clock().now(), 2**52])
def test_an_open_browser_asks_anew_whatever_the_clock_says(
    first: Path, file: Path, now: int
) -> None:
    class Set(Clock):
        def now(self) -> int:
            return now

    with studio(first) as api:
        for _ in range(3):
            api.add_to_queue(task())
        cursor = api.get_changes(0).data["cursor"]
    restore(file, first / "data", Set())

    with studio(first) as api:
        changes = api.get_changes(cursor).data
        assert (changes["reset"], len(changes["rows"])) == (True, 4)
        assert changes["cursor"] > cursor


def test_an_image_never_takes_the_place_of_another_file(
    first: Path, file: Path, tmp_path: Path
) -> None:
    data = tmp_path / "second" / "data"
    restore(file, data)
    names = sorted(path for path in (data / "output").rglob("*") if path.is_file())
    names[0].write_bytes(b"somebody else's")

    restore(file, data)

    assert names[0].read_bytes() == b"somebody else's"
    found = sorted(path for path in (data / "output").rglob("*") if path.is_file())
    moved = names[0].with_stem(f"{names[0].stem}-2")
    assert found == sorted([*names, moved]), "what was there already is not doubled"
    with studio(first) as old, studio(tmp_path / "second") as new:
        for row in old.get_queue().data:
            for image in row["output_images"]:
                assert new.read_image(image).data.read() == old.read_image(image).data.read()


def test_images_that_are_not_in_it_stay_where_they_were(first: Path, tmp_path: Path) -> None:
    report = restore(backed_up(first, with_images=False), tmp_path / "second" / "data")

    assert report.images == 0
    assert not (tmp_path / "second" / "data" / "output").exists()
    with studio(first) as old, studio(tmp_path / "second") as new:
        image = old.get_queue().data[0]["output_images"][0]
        assert new.get_images([image]).data == old.get_images([image]).data
        assert new.read_image(image, thumbnail=True).data.read()


def test_what_was_missing_is_counted(first: Path, tmp_path: Path) -> None:
    for picture in (first / "data" / "references").iterdir():
        picture.unlink()

    report = restore(backed_up(first), tmp_path / "second" / "data")

    assert (report.references, report.missing) == (0, 1)


def test_random_studios_come_back_identical(tables: Path, tmp_path: Path) -> None:
    """Ten of them; `WHISK_EXAMPLES=50` makes it fifty."""
    for seed in range(int(os.environ.get("WHISK_EXAMPLES", "10"))):
        folder, again = tmp_path / str(seed), tmp_path / f"{seed} again"
        shutil.copytree(tables, folder / "data")
        fill_by_chance(folder, random.Random(seed))
        before = tables_of(folder / "data")
        restore(backed_up(folder), again / "data")

        assert tables_of(again / "data") == before, seed
        assert rows(again) == rows(folder), seed
        assert bytes_below(again / "data" / "references") == bytes_below(
            folder / "data" / "references"
        ), seed


def fill_by_chance(folder: Path, rng: random.Random) -> None:
    with studio(folder) as api:
        references = [
            api.add_reference("r.png", png(rng.choice(["red", "blue", "teal", "gold"]))).data["id"]
            for _ in range(rng.randrange(4))
        ]
        ids = [
            row["id"]
            for row in api.add_many(
                [
                    task(
                        "".join(rng.choices("aá夜🦊%_'\"\n=<&", k=rng.randrange(1, 40))) + "x",
                        images_per_prompt=rng.randrange(1, 11),
                        seed=rng.choice([None, rng.randrange(2**32)]),
                        reference_images=rng.sample(
                            sorted(set(references)), rng.randrange(len(set(references)) + 1)
                        ),
                    )
                    for _ in range(rng.randrange(1, 9))
                ]
            ).data
            and api.get_queue().data
        ]
        api.cancel_tasks(rng.sample(ids, rng.randrange(len(ids))))
        api.move_tasks(rng.sample(ids, rng.randrange(len(ids))), before=rng.choice(ids))
        api.delete_tasks(rng.sample(ids, rng.randrange(len(ids))))
        api.update_settings({"concurrency": rng.randrange(1, 17)})


def test_an_old_backup_comes_back_in_todays_schema(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / DATABASE}")
    with engine.begin() as connection:
        command.upgrade(config(connection), FIRST)
        schema = MetaData()
        schema.reflect(connection)
        schema.remove(schema.tables["alembic_version"])
        fill(connection, schema)
    engine.dispose()
    database = (tmp_path / DATABASE).read_bytes()
    vouched = [hashlib.sha256(database).hexdigest(), len(database)]
    manifest = {"format": 1, "version": "0", "created_at": "", "tasks": 1, "references": 0,
                "images": 0, "folders": {}, "missing": [],
                "files": {DATABASE: vouched}}  # fmt: skip
    with zipfile.ZipFile(tmp_path / "old.zip", "w") as zipped:
        zipped.writestr(DATABASE, database)
        zipped.writestr(MANIFEST, json.dumps(manifest))

    restore(tmp_path / "old.zip", tmp_path / "second" / "data")

    with studio(tmp_path / "second", works=True) as api:
        (row,) = api.get_queue().data
        assert (row["id"], row["status"]) == ("local", "completed")
        assert api.add_to_queue(task()).data["stt"] == 2


# --- what stands in the way -----------------------------------------------------------------------


def test_a_folder_on_which_somebody_works_is_left_alone(first: Path, file: Path) -> None:
    with FileLock(first / "data" / LOCK):
        assert refusal(file, first / "data") == "folder_in_use"
    with studio(first) as api:
        assert refusal(file, first / "data") == "folder_in_use"
        assert len(api.get_queue().data) == 4


def test_a_full_disk_is_told_before_anything_is_written(
    first: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tables_of(first / "data")
    with zipfile.ZipFile(file) as zipped:
        size = sum(entry.file_size for entry in zipped.infolist())
    monkeypatch.setattr(FolderShelf, "free_bytes", lambda shelf: size)

    with pytest.raises(WhiskError, match="no room") as refused:
        restore(file, first / "data")

    assert refused.value.code == "restore_failed"
    assert tables_of(first / "data") == before


def test_a_folder_that_cannot_be_made_is_told(file: Path, tmp_path: Path) -> None:
    (tmp_path / "in the way").write_text("")

    assert refusal(file, tmp_path / "in the way" / "data") == "restore_failed"


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert refusal(tmp_path / "nothing.zip", tmp_path / "data") == "restore_failed"


def test_a_damaged_studio_makes_room_for_a_backup(first: Path, file: Path) -> None:
    before = rows(first)
    (first / "data" / DATABASE).write_bytes(b"torn by a dying disk")

    report = restore(file, first / "data")

    assert report.kept_aside is not None
    assert (report.kept_aside / DATABASE).read_bytes() == b"torn by a dying disk"
    assert rows(first) == before


def test_what_a_killed_restore_left_behind_is_taken_away(first: Path, file: Path) -> None:
    (first / "data" / ".restoring-killed").mkdir()
    (first / "data" / ".restoring-killed" / DATABASE).write_bytes(b"half")

    restore(file, first / "data")

    assert not list((first / "data").glob(".restoring-*"))
