"""Backup and restore: the same studio comes back, and nothing else."""

import hashlib
import json
import os
import random
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from app.api.local_api import LocalApi
from app.api.mock_api import MockApi
from app.engine import restore as restoring
from app.engine.backup import DATABASE, MANIFEST
from app.engine.restore import UNFINISHED, restore
from app.errors import WhiskError
from app.running_server import LOCK
from tests.engine.scripted import png
from tests.waiting import until_idle

KEY = "canary-key-4711-0815"


def studio(folder: Path, *, works: bool = True) -> LocalApi:
    return LocalApi(folder / "data", folder / "out", painter_latency_seconds=0, works=works)


def task(prompt: str = "a boat", **more: Any) -> dict[str, Any]:
    return {"prompt": prompt, "model": "painter:painter", "aspect_ratio": "1:1", **more}


@pytest.fixture
def backup(tmp_path: Path) -> tuple[Path, list[dict[str, Any]]]:
    """A backup with images of a small studio, and the rows it holds."""
    with studio(tmp_path / "first") as api:
        reference = api.add_reference("lan.png", png("red")).data["id"]
        api.add_many([
            task("one", reference_images_by_cat={"style": [reference]}), task("two"),
            task("Chợ nổi 夜"),
        ])  # fmt: skip
        api.start_queue()
        until_idle(api)
        api.stop_queue()
        api.add_to_queue(task("still waiting"))
        api.set_provider_key("gemini", KEY)
        api.create_token("ci", scope="admin")
        made = api.create_backup(with_images=True).data
        return Path(made["path"]), api.get_queue().data


def rows(folder: Path) -> list[dict[str, Any]]:
    with studio(folder, works=False) as api:
        return api.get_queue().data


def test_a_studio_comes_back_with_rows_references_and_images(
    tmp_path: Path, backup: tuple[Path, list[dict[str, Any]]]
) -> None:
    file, before = backup

    report = restore(file, tmp_path / "second" / "data")

    assert (report.tasks, report.references, report.images) == (4, 1, 3)
    assert report.kept_aside is None
    with studio(tmp_path / "first", works=False) as old, studio(tmp_path / "second") as new:
        assert new.get_queue().data == before
        for row in before:
            for image in row["output_images"]:
                content = new.read_image(image).data
                assert content.read() == old.read_image(image).data.read()
                assert content.path.is_relative_to(tmp_path / "second" / "data" / "output")
        (style,) = before[0]["reference_images_by_cat"]["style"]
        assert new.read_reference(style).data.read() == old.read_reference(style).data.read()


def test_what_waited_waits_until_a_person_starts_it(
    tmp_path: Path, backup: tuple[Path, list[dict[str, Any]]]
) -> None:
    with studio(tmp_path / "first", works=False) as api:
        api.start_queue()
        file = Path(api.create_backup().data["path"])
    restore(file, tmp_path / "second" / "data")

    with studio(tmp_path / "second") as api:
        assert api.queue_state().data["running"] is False
        assert api.get_queue().data[3]["attempts"] == 0


def test_keys_tokens_and_sessions_are_not_in_it(
    tmp_path: Path, backup: tuple[Path, list[dict[str, Any]]]
) -> None:
    file, _ = backup
    with zipfile.ZipFile(file) as zipped:
        everything = b"".join(zipped.read(name) for name in zipped.namelist())
        names = zipped.namelist()

    assert KEY.encode() not in everything
    assert not [name for name in names if "key" in name or name.endswith((".lock", "server.json"))]
    restore(file, tmp_path / "second" / "data")
    with studio(tmp_path / "second", works=False) as api:
        assert api.list_tokens().data == []


def test_what_was_there_is_kept_aside_and_its_keys_stay(
    tmp_path: Path, backup: tuple[Path, list[dict[str, Any]]]
) -> None:
    file, before = backup
    with studio(tmp_path / "first", works=False) as api:
        api.add_to_queue(task("after the backup"))

    report = restore(file, tmp_path / "first" / "data")

    assert report.kept_aside is not None
    with closing(sqlite3.connect(report.kept_aside / DATABASE)) as old:
        assert old.execute("SELECT count(*) FROM tasks").fetchone() == (5,)
    with studio(tmp_path / "first", works=False) as api:
        assert api.get_queue().data == before
        providers = {one["name"]: one for one in api.list_providers().data}
        assert providers["gemini"]["has_key"] is True


