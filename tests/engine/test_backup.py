"""Backups: one file, whole or not at all, and nothing in it that lets somebody in."""

import hashlib
import json
import sqlite3
import threading
import zipfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from app.api.mock_api import MockApi
from app.clock import Clock
from app.engine import backup, backup_file
from app.engine.backup_file import DATABASE, MANIFEST
from app.engine.restore import restore
from app.media.shelf import FolderShelf
from app.models import UserInfo
from app.store.schema import sessions
from tests.engine.conftest import KEY, backed_up, studio, task
from tests.waiting import until_idle


class Stopped(Clock):
    def now(self) -> int:
        return 1_800_000_000_000_000


def manifest_of(file: Path) -> dict[str, Any]:
    with zipfile.ZipFile(file) as zipped:
        return json.loads(zipped.read(MANIFEST))


def test_the_manifest_vouches_for_every_entry(first: Path) -> None:
    (first / "data" / "catalogue.json").write_text('{"models": []}')
    with studio(first) as api:
        made = api.create_backup(with_images=True).data
    file = Path(made["path"])
    said = manifest_of(file)

    assert (said["format"], said["tasks"], said["references"], said["images"]) == (1, 4, 1, 4)
    assert (said["missing"], list(said["folders"])) == ([], ["1"])
    assert (made["size"], made["created_at"]) == (file.stat().st_size, said["created_at"])
    assert (made["tasks"], made["references"], made["images"]) == (4, 1, 4)
    with zipfile.ZipFile(file) as zipped:
        assert set(zipped.namelist()) == {MANIFEST, *said["files"]}
        for name, (sha256, size) in said["files"].items():
            data = zipped.read(name)
            assert (hashlib.sha256(data).hexdigest(), len(data)) == (sha256, size)
    assert {"catalogue.json", DATABASE} <= set(said["files"])


def test_images_are_in_it_only_when_asked_for(first: Path) -> None:
    said = manifest_of(backed_up(first, with_images=False))

    assert (said["images"], said["folders"], said["missing"]) == (0, {}, [])
    assert not [name for name in said["files"] if name.startswith("images/")]


def test_nothing_in_it_lets_anybody_in(first: Path, tmp_path: Path) -> None:
    session = {"token_hash": "canary-session-hash", "user_id": "local", "kind": "x",
               "address": "", "user_agent": "", "created_at": 1, "last_seen": 1,
               "expires_at": 2**60}  # fmt: skip
    (first / "data" / "server.json").write_text("canary-server")
    with studio(first) as api:
        made = api.create_token("ci", scope="admin").data
        with api.studio.database.write() as tx:
            tx.connection.execute(sessions.insert().values(session))
        with api.studio.database.read() as connection:
            hashes = list(connection.exec_driver_sql("SELECT token_hash FROM tokens").scalars())
        # Deleted rows stay on the pages of a database until those are used again.
        revoked = api.create_token("gone").data
        api.revoke_token(revoked["id"])
        file = Path(api.create_backup().data["path"])
    with zipfile.ZipFile(file) as zipped:
        names = zipped.namelist()
        everything = b"".join(zipped.read(name) for name in names)

    secrets = [KEY, made["token"], made["prefix"], revoked["prefix"], "canary", *hashes]
    assert [secret for secret in secrets if secret.encode() in everything] == []
    assert sorted(name.partition("/")[0] for name in names) == [
        MANIFEST, "references", DATABASE,
    ]  # fmt: skip


def test_the_time_names_it_and_no_backup_replaces_another(first: Path) -> None:
    with studio(first) as api:
        api.studio.clock = Stopped()
        names = [api.create_backup().data["name"] for _ in range(3)]

    assert names == ["whisk-20270115-080000.zip", "whisk-20270115-080000-2.zip",
                     "whisk-20270115-080000-3.zip"]  # fmt: skip


