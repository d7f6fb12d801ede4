"""What the window remembers, and what it makes of a damaged file."""

import os
import stat
from pathlib import Path

import pytest

from app.window.place import Place, on_a_screen, read_place, write_place

SCREENS = [(0, 0, 1920, 1080), (1920, 0, 1280, 1024)]


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    place = Place(900, 640, -20, 40, maximized=True)

    write_place(tmp_path / "place.json", Place())
    write_place(tmp_path / "place.json", place)

    assert read_place(tmp_path / "place.json") == place
    assert [file.name for file in tmp_path.iterdir()] == ["place.json"]
    if os.name == "posix":
        assert stat.S_IMODE((tmp_path / "place.json").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "text",
    ["", "nonsense", "[]", "null", '{"width": "wide", "height": 600}', '{"width": 1, "height": 1}',
     '{"width": 1e9, "height": 600}', '{"width": true, "height": true}', "\ud800"],
)  # fmt: skip
def test_a_damaged_file_is_the_usual_place(tmp_path: Path, text: str) -> None:
    (tmp_path / "place.json").write_bytes(text.encode("utf-8", "surrogatepass"))

    assert read_place(tmp_path / "place.json") == Place()
    assert read_place(tmp_path / "absent.json") == Place()


def test_half_a_position_is_none(tmp_path: Path) -> None:
    (tmp_path / "place.json").write_text('{"width": 900, "height": 640, "x": 5}')

    assert read_place(tmp_path / "place.json") == Place(900, 640)


@pytest.mark.parametrize(
    ("x", "y", "kept"),
    [(0, 0, True), (2500, 100, True), (-800, 20, True), (-880, 20, False), (3190, 20, False),
     (100, -30, False), (100, 1070, False)],
)  # fmt: skip
def test_a_window_is_never_out_of_reach(x: int, y: int, kept: bool) -> None:
    place = Place(900, 640, x, y)

    assert on_a_screen(place, SCREENS) == (place if kept else Place(900, 640))
