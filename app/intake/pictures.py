"""Finding the reference pictures that a row of a table names."""

import re
import unicodedata
from collections.abc import Callable, Mapping


def _without_case(name: str) -> str:
    return name.casefold()


def _without_form(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _without_folder(name: str) -> str:
    return re.split(r"[/\\]", _without_form(name))[-1]


_RUNGS: tuple[Callable[[str], str], ...] = (str, _without_case, _without_form, _without_folder)


class PictureNames:
    """Reference ids by file name, found even where the name was written a little differently."""

    def __init__(self, pictures: Mapping[str, str]) -> None:
        self._exact = pictures
        self._rungs = [(folded, _by_folded_name(pictures, folded)) for folded in _RUNGS]

    def split(self, cell: str) -> list[str]:
        """The file names in a cell, separated by `;`, `|` or line breaks, or one name with them."""
        if cell in self._exact:
            return [cell]
        return [name for part in re.split(r"[;|\n]", cell) if (name := part.strip())]

    def find(self, name: str) -> list[str]:
        """Ids that a name may mean: none, one, or several between which only a person can choose.

        Tries the name as it is, then without case, then in composed Unicode form, then without
        the folders before it; the first that finds anything decides.
        """
        for folded, ids_by_name in self._rungs:
            if ids := ids_by_name.get(folded(name)):
                return ids
        return []


def _by_folded_name(
    pictures: Mapping[str, str], folded: Callable[[str], str]
) -> dict[str, list[str]]:
    ids_by_name: dict[str, list[str]] = {}
    for name, reference_id in pictures.items():
        ids = ids_by_name.setdefault(folded(name), [])
        if reference_id not in ids:
            ids.append(reference_id)
    return ids_by_name
