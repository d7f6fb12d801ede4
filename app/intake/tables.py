"""From the bytes of a CSV file to rows of cells, within limits that keep the server up.

A cell may be as long as one in Excel; other limits are ours. The csv module is used in its strict
form: its lenient one drops quotes it does not understand and reads on.
"""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

from app.errors import InvalidInput
from app.intake.columns import Columns, count_known, read_columns
from app.intake.encoding import MAX_FILE_BYTES, decode_text
from app.intake.problems import Problem

MAX_ROWS = 10_000
MAX_COLUMNS = 64
MAX_CELL_CHARS = 32 * 1024
DELIMITERS = (",", ";", "\t")

# A header of one column tells no delimiter, so its cells are whole lines. Not in any real text.
_NO_DELIMITER = "\x1f"
# Excel writes and obeys such a first line.
_DELIMITER_LINE = re.compile('"?sep=([,;\t])"?\n')
_LEADING_BLANK_LINES = re.compile(r"[\s,;]*(?:\n|\Z)")


@dataclass(frozen=True)
class Row:
    """One data row.

    Attributes:
        number: As a person counts, from 1; the header is not counted, blank rows are.
        cells: As written, one for each column.
    """

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A table whose rows can be read.

    Attributes:
        rows: Without blank rows and without those that `problems` has an error for.
    """

    columns: Columns
    rows: list[Row]
    problems: list[Problem]


def read_table(file_name: str, content: bytes) -> Table:
    r"""Read comma, semicolon or tab separated text; line breaks inside cells become `\n`.

    A row that cannot be read becomes a `Problem`: `cell_too_large`, `nul_character`,
    `too_many_cells` (an unquoted delimiter inside a text), or `quote_unbalanced`, after which the
    rest of the file is not read.

    Errors: `file_too_large`, `file_empty`, `file_unreadable`, `too_many_rows`,
    `too_many_columns`, `column_twice`, `no_prompt_column`; `nul_character` and `quote_unbalanced`
    when they concern the header.
    """
    text = decode_text(file_name, content)
    source = _Source(text.characters)
    records = source.records(source.delimiter())
    header = next(records, None)
    if header is None:
        raise InvalidInput("file_empty", name=file_name)
    columns = _read_header(header)
    table = Table(columns, [], text.notices())
    for number, record in _numbered(records, table.problems):
        _add_row(table, Row(number, tuple(record)))
        if len(table.rows) + len(table.problems) > MAX_ROWS + len(text.notices()):
            raise InvalidInput("too_many_rows", name=file_name, limit=MAX_ROWS)
    return table


class _Source:
    """The characters of a table and where its header begins."""

    def __init__(self, characters: str) -> None:
        self._text = characters.replace("\r\n", "\n").replace("\r", "\n")
        blank = _LEADING_BLANK_LINES.match(self._text)
        self._start = blank.end() if blank else 0
        self._told = _DELIMITER_LINE.match(self._text, self._start)
        if self._told:
            self._start = self._told.end()

    def delimiter(self) -> str:
        """What the file says, else what splits the header into the most columns that we know."""
        if self._told:
            return self._told.group(1)
        headers = {delimiter: self._header(delimiter) for delimiter in DELIMITERS}
        best = max(DELIMITERS, key=lambda mark: _likeness(headers[mark]))
        return best if len(headers[best]) != 1 else _NO_DELIMITER

    def records(self, delimiter: str) -> Iterator[list[str]]:
        """The header, then the data rows, blank ones too. Errors: `quote_unbalanced`."""
        # The limit belongs to the whole process. It is only ever raised, to more than any file
        # can hold, so it never matters which thread comes first.
        if csv.field_size_limit() < MAX_FILE_BYTES:
            csv.field_size_limit(MAX_FILE_BYTES)
        lines = io.StringIO(self._text, newline="\n")
        lines.seek(self._start)
        reader = csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=True)
        lines_before = self._text.count("\n", 0, self._start)
        while True:
            line = lines_before + reader.line_num + 1
            try:
                record = next(reader, None)
            except csv.Error as error:
                raise InvalidInput("quote_unbalanced", line=line) from error
            if record is None:
                return
            yield record

    def _header(self, delimiter: str) -> list[str]:
        try:
            return next(self.records(delimiter), list[str]())
        except InvalidInput:
            return []


def _likeness(header: list[str]) -> tuple[int, int]:
    return count_known(header[:MAX_COLUMNS]), len(header)


def _read_header(record: list[str]) -> Columns:
    while record and not record[-1].strip():
        record.pop()
    if len(record) > MAX_COLUMNS:
        raise InvalidInput("too_many_columns", count=len(record), limit=MAX_COLUMNS)
    if any("\0" in name for name in record):
        raise InvalidInput("nul_character")
    return read_columns(record)


def _numbered(
    records: Iterator[list[str]], problems: list[Problem]
) -> Iterator[tuple[int, list[str]]]:
    """Rows that are not blank, until one whose end cannot be found."""
    number = 0
    try:
        for number, record in enumerate(records, start=1):
            if any(cell.strip() for cell in record):
                yield number, record
    except InvalidInput as error:
        problems.append(Problem(number + 1, "", error.code, error.params))


def _add_row(table: Table, row: Row) -> None:
    found = _problem_of_row(table.columns, row)
    if found:
        table.problems.append(found)
    else:
        width = len(table.columns.names)
        table.rows.append(Row(row.number, (row.cells + ("",) * width)[:width]))


def _problem_of_row(columns: Columns, row: Row) -> Problem | None:
    width = len(columns.names)
    if any(cell.strip() for cell in row.cells[width:]):
        params = {"count": str(len(row.cells)), "columns": str(width)}
        return Problem(row.number, "", "too_many_cells", params)
    for index, cell in enumerate(row.cells[:width]):
        if len(cell) > MAX_CELL_CHARS:
            params = {
                "name": columns.names[index],
                "length": str(len(cell)),
                "limit": str(MAX_CELL_CHARS),
            }
            return Problem(row.number, columns.field(index), "cell_too_large", params)
        if "\0" in cell:
            return Problem(row.number, columns.field(index), "nul_character")
    return None