def test_a_browser_s_old_cursor_asks_anew(
    tmp_path: Path, backup: tuple[Path, list[dict[str, Any]]]
) -> None:
    file, _ = backup
    with studio(tmp_path / "first", works=False) as api:
        cursor = api.get_changes(0).data["cursor"]
    restore(file, tmp_path / "first" / "data")

    with studio(tmp_path / "first", works=False) as api:
        assert api.get_changes(cursor).data["reset"] is True


def test_a_backup_is_made_while_the_painter_paints(tmp_path: Path) -> None:
    with studio(tmp_path / "busy") as api:
        api.add_many([task(str(number)) for number in range(12)])
        api.start_queue()
        made = [api.create_backup().data for _ in range(3)]
        until_idle(api)

    assert len({one["name"] for one in made}) == 3
    for number, one in enumerate(made):
        report = restore(Path(one["path"]), tmp_path / str(number) / "data")
        assert report.tasks == 12


def test_a_missing_reference_is_told_and_stops_nothing(
    tmp_path: Path, backup: tuple[Path, list[dict[str, Any]]]
) -> None:
    for picture in (tmp_path / "first" / "data" / "references").iterdir():
        picture.unlink()
    with studio(tmp_path / "first", works=False) as api:
        made = api.create_backup().data

    assert made["references"] == 0
    assert restore(Path(made["path"]), tmp_path / "second" / "data").missing == 1


def test_the_backups_are_listed_newest_first_and_read_by_name(
    tmp_path: Path, backup: tuple[Path, list[dict[str, Any]]]
) -> None:
    file, _ = backup
    (file.parent / "whisk-torn.zip").write_bytes(file.read_bytes()[:-50])
    with studio(tmp_path / "first", works=False) as api:
        newer = api.create_backup().data
        listed = api.list_backups().data

        assert [one["name"] for one in listed] == [newer["name"], file.name]
        content = api.read_backup(file.name).data
        assert hashlib.sha256(content.read()).hexdigest() == content.sha256
        for name in ("../whisk.sqlite", "nothing.zip", "", "/etc/passwd"):
            assert api.read_backup(name).code == "backup_not_found"


def test_a_studio_in_memory_has_nothing_to_keep() -> None:
    with MockApi() as api:
        assert api.create_backup().code == "not_kept_on_disk"
        assert api.list_backups().data == []


def test_a_full_disk_is_told_before_anything_is_written(
    tmp_path: Path, backup: tuple[Path, list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    file, _ = backup

    class Full:
        free = 1_000

    monkeypatch.setattr("shutil.disk_usage", lambda folder: Full)
    with studio(tmp_path / "first", works=False) as api:
        answer = api.create_backup()
    with pytest.raises(WhiskError, match="no room"):
        restore(file, tmp_path / "second" / "data")

    assert (answer.code, "no room" in answer.message) == ("backup_failed", True)
    assert [path.name for path in file.parent.iterdir()] == [file.name]
    assert not (tmp_path / "second" / "data" / DATABASE).exists()


# --- strangers' files -----------------------------------------------------------------------------


def rewritten(file: Path, change: Callable[[dict[str, bytes], dict[str, Any]], None]) -> Path:
    """A copy of a backup whose entries and manifest a test has changed."""
    with zipfile.ZipFile(file) as zipped:
        entries = {name: zipped.read(name) for name in zipped.namelist()}
    manifest = json.loads(entries.pop(MANIFEST))
    change(entries, manifest)
    other = file.with_name("other.zip")
    with zipfile.ZipFile(other, "w") as zipped:
        for name, data in entries.items():
            zipped.writestr(name, data)
        zipped.writestr(MANIFEST, json.dumps(manifest))
    return other


def add(name: str, data: bytes = b"x") -> Callable[[dict[str, bytes], dict[str, Any]], None]:
    def change(entries: dict[str, bytes], manifest: dict[str, Any]) -> None:
        entries[name] = data
        manifest["files"][name] = [hashlib.sha256(data).hexdigest(), len(data)]

    return change


def grow(entries: dict[str, bytes], manifest: dict[str, Any]) -> None:
    entries[DATABASE] += b"more than it says"


def flip(entries: dict[str, bytes], manifest: dict[str, Any]) -> None:
    entries[DATABASE] = entries[DATABASE][:-1] + b"!"


def scribble(entries: dict[str, bytes], manifest: dict[str, Any]) -> None:
    add(DATABASE, b"SQLite format 3\0" + bytes(5_000))(entries, manifest)


def later_format(entries: dict[str, bytes], manifest: dict[str, Any]) -> None:
    manifest["format"] = 2


def drop(entries: dict[str, bytes], manifest: dict[str, Any]) -> None:
    del entries[DATABASE]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (add("../outside.txt"), "backup_damaged"),
        (add("references/../../outside.txt"), "backup_damaged"),
        (add("/etc/outside.txt"), "backup_damaged"),
        (add("references\\..\\outside.txt"), "backup_damaged"),
        (add("images/9/of-no-folder.png"), "backup_damaged"),
        (add("keys.json"), "backup_damaged"),
        (grow, "backup_damaged"),
        (flip, "backup_damaged"),
        (drop, "backup_damaged"),
        (scribble, "backup_damaged"),
        (later_format, "backup_unreadable"),
    ],
)
def test_a_file_that_is_not_as_we_make_them_changes_nothing(
    tmp_path: Path,
    backup: tuple[Path, list[dict[str, Any]]],
    change: Callable[[dict[str, bytes], dict[str, Any]], None],
    code: str,
) -> None:
    file, before = backup

    with pytest.raises(WhiskError) as refused:
        restore(rewritten(file, change), tmp_path / "first" / "data")

    assert refused.value.code == code
    assert rows(tmp_path / "first") == before
    assert not list(tmp_path.rglob("outside.txt"))
    assert not list((tmp_path / "first" / "data").glob(".restoring-*"))


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x05\x06" + bytes(18)])
def test_what_is_no_backup_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.zip").write_bytes(content)

    with pytest.raises(WhiskError, match="not a backup"):
        restore(tmp_path / "a.zip", tmp_path / "data")


