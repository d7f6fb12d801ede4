"""What is wrong, or worth knowing, about one row of an imported file."""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as with_default
from typing import Literal

from app.words import Words

WHOLE_FILE = 0
"""The row of a problem that concerns no single row."""

_english = Words("en")


@dataclass(frozen=True)
class Problem:
    """One finding about an imported file.

    Attributes:
        row: Data row as a person counts, from 1 without the header; `WHOLE_FILE` for the file.
        field: Name of the task's field, or `title`, `scene`, `style`; empty for the whole row.
        code: Stable; the sentence is `error.<code>` with `params`.
        severity: `error`: the row gives no draft. `notice`: the rows are right all the same.
    """

    row: int
    field: str
    code: str
    params: Mapping[str, str] = with_default(default_factory=dict[str, str])
    severity: Literal["error", "notice"] = "error"

    @property
    def message(self) -> str:
        """The English sentence."""
        return _english(f"error.{self.code}", **self.params)
