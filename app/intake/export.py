"""The queue as a file: a table for spreadsheets, or everything for programs."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

from app.errors import InvalidInput
from app.intake.formulas import guarded

MIME_TYPES = {"csv": "text/csv", "json": "application/json"}

_COLUMNS = (
    "name", "prompt", "aspect_ratio", "quality", "images", "title", "scene", "style", "model",
    "negative_prompt", "seed", "filename_prefix", "status", "message", "output_images", "id",
)  # fmt: skip


def written(
    file_type: str, rows: Sequence[Mapping[str, Any]], reference_names: Mapping[str, str]
) -> tuple[bytes, str]:
    """Rows of `TaskItem` as bytes, with their MIME type; references are told by file name.

    Raises:
        InvalidInput: `export_type_unknown`.
    """
    if file_type == "json":
        return json.dumps(rows, ensure_ascii=False, indent=1).encode(), MIME_TYPES["json"]
    if file_type == "csv":
        return _table(rows, reference_names), MIME_TYPES["csv"]
    offered = ", ".join(MIME_TYPES)
    raise InvalidInput(
        "export_type_unknown", field="file_type", name=file_type[:80], offered=offered
    )


def _table(rows: Sequence[Mapping[str, Any]], reference_names: Mapping[str, str]) -> bytes:
    text = io.StringIO(newline="")
    table = csv.writer(text)
    table.writerow(_COLUMNS)
    for row in rows:
        table.writerow([_cell(row, column, reference_names) for column in _COLUMNS])
    # The mark tells Excel that this is UTF-8.
    return text.getvalue().encode("utf-8-sig")


def _cell(row: Mapping[str, Any], column: str, names: Mapping[str, str]) -> str:
    match column:
        case "name":
            value = row["task_name"]
        case "images":
            value = row["images_per_prompt"]
        case "title" | "scene" | "style":
            ids = row["reference_images_by_cat"][column]
            value = "; ".join(names.get(reference_id, reference_id) for reference_id in ids)
        case "message":
            value = row["error_message"]
        case "output_images":
            value = "; ".join(row["output_images"])
        case _:
            value = row[column]
    return guarded("" if value is None else str(value))