def test_of_two_at_once_the_second_waits(first: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = backup._make
    at_once: list[int] = []
    answers: list[str] = []

    def watched(*args: Any) -> Path:
        at_once.append(1)
        assert len(at_once) == 1
        try:
            return made(*args)
        finally:
            at_once.pop()

    monkeypatch.setattr(backup, "_make", watched)
    with studio(first) as api:
        threads = [
            threading.Thread(target=lambda: answers.append(api.create_backup().data["name"]))
            for _ in range(3)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(set(answers)) == len(api.list_backups().data) == 3


def test_it_is_of_one_moment_while_the_painter_paints_and_tasks_are_added(
    first: Path, tmp_path: Path
) -> None:
    done = threading.Event()
    with studio(first, works=True) as api:
        api.start_queue()

        def add() -> None:
            while not done.is_set():
                api.add_many([task("x", images_per_prompt=2), task("y")])

        adding = threading.Thread(target=add)
        adding.start()
        made = [api.create_backup(with_images=True).data for _ in range(3)]
        done.set()
        adding.join()
        api.delete_tasks([row["id"] for row in api.get_queue().data if row["status"] == "pending"])
        until_idle(api)

    assert [one["tasks"] for one in made] == sorted(one["tasks"] for one in made)
    for number, one in enumerate(made):
        # Pairs are added in one transaction, and a picture is on disk before its row.
        assert one["tasks"] % 2 == 0
        assert manifest_of(Path(one["path"]))["missing"] == []
        assert restore(Path(one["path"]), tmp_path / str(number)).tasks == one["tasks"]


def test_what_is_missing_is_told_and_stops_nothing(first: Path, painted: Path) -> None:
    (picture,) = (first / "data" / "references").iterdir()
    picture.unlink()
    with studio(first) as api:
        with api.studio.database.write() as tx:
            tx.connection.exec_driver_sql("UPDATE images SET file_name = '../no.png' WHERE slot=2")
        made = api.create_backup(with_images=True).data

    assert (made["references"], made["images"]) == (0, 3)
    assert manifest_of(Path(made["path"]))["missing"] == [
        f"references/{picture.name}", "images/1/../no.png",
    ]  # fmt: skip


def test_what_reads_back_differently_does_not_count(
    first: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = backup._write

    def disk_that_lies(part: Path, *args: Any) -> Any:
        manifest = write(part, *args)
        data = bytearray(part.read_bytes())
        (picture,) = (first / "data" / "references").iterdir()
        data[data.index(picture.read_bytes()) + 40] ^= 1
        part.write_bytes(data)
        return manifest

    monkeypatch.setattr(backup, "_write", disk_that_lies)
    with studio(first) as api:
        answer = api.create_backup()

        assert (answer.code, "references/" in answer.message) == ("backup_failed", True)
        assert list((first / "data" / "backups").iterdir()) == []
        assert api.list_backups().data == []


def test_a_full_disk_is_told_before_anything_is_written(
    first: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FolderShelf, "free_bytes", lambda shelf: backup.SPARE_BYTES)
    with studio(first) as api:
        answer = api.create_backup()

    assert (answer.code, "no room" in answer.message) == ("backup_failed", True)
    assert list((first / "data" / "backups").iterdir()) == []


def test_what_a_killed_backup_left_behind_is_taken_away(first: Path) -> None:
    left = first / "data" / "backups" / ".making-of-a-killed-one"
    left.mkdir(parents=True)
    (left / "whole.sqlite").write_bytes(b"half")

    file = backed_up(first)

    assert list(file.parent.iterdir()) == [file]


def test_a_database_that_packs_too_well_to_be_believed_is_not_packed(
    first: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup_file, "SMALL_BYTES", 10_000)
    monkeypatch.setattr(backup_file, "MAX_RATIO", 2)
    file = backed_up(first)

    with zipfile.ZipFile(file) as zipped:
        assert zipped.getinfo(DATABASE).compress_type == zipfile.ZIP_STORED
    assert restore(file, tmp_path / "second").tasks == 4


def test_they_are_listed_newest_first_and_read_by_name(first: Path) -> None:
    older = backed_up(first)
    folder = older.parent
    (folder / "whisk-torn.zip").write_bytes(older.read_bytes()[:-50])
    (folder / "notes.zip").write_bytes(older.read_bytes())
    with studio(first) as api:
        newer = api.create_backup().data
        assert [one["name"] for one in api.list_backups().data] == [newer["name"], older.name]

        content = api.read_backup(older.name).data
        assert (content.mime_type, content.file_name) == ("application/zip", older.name)
        assert hashlib.sha256(content.read()).hexdigest() == content.sha256
        wrong = ("../whisk.sqlite", "whisk-no.zip", "", "/etc/passwd", "notes.zip", "whisk-\0.zip",
                 "whisk-x/../whisk-y.zip", "..", f"../backups/{older.name}", "w" * 999)  # fmt: skip
        assert {api.read_backup(name).code for name in wrong} == {"backup_not_found"}


def test_a_studio_in_memory_has_nothing_to_keep() -> None:
    with MockApi() as api:
        assert api.create_backup().code == "not_kept_on_disk"
        assert api.list_backups().data == []
        assert api.read_backup("whisk-x.zip").code == "backup_not_found"


def test_they_are_for_admins(first: Path) -> None:
    with studio(first) as api:
        mine = api.acting_as(UserInfo(id="local", username="local", role="member"))

        assert mine.create_backup().code == "not_allowed"
        assert mine.list_backups().code == "not_allowed"
        assert mine.read_backup("whisk-x.zip").code == "not_allowed"


def test_the_copy_of_the_database_is_one_sound_file(first: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(backed_up(first)) as zipped:
        zipped.extract(DATABASE, tmp_path)
    with closing(sqlite3.connect(tmp_path / DATABASE)) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert copy.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        assert copy.execute("PRAGMA freelist_count").fetchone() == (0,)
