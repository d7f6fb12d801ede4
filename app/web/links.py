"""Where a person may be sent after signing in."""

import re

_LOCAL = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*")
_NOT_AGAIN = re.compile(r"/(login|logout|auth)([?#/]|$)")
MAX_LINK_CHARS = 2_000


def safe_next(wanted: str) -> str:
    """The wanted address if it is a path of this server, else `/`.

    One leading slash and not two, no backslash, blank or control character: browsers read
    `//evil.example` and some spellings with those as another host.
    """
    if len(wanted) > MAX_LINK_CHARS or not _LOCAL.fullmatch(wanted) or _NOT_AGAIN.match(wanted):
        return "/"
    return wanted
