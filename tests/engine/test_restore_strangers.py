"""Backups that somebody made up, changed or broke: they are refused and change nothing."""

import hashlib
import json
import random
import sqlite3
import stat
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from app.engine import backup_file
from app.engine.backup_file import DATABASE, MANIFEST
from app.engine.restore import restore
from app.errors import InvalidInput, WhiskError
from tests.engine.conftest import (
    bytes_below,
    refusal,
    tables_of,
)

Change = Callable[[dict[str, bytes], dict[str, Any]], None]


def rewritten(file: Path, change: Change) -> Path:
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


def vouch(name: str, data: bytes = b"x") -> Change:
    def change(entries: dict[str, bytes], manifest: dict[str, Any]) -> None:
        entries[name] = data
        manifest["files"][name] = [hashlib.sha256(data).hexdigest(), len(data)]

    return change


def grow(entries: dict[str, bytes], manifest: dict[str, Any]) -> None:
    entries[DATABASE] += b"more than it says"


def shrink(entries: dict[str, bytes], manifest: dict[str, Any]) -> None:
    entries[DATABASE] = entries[DATABASE][:-1]


def flip(entries: dict[str, bytes], manifest: dict[str, Any]) -> None:
    entries[DATABASE] = entries[DATABASE][:-1] + b"!"


def drop(entries: dict[str, bytes], manifest: dict[str, Any]) -> None:
    del entries[DATABASE]


def smuggle(entries: dict[str, bytes], manifest: dict[str, Any]) -> None:
    entries["references/nobody-knows-me.png"] = b"x"


def deny(entries: dict[str, bytes], manifest: dict[str, Any]) -> None:
    del entries[DATABASE], manifest["files"][DATABASE]


def later_format(entries: dict[str, bytes], manifest: dict[str, Any]) -> None:
    manifest.clear()
    manifest.update(format=2, everything="different")


def no_sense(entries: dict[str, bytes], manifest: dict[str, Any]) -> None:
    manifest["files"] = {DATABASE: ["no hash", -1]}


def sql(statement: str) -> Change:
    """Run a statement in the database, and vouch for what becomes of it."""

    def change(entries: dict[str, bytes], manifest: dict[str, Any]) -> None:
        with closing(sqlite3.connect(":memory:")) as database:
            database.deserialize(entries[DATABASE])
            database.execute(statement)
            database.commit()
            vouch(DATABASE, database.serialize())(entries, manifest)

    return change


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (vouch("../outside.txt"), "backup_damaged"),
        (vouch("references/../../outside.txt"), "backup_damaged"),
        (vouch("/etc/outside.txt"), "backup_damaged"),
        (vouch("references\\..\\outside.txt"), "backup_damaged"),
        (vouch("C:outside.txt"), "backup_damaged"),
        (vouch("references/a/outside.txt"), "backup_damaged"),
        (vouch("references/"), "backup_damaged"),
        (vouch("images/9/of-no-folder.png"), "backup_damaged"),
        (vouch("provider-keys.json"), "backup_damaged"),
        (smuggle, "backup_damaged"),
        (grow, "backup_damaged"),
        (shrink, "backup_damaged"),
        (flip, "backup_damaged"),
        (drop, "backup_damaged"),
        (vouch(DATABASE, b"no database"), "backup_damaged"),
        (vouch(DATABASE, b"SQLite format 3\0" + bytes(5_000)), "backup_damaged"),
        (sql("CREATE TABLE x (y)"), ""),
        (sql("CREATE TRIGGER t AFTER INSERT ON tasks BEGIN DELETE FROM users; END"),
         "backup_damaged"),
        (sql("CREATE VIEW v AS SELECT 1"), "backup_damaged"),
        (sql("CREATE VIRTUAL TABLE v USING fts5(x)"), "backup_damaged"),
        (sql("DROP TABLE alembic_version"), "backup_damaged"),
        (sql("DROP TABLE feed"), "backup_damaged"),
        (sql("UPDATE alembic_version SET version_num = '9999'"), "backup_unreadable"),
        (deny, "backup_unreadable"),
        (later_format, "backup_unreadable"),
        (no_sense, "backup_unreadable"),
    ],
)  # fmt: skip
def test_what_is_not_as_we_make_them_changes_nothing(
    first: Path, file: Path, change: Change, code: str
) -> None:
    before = tables_of(first / "data"), bytes_below(first / "data" / "references")
    other = rewritten(file, change)
    if not code:
        assert restore(other, first / "data").tasks == 4
        return

    assert refusal(other, first / "data") == code

    assert (tables_of(first / "data"), bytes_below(first / "data" / "references")) == before
    assert not list(first.parent.rglob("outside.txt"))
    assert not list((first / "data").glob(".restoring-*"))
    assert not list((first / "data").glob("before-restore-*"))


