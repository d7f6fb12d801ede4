"""Where the window stood when it was closed, remembered in a small file of the data folder."""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, cast

MIN_WIDTH, MIN_HEIGHT = 480, 360
LARGEST = 20_000
"""No screen is larger; what a file says beyond it is damage."""

GRIP = 64
"""Pixels of the window that must be on a screen, so that a mouse can move it."""

Rectangle = tuple[int, int, int, int]
"""Left, top, width, height."""


@dataclass(frozen=True)
class Place:
    """Size and position in pixels; without a position the window stands in the middle."""

    width: int = 1280
    height: int = 860
    x: int | None = None
    y: int | None = None
    maximized: bool = False


def read_place(file: Path) -> Place:
    """The remembered place; the usual one where there is none or the file is damaged."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return Place()
    if not isinstance(found, dict):
        return Place()
    return _checked(cast("dict[str, Any]", found))


def write_place(file: Path, place: Place) -> None:
    """Remember a place, for this account alone."""
    new = file.with_name(f".{file.name}.{os.getpid()}")
    new.unlink(missing_ok=True)
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
        json.dump(asdict(place), opened)
    new.replace(file)


def on_a_screen(place: Place, screens: Sequence[Rectangle]) -> Place:
    """The place, without a position that no screen shows any more."""
    if place.x is None or place.y is None:
        return place
    for left, top, width, height in screens:
        across = min(place.x + place.width, left + width) - max(place.x, left)
        if across >= GRIP and top <= place.y <= top + height - GRIP:
            return place
    return replace(place, x=None, y=None)


def _checked(found: dict[str, Any]) -> Place:
    width = _number(found.get("width"), MIN_WIDTH, LARGEST)
    height = _number(found.get("height"), MIN_HEIGHT, LARGEST)
    x = _number(found.get("x"), -LARGEST, LARGEST)
    y = _number(found.get("y"), -LARGEST, LARGEST)
    if width is None or height is None:
        return Place()
    if x is None or y is None:
        x = y = None
    return Place(width, height, x, y, found.get("maximized") is True)


def _number(value: object, least: int, most: int) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
        return value
    return None
