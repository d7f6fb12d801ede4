"""Restores that are killed in the middle: the old studio is safe, and any backup ends it."""

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from app.engine.restore import restore
from app.engine.switch import UNFINISHED
from app.errors import WhiskError
from tests.engine.conftest import (
    backed_up,
    bytes_below,
    refusal,
    rows,
    studio,
    tables_of,
    task,
)
from tests.engine.scripted import png


class Died(BaseException):
    """A stand-in for kill -9: nothing of ours catches it."""


def dying_after(steps: int, monkeypatch: pytest.MonkeyPatch, death: BaseException) -> None:
    """From now on so many renames are possible."""
    left = iter(range(steps))
    for name in ("rename", "replace"):
        real = getattr(Path, name)

        def counted(path: Path, target: Path, real: Callable[..., Path] = real) -> Path:
            if next(left, None) is None:
                raise death
            return real(path, target)

        monkeypatch.setattr(Path, name, counted)


STEPS = 8
"""Renames of a switch in these tests: the note, five to the side, two in."""


@pytest.fixture(scope="module")
def twice_used(painted: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """A studio that changed since its backup, that backup, and one of another studio."""
    folder = tmp_path_factory.mktemp("used")
    for name in ("studio", "other"):
        shutil.copytree(painted / "data", folder / name / "data")
    first = backed_up(folder / "studio", with_images=False).rename(folder / "first.zip")
    with studio(folder / "studio") as api:
        api.add_to_queue(task("only in the old studio"))
        api.add_reference("new.png", png("blue"))
    with studio(folder / "other") as api:
        api.add_to_queue(task("only in the other backup"))
    other = backed_up(folder / "other", with_images=False).rename(folder / "other.zip")
    return folder / "studio" / "data", first, other


@pytest.mark.parametrize("steps", range(STEPS))
@pytest.mark.parametrize("again", ["first", "other"])
def test_killed_at_any_step_of_the_switch_any_backup_ends_it(
    twice_used: tuple[Path, Path, Path], tmp_path: Path, steps: int, again: str
) -> None:
    used, first, other = twice_used
    data = tmp_path / "data"
    shutil.copytree(used, data)
    old = tables_of(data), bytes_below(data / "references")
    with pytest.MonkeyPatch.context() as patch:
        dying_after(steps, patch, Died())
        with pytest.raises(Died):
            restore(first, data)
    if steps:
        with pytest.raises(WhiskError, match="interrupted"):
            studio(tmp_path).open()
    else:
        assert tables_of(data) == old[0], "nothing had begun"

    report = restore(first if again == "first" else other, data)

    aside = report.kept_aside
    assert aside is not None
    assert (tables_of(aside), bytes_below(aside / "references")) == old
    assert not (data / UNFINISHED).exists()
    assert len(list(data.glob("before-restore-*"))) == 1
    names = [row["prompt"] for row in rows(tmp_path)]
    assert len(names) == (4 if again == "first" else 5)
    assert "only in the old studio" not in names
    assert len(bytes_below(data / "references")) == 1


def test_the_tests_know_every_step(
    twice_used: tuple[Path, Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    used, first, _ = twice_used
    shutil.copytree(used, tmp_path / "data")
    dying_after(STEPS, monkeypatch, Died())

    assert restore(first, tmp_path / "data").tasks == 4


def test_killed_again_and_again_the_old_studio_is_still_there(
    twice_used: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    used, first, other = twice_used
    data = tmp_path / "data"
    shutil.copytree(used, data)
    old = tables_of(data), bytes_below(data / "references")
    rng = random.Random(3)
    for _ in range(8):
        with pytest.MonkeyPatch.context() as patch:
            dying_after(rng.randrange(1, STEPS - 1), patch, Died())
            try:
                restore(rng.choice([first, other]), data)
            except Died:
                continue
            break

    report = restore(first, data) if (data / UNFINISHED).exists() else None

    asides = sorted(data.glob("before-restore-*"))
    assert report is None or report.kept_aside in asides
    assert (tables_of(asides[0]), bytes_below(asides[0] / "references")) == old


def test_a_disk_that_gives_way_in_the_middle_says_that_it_is_unfinished(
    twice_used: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    used, first, _ = twice_used
    data = tmp_path / "data"
    shutil.copytree(used, data)
    with pytest.MonkeyPatch.context() as patch:
        dying_after(4, patch, OSError(5, "Input/output error"))
        assert refusal(first, data) == "restore_unfinished"

    assert restore(first, data).tasks == 4


def test_a_note_that_cannot_be_read_sends_all_that_is_there_to_the_side(
    twice_used: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    used, first, _ = twice_used
    data = tmp_path / "data"
    shutil.copytree(used, data)
    old = tables_of(data)
    (data / UNFINISHED).write_bytes(b"\x00")

    aside = restore(first, data).kept_aside

    assert aside is not None
    assert tables_of(aside) == old
