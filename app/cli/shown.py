"""What reaches the terminal: words of strangers as text, tables for people, JSON for programs."""

import json
import os
import sys
import unicodedata
from collections.abc import Sequence
from typing import Any

import typer

WIDTH_OF_A_FILE = 140
"""Columns of a table that goes into a file or another program."""

NARROWEST = 8
"""Columns that are left of a text, however little room there is."""

_JOINERS = "\u200c\u200d"
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def plain(text: object, *, lines: bool = False) -> str:
    r"""Text that cannot steer a terminal, nor show itself in another order than it has.

    Escape sequences lose their beginning, line breaks become spaces unless `lines`, and signs that
    turn the direction of writing or cannot be seen become `\ufffd`. Letters, accents and emoji of
    every language stay.
    """
    return "".join(_shown(character, lines) for character in str(text))


def _shown(character: str, lines: bool) -> str:
    if character == "\n" and lines:
        return character
    if character in "\n\t" or character == "\r":
        return " "
    if character.isprintable() or character == " " or character in _JOINERS:
        return character
    kind = unicodedata.category(character)
    return " " if kind.startswith("Z") else _REPLACEMENT


def say(text: object, *, error: bool = False) -> None:
    """One line on stdout, or on stderr."""
    typer.echo(plain(text), err=error)


def print_json(data: Any) -> None:
    """One document on stdout; in ASCII, so that no locale can damage it."""
    typer.echo(json.dumps(data, indent=1, default=str))


def print_table(
    columns: Sequence[str], rows: Sequence[Sequence[object]], *, wide: Sequence[str]
) -> None:
    """A table on stdout, cut to the width of the terminal; cells are text, never markup.

    Args:
        columns: The head of each column.
        rows: As many cells each.
        wide: The columns that are cut when there is too little room.
    """
    # Some 30 ms to import, which a command that answers JSON need not spend.
    from rich.cells import cell_len
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    known = sys.stdout.isatty() or "COLUMNS" in os.environ
    console = Console(width=None if known else WIDTH_OF_A_FILE, highlight=False, markup=False)
    shown = [[plain(cell) for cell in row] for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(columns, *shown, strict=True)]
    room = _room(dict(zip(columns, widths, strict=True)), wide, console.width)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, no_wrap=True, overflow="ellipsis", max_width=room.get(column))
    for row in shown:
        table.add_row(*map(Text, row))
    console.print(table)


def _room(widths: dict[str, int], wide: Sequence[str], width: int) -> dict[str, int]:
    """Cells for each of the wide columns; one that needs little leaves the rest to the others."""
    left = width - sum(widths[name] for name in widths if name not in wide) - 2 * len(widths)
    room: dict[str, int] = {}
    for number, name in enumerate(sorted(wide, key=widths.__getitem__)):
        room[name] = max(min(widths[name], left // (len(wide) - number)), NARROWEST)
        left -= room[name]
    return room
