"""Cells that a spreadsheet would run (OWASP, "CSV injection").

An apostrophe in front makes them text. One that stands there already gets a second, so that taking
one away is exact.
"""

import re

_FORMULA = re.compile(r"'*[=+\-@\t\r]")


def guarded(text: str) -> str:
    """A cell that no spreadsheet runs."""
    return f"'{text}" if _FORMULA.match(text) else text


def plain(cell: str) -> str:
    """What a guarded cell says."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
