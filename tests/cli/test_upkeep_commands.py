"""`whisk backup` and `whisk restore`: one file out, the same studio in."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from app.running_server import LOCK
from tests.cli.conftest import Whisk

Answered = Callable[..., Any]


@pytest.fixture
def backup(answered: Answered, tmp_path: Path) -> Path:
    """A backup of a queue of two."""
    answered("add", "a boat", "a river")
    file = tmp_path / "whisk-backup.zip"
    answered("backup", "--out", str(file))
    return file


def test_a_backup_is_a_new_file_of_its_own(
    whisk: Whisk, answered: Answered, backup: Path, tmp_path: Path
) -> None:
    before = backup.read_bytes()

    assert whisk("backup", "--out", str(backup)).exit_code == 2
    assert backup.read_bytes() == before
    made = answered("backup", "--out", str(tmp_path))
    assert Path(made["file"]).parent == tmp_path
    assert made["tasks"] == 2


def test_without_a_file_it_stays_with_the_studio(answered: Answered) -> None:
    made = answered("backup")

    assert made["file"] == made["path"]
    assert Path(made["path"]).stat().st_size == made["size"]


def test_a_backup_becomes_the_same_queue_in_another_folder(
    answered: Answered, backup: Path, tmp_path: Path
) -> None:
    other = str(tmp_path / "other")

    report = answered("restore", str(backup), "--data", other, "--yes")

    assert report["tasks"] == 2
    assert answered("list", "--data", other) == answered("list")


def test_what_was_there_is_kept_aside(whisk: Whisk, answered: Answered, backup: Path) -> None:
    answered("add", "later")

    report = answered("restore", str(backup), "--yes")

    assert answered("list")["total"] == 2
    assert answered("list", "--data", report["kept_aside"])["total"] == 3


def test_a_restore_asks_and_without_a_person_needs_yes(
    whisk: Whisk, answered: Answered, backup: Path
) -> None:
    assert whisk("restore", str(backup)).exit_code == 2
    assert whisk("restore", str(backup), "--server", "http://a", "--yes").exit_code == 2
    assert answered("list")["total"] == 2


def test_a_folder_in_use_is_left_alone(whisk: Whisk, backup: Path, data: Path) -> None:
    with FileLock(data / LOCK):
        assert whisk("restore", str(backup), "--yes").exit_code == 5


def test_what_is_no_backup_changes_nothing(
    whisk: Whisk, answered: Answered, backup: Path, tmp_path: Path
) -> None:
    (tmp_path / "half.zip").write_bytes(backup.read_bytes()[:-100])
    (tmp_path / "text.zip").write_text("not a backup")

    for name in ("half.zip", "text.zip"):
        assert whisk("restore", str(tmp_path / name), "--yes").exit_code == 4
    assert answered("list")["total"] == 2
