"""Which column of a table is which field of a task."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from app.errors import InvalidInput

_NAMES = {
    "task_name": ("task name", "name", "tên", "tên tác vụ"),
    "prompt": ("prompt", "prompts", "mô tả"),
    "aspect_ratio": ("aspect ratio", "ratio", "tỉ lệ", "tỷ lệ"),
    "quality": ("quality", "chất lượng"),
    "images_per_prompt": ("images per prompt", "images", "count", "số ảnh"),
    "title": ("title", "subject", "chủ thể"),
    "scene": ("scene", "bối cảnh"),
    "style": ("style", "phong cách"),
    "model": ("model", "mô hình"),
    "negative_prompt": ("negative prompt", "mô tả loại trừ"),
    "seed": ("seed",),
    "filename_prefix": ("filename prefix", "tiền tố tên tệp"),
}
# Longer than any name above in any Unicode form: folding a cell of megabytes would take seconds.
_LONGEST_NAME = 100


def _folded(name: str) -> str:
    """A name without case, accents and the difference between `_`, `-` and spaces, or empty."""
    if len(name) > _LONGEST_NAME:
        return ""
    letters = unicodedata.normalize("NFD", name.casefold().replace("đ", "d"))
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return re.sub(r"[\W_]+", " ", plain).strip()


_FIELD_OF = {_folded(name): field for field, names in _NAMES.items() for name in names}


@dataclass(frozen=True)
class Columns:
    """The header of a table.

    Attributes:
        names: As written, trimmed.
        position: Index of the column by field; `title`, `scene`, `style` are fields here.
    """

    names: tuple[str, ...]
    position: dict[str, int]

    def field(self, index: int) -> str:
        """The field of a column, or empty when it is unknown."""
        return next((field for field, at in self.position.items() if at == index), "")

    def unknown(self) -> list[str]:
        """Names of the columns that mean nothing to us."""
        known = self.position.values()
        return [name for index, name in enumerate(self.names) if name and index not in known]


def count_known(names: Sequence[str]) -> int:
    """How many of the names are columns that we know."""
    return sum(_folded(name) in _FIELD_OF for name in names)


def read_columns(names: Sequence[str]) -> Columns:
    """Recognise columns by their English or Vietnamese names, whatever their case and accents.

    Errors: `column_twice` (two columns mean one field), `no_prompt_column`.
    """
    written = tuple(name.strip() for name in names)
    position: dict[str, int] = {}
    for index, name in enumerate(written):
        field = _FIELD_OF.get(_folded(name))
        if field in position:
            raise InvalidInput("column_twice", columns=f"{written[position[field]]}, {name}")
        if field:
            position[field] = index
    if "prompt" not in position:
        raise InvalidInput("no_prompt_column", columns=", ".join(written)[:300])
    return Columns(written, position)