def test_a_folder_on_which_somebody_works_is_left_alone(
    tmp_path: Path, backup: tuple[Path, list[dict[str, Any]]]
) -> None:
    file, _ = backup

    with (
        FileLock(tmp_path / "first" / "data" / LOCK),
        pytest.raises(WhiskError) as refused,
    ):
        restore(file, tmp_path / "first" / "data")

    assert refused.value.code == "folder_in_use"


# --- the program dies -----------------------------------------------------------------------------


class Died(BaseException):
    """A stand-in for kill -9: nothing of ours catches it."""


def test_killed_at_any_step_of_the_switch_it_can_be_restored_again(
    tmp_path: Path,
    backup: tuple[Path, list[dict[str, Any]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file, before = backup
    data = tmp_path / "first" / "data"
    rename = Path.rename
    steps = 0

    def until_step(limit: int) -> Callable[[Path, Path], Path]:
        def counted(path: Path, target: Path) -> Path:
            nonlocal steps
            steps += 1
            if steps > limit:
                raise Died
            return rename(path, target)

        return counted

    limit = 0
    while True:
        steps = 0
        monkeypatch.setattr(restoring.Path, "rename", until_step(limit))
        try:
            restore(file, data)
        except Died:
            monkeypatch.undo()
            assert (data / UNFINISHED).exists()
            with pytest.raises(WhiskError, match="interrupted"):
                studio(tmp_path / "first").open()
            limit += 1
            continue
        break
    monkeypatch.undo()

    assert limit >= 4, "the switch has several steps, and each was died at"
    assert rows(tmp_path / "first") == before
    kept = [folder for folder in data.glob("before-restore-*") if (folder / DATABASE).exists()]
    assert kept, "the first studio is still there"


def test_random_studios_come_back_identical(tmp_path: Path) -> None:
    """Ten of them; `WHISK_EXAMPLES=50` makes it fifty."""
    rng = random.Random(7)
    for number in range(int(os.environ.get("WHISK_EXAMPLES", "10"))):
        folder = tmp_path / str(number)
        with studio(folder, works=False) as api:
            for _ in range(rng.randrange(4)):
                api.add_reference("r.png", png(rng.choice(["red", "blue", "teal", "gold"])))
            ids = api.add_many([
                task("".join(rng.choices("aá夜🦊%_'\"\n=<&", k=rng.randrange(1, 40))) + "x",
                     images_per_prompt=rng.randrange(1, 11))
                for _ in range(rng.randrange(1, 9))
            ]).data  # fmt: skip
            api.cancel_tasks(rng.sample(ids, rng.randrange(len(ids))))
            api.move_tasks(rng.sample(ids, rng.randrange(len(ids))), before=rng.choice(ids))
            api.delete_tasks(rng.sample(ids, rng.randrange(len(ids))))
            made = api.create_backup().data
            before = api.get_queue().data
        restore(Path(made["path"]), folder / "again" / "data")
        assert rows(folder / "again") == before, number
