"""A file of prompts as drafts of tasks, with the pictures that lie beside it."""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from app.api.base_api import BaseApi
from app.api.models import ApiResponse
from app.cli.asked import Asked, Failed, insist
from app.cli.shown import plain, say

MOST_BYTES_READ = 11 * 2**20
"""A little more than an import may have, so that the studio can say that it is too much."""

MOST_PROBLEMS_SHOWN = 20
PICTURES = (".png", ".jpg", ".jpeg", ".webp")

Drafts = list[dict[str, Any]]


def read_drafts(
    asked: Asked,
    api: BaseApi,
    file: Path,
    *,
    separator: str,
    defaults: Mapping[str, Any],
    only_right: bool,
) -> Drafts:
    """The rows of a CSV or TXT file, checked, ready for `add_many`; their pictures are stored.

    Problems are told on stderr.

    Raises:
        Failed: `import_has_problems`, and what `import_tasks` and `add_reference` answer.
    """
    with file.open("rb") as stream:
        content = stream.read(MOST_BYTES_READ)

    def check(pictures: Mapping[str, str]) -> dict[str, Any]:
        return insist(
            api.import_tasks(
                file.name,
                content,
                pictures=pictures,
                defaults=defaults,
                separator=separator,
                only_check=True,
            )
        ).data

    report = check({})
    if pictures := _stored_pictures(api, file, report["pictures"]):
        report = check(pictures)
    _tell_problems(asked, report["problems"])
    if report["wrong"] and not (only_right and report["right"]):
        wrong, rows = report["wrong"], report["rows"]
        hint = "" if only_right or not report["right"] else " Correct them, or say --only-right."
        raise Failed(
            "import_has_problems",
            f"{wrong} of {rows} rows have problems. Nothing was added.{hint}",
            params={"wrong": str(wrong), "rows": str(rows)},
            data={"problems": report["problems"]},
        )
    return report["tasks"]


def add_drafts(api: BaseApi, drafts: Sequence[Mapping[str, Any]]) -> list[str]:
    """Add tasks, all or none; answers their ids."""
    answer: ApiResponse = insist(api.add_many(drafts))
    return answer.data


def store_picture(api: BaseApi, file: Path) -> str:
    """Store a picture of this machine; answers the id of the reference."""
    with file.open("rb") as stream:
        answer = api.add_reference(file.name, stream)
    if not answer.success:
        message = f"{file}: {answer.message}"
        raise Failed(answer.code, message, field=answer.field, params=answer.params)
    return answer.data["id"]


def _tell_problems(asked: Asked, problems: Sequence[Mapping[str, Any]]) -> None:
    if asked.as_json:
        return
    for problem in problems[:MOST_PROBLEMS_SHOWN]:
        row = f"Row {problem['row']}: " if problem["row"] else ""
        say(f"{row}{plain(problem['message'])}", error=True)
    if more := len(problems[MOST_PROBLEMS_SHOWN:]):
        say(f"... and {more} more.", error=True)


def _stored_pictures(api: BaseApi, file: Path, wanted: Sequence[str]) -> dict[str, str]:
    """Reference ids by the names that the rows write, of those that were found."""
    folder = file.resolve().parent
    known: dict[Path, str] = {}
    ids: dict[str, str] = {}
    for name in wanted:
        picture = _beside(folder, name)
        if picture is not None:
            known[picture] = known.get(picture) or store_picture(api, picture)
            ids[name] = known[picture]
    return ids


def _beside(folder: Path, name: str) -> Path | None:
    """The picture that a row means: beside the file, or in a folder that lies beside it.

    Never one outside: whoever wrote the file must not choose what else of this disk is sent.
    """
    try:
        exact = (folder / name.replace("\\", "/")).resolve()
        if exact.is_relative_to(folder) and exact.is_file():
            return exact
    except (OSError, ValueError):
        return None
    folded = _folded(name.replace("\\", "/").rpartition("/")[2])
    alike = [path for path in _pictures_in(folder) if _folded(path.name) == folded]
    if len(alike) > 1:
        places = ", ".join(str(path.relative_to(folder)) for path in alike)
        raise Failed("picture_ambiguous", f"{name} may be {places}. Write which one in the row.")
    return alike[0] if alike else None


def _pictures_in(folder: Path) -> Iterator[Path]:
    places = [folder, *(path for path in sorted(folder.iterdir()) if _is_open_folder(path))]
    for place in places:
        for path in sorted(place.iterdir()):
            if path.suffix.lower() in PICTURES and path.resolve().is_relative_to(folder):
                yield path


def _is_open_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink() and not path.name.startswith(".")


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
