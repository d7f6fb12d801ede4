"""From one text to many prompts, changing nothing but the line breaks and the outer white space."""

import re
from itertools import groupby

from app.errors import InvalidInput

SEPARATORS = ("line", "blank")
BYTE_ORDER_MARK = "\ufeff"

# U+2028 and U+2029 look like line breaks to whoever pastes them (Cocoa's soft break, InDesign);
# \v, \f and U+0085 do not, so they stay part of the prompt.
_LINE_BREAK = re.compile("\r\n|[\r\u2028\u2029]")


def split_prompts(text: str, separator: str) -> list[str]:
    r"""The prompts of a text, in order.

    Args:
        text: Pasted or read from a file; a byte order mark at its start is dropped.
        separator: `line`: one prompt a line. `blank`: blocks separated by blank lines, in which
            single line breaks stay as `\n`; a line of only white space is blank.

    Prompts are trimmed and empty ones dropped. Every other character stays as it was, in its own
    Unicode form: a NUL too, which whoever checks the task refuses.

    Errors: `separator_unknown`.
    """
    if separator not in SEPARATORS:
        raise InvalidInput("separator_unknown", field="separator", separator=separator)
    lines = _LINE_BREAK.sub("\n", text.lstrip(BYTE_ORDER_MARK)).split("\n")
    blocks = lines if separator == "line" else _blocks(lines)
    return [prompt for block in blocks if (prompt := block.strip())]


def _blocks(lines: list[str]) -> list[str]:
    return ["\n".join(block) for _, block in groupby(lines, lambda line: not line.strip())]
