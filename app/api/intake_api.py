"""The part of the contract that turns texts and files into tasks."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from app.api.models import ApiResponse


class IntakeApi(ABC):
    """Pasted prompts and imported files."""

    @abstractmethod
    def split_prompts(self, text: str, separator: str = "line") -> ApiResponse:
        """Answer the prompts that a pasted text holds, exactly as adding it would.

        `separator` is `line` (one prompt a line) or `blank` (blocks separated by blank lines, in
        which single line breaks are kept). `total` is the count. Errors: `separator_unknown`.
        """

    @abstractmethod
    def import_tasks(
        self,
        file_name: str,
        content: bytes,
        *,
        pictures: Mapping[str, str] | None = None,
        defaults: Mapping[str, Any] | None = None,
        separator: str = "blank",
        only_check: bool = False,
        only_right: bool = False,
    ) -> ApiResponse:
        """Read a CSV or TXT file into tasks.

        One `'` in front of what a spreadsheet would run as a formula is taken away: `export_tasks`
        writes it, and spreadsheets hide it.

        Args:
            file_name: Its ending says how to read it.
            content: The bytes as they are on the person's disk, at most 10 MB.
            pictures: Reference ids by file name, for the columns title, scene and style.
            defaults: Fields for what a row leaves out.
            separator: How a TXT file is split, as in `split_prompts`.
            only_check: Read and check, add nothing.
            only_right: Add the rows that are right. Without it, one bad row adds none.

        Answers `{"rows", "right", "wrong", "added", "problems", "pictures", "preview", "tasks"}`:
        `problems` is a list of `{"row", "field", "code", "params", "severity", "message"}` (row 0
        concerns the whole file), `pictures` the file names the rows ask for, `preview` the first
        20 right rows as `add_many` takes them; `tasks`, when only checking, all of them. `total`
        is the number added.
        Errors: `import_has_problems` (nothing was added; `data` as above), `file_type_unknown`,
        `file_too_large`, `file_unreadable`, `file_empty`, `no_prompt_column`, `too_many_rows`.
        """