def crafted(file: Path, craft: Callable[[zipfile.ZipFile, zipfile.ZipInfo, bytes], None]) -> Path:
    """A backup whose first reference a test writes itself."""
    other = file.with_name("other.zip")
    with zipfile.ZipFile(file) as source, zipfile.ZipFile(other, "w") as target:
        for entry in source.infolist():
            data = source.read(entry)
            if entry.filename.startswith("references/"):
                craft(target, zipfile.ZipInfo(entry.filename), data)
            else:
                target.writestr(entry, data)
    return other


def as_link(target: zipfile.ZipFile, entry: zipfile.ZipInfo, data: bytes) -> None:
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    target.writestr(entry, data)


def as_folder(target: zipfile.ZipFile, entry: zipfile.ZipInfo, data: bytes) -> None:
    entry.external_attr = (stat.S_IFDIR | 0o777) << 16
    target.writestr(entry, data)


def twice(target: zipfile.ZipFile, entry: zipfile.ZipInfo, data: bytes) -> None:
    target.writestr(entry, b"what nobody looks at")
    with pytest.warns(UserWarning, match="Duplicate name"):
        target.writestr(zipfile.ZipInfo(entry.filename), data)


def packed_otherwise(target: zipfile.ZipFile, entry: zipfile.ZipInfo, data: bytes) -> None:
    target.writestr(entry, data, zipfile.ZIP_BZIP2)


@pytest.mark.parametrize("craft", [as_link, as_folder, twice, packed_otherwise])
def test_an_entry_that_is_no_plain_file_is_named(
    file: Path, tmp_path: Path, craft: Callable[[zipfile.ZipFile, zipfile.ZipInfo, bytes], None]
) -> None:
    with pytest.raises(WhiskError, match="references/") as refused:
        restore(crafted(file, craft), tmp_path / "second")

    assert refused.value.code == "backup_damaged"


def test_what_grows_too_much_is_refused_before_it_does(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = rewritten(file, vouch("references/bomb.png", bytes(1_000_000)))
    with zipfile.ZipFile(other) as source, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bomb:
        for name in source.namelist():
            bomb.writestr(name, source.read(name))
    monkeypatch.setattr(backup_file, "SMALL_BYTES", 500_000)

    assert refusal(file, tmp_path / "second") == "backup_damaged"


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x05\x06" + bytes(18)])
def test_what_is_no_backup_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.zip").write_bytes(content)

    assert refusal(tmp_path / "a.zip", tmp_path / "data") == "backup_unreadable"


@pytest.mark.parametrize("length", [100, 5_000, -1, -30, -200])
def test_a_backup_that_was_cut_short_is_damaged(file: Path, tmp_path: Path, length: int) -> None:
    (tmp_path / "half.zip").write_bytes(file.read_bytes()[:length])

    assert refusal(tmp_path / "half.zip", tmp_path / "data") == "backup_damaged"


def test_flipping_any_byte_is_noticed_or_harmless(file: Path, tmp_path: Path) -> None:
    rng = random.Random(11)
    whole = file.read_bytes()
    expected = restore(file, tmp_path / "whole")
    for number in range(20):
        torn = bytearray(whole)
        torn[rng.randrange(len(torn))] ^= 1 << rng.randrange(8)
        (tmp_path / "torn.zip").write_bytes(torn)
        try:
            found = restore(tmp_path / "torn.zip", tmp_path / str(number))
        except InvalidInput:
            continue
        assert found == expected
