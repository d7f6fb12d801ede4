"""An imported file as task drafts, with what is wrong about its rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from app.errors import InvalidInput
from app.intake.encoding import decode_text
from app.intake.formulas import plain
from app.intake.pictures import PictureNames
from app.intake.problems import WHOLE_FILE, Problem
from app.intake.prompts import split_prompts
from app.intake.tables import Row, Table, read_table
from app.models import CATEGORIES, MAX_REFERENCES_PER_CATEGORY, MAX_TASKS_PER_ADD

TABLES = (".csv", ".tsv")
TEXTS = (".txt",)
WHOLE_NUMBERS = ("images_per_prompt", "seed")
TEXT_FIELDS = (
    "task_name", "prompt", "model", "aspect_ratio", "quality", "negative_prompt",
    "filename_prefix",
)  # fmt: skip


@dataclass(frozen=True)
class Draft:
    """One row that could be read.

    Attributes:
        row: As a person counts data rows, from 1.
        data: Editable fields of `TaskItem` that the row or the defaults give.
    """

    row: int
    data: dict[str, Any]


@dataclass(frozen=True)
class Drafts:
    """A whole file.

    Attributes:
        wanted_pictures: File names that the rows ask for, each once, in order.
    """

    drafts: list[Draft]
    problems: list[Problem]
    wanted_pictures: list[str]


@dataclass
class _Found:
    """What the rows so far gave; `wanted` has the pictures' names in order, each once."""

    problems: list[Problem]
    drafts: list[Draft] = field(default_factory=list[Draft])
    wanted: dict[str, None] = field(default_factory=dict[str, None])


def read_drafts(
    file_name: str,
    content: bytes,
    *,
    pictures: Mapping[str, str],
    defaults: Mapping[str, Any],
    separator: str = "blank",
) -> Drafts:
    """Read a CSV, TSV or TXT file.

    Models, ratios and qualities are not judged here; only what the file itself can tell.
    Errors: `file_type_unknown` and those of `read_table` and `decode_text`.
    """
    ending = PurePath(file_name.replace("\\", "/")).suffix.lower()
    if ending in TABLES:
        return _from_table(read_table(file_name, content), PictureNames(pictures), defaults)
    if ending in TEXTS:
        return _from_text(file_name, content, defaults, separator)
    raise InvalidInput(
        "file_type_unknown", field="file", ending=ending or file_name, offered="CSV, TSV, TXT"
    )


def _from_text(
    file_name: str, content: bytes, defaults: Mapping[str, Any], separator: str
) -> Drafts:
    text = decode_text(file_name, content)
    prompts = split_prompts(text.characters, separator)
    if len(prompts) > MAX_TASKS_PER_ADD:
        raise InvalidInput("too_many_rows", name=file_name, limit=MAX_TASKS_PER_ADD)
    drafts = [
        Draft(number, {**defaults, "prompt": prompt})
        for number, prompt in enumerate(prompts, start=1)
    ]
    return Drafts(drafts, text.notices(), [])


def _from_table(table: Table, pictures: PictureNames, defaults: Mapping[str, Any]) -> Drafts:
    found = _Found(list(table.problems))
    if unknown := table.columns.unknown():
        params = {"columns": ", ".join(unknown)[:300]}
        found.problems.append(Problem(WHOLE_FILE, "", "columns_unknown", params, "notice"))
    for row in table.rows:
        _add_draft(found, row, _cells(table, row), pictures, defaults)
    return Drafts(found.drafts, found.problems, list(found.wanted))


def _cells(table: Table, row: Row) -> dict[str, str]:
    """The cells that hold something, by field."""
    return {
        name: plain(row.cells[index])
        for name, index in table.columns.position.items()
        if index < len(row.cells) and row.cells[index].strip()
    }


def _add_draft(
    found: _Found,
    row: Row,
    cells: Mapping[str, str],
    pictures: PictureNames,
    defaults: Mapping[str, Any],
) -> None:
    data = dict(defaults)
    problems: list[Problem] = []
    if "prompt" not in cells:
        problems.append(Problem(row.number, "prompt", "prompt_empty"))
    data |= {name: cells[name].strip() for name in TEXT_FIELDS if name in cells}
    for name in WHOLE_NUMBERS:
        if name in cells:
            _read_number(data, problems, row.number, name, cells[name].strip())
    references = {
        category: _references(found, problems, row.number, category, cells[category], pictures)
        for category in CATEGORIES
        if category in cells
    }
    if references:
        data["reference_images_by_cat"] = references
    found.problems.extend(problems)
    if not problems:
        found.drafts.append(Draft(row.number, data))


def _read_number(
    data: dict[str, Any], problems: list[Problem], row: int, name: str, text: str
) -> None:
    try:
        data[name] = int(text)
    except ValueError:
        params = {"name": name, "value": text[:80]}
        problems.append(Problem(row, name, "invalid_value", params))


def _references(
    found: _Found,
    problems: list[Problem],
    row: int,
    category: str,
    cell: str,
    pictures: PictureNames,
) -> list[str]:
    names = pictures.split(cell)
    if len(names) > MAX_REFERENCES_PER_CATEGORY:
        params = {"count": str(len(names)), "limit": str(MAX_REFERENCES_PER_CATEGORY)}
        problems.append(Problem(row, category, "too_many_references_in_category", params))
        return []
    ids: list[str] = []
    for name in names:
        found.wanted[name] = None
        matches = pictures.find(name)
        if len(matches) == 1:
            ids.append(matches[0])
        else:
            code = "picture_ambiguous" if matches else "picture_missing"
            problems.append(Problem(row, category, code, {"name": name[:200]}))
    return ids
