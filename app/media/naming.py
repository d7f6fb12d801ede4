"""File names made of what people wrote: readable, legal on every system, and never the same twice.

The end of a name is ours (`-<attempt id>-<slot>`) and makes it unique; the rest is the person's
and may be anything.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from app.errors import InvalidInput

TOKENS = ("prefix", "name", "prompt", "model", "ratio", "quality", "date", "project", "seed")
DEFAULT_PATTERN = "{prefix}-{name}"
MAX_PATTERN_CHARS = 200
MAX_PART_CHARS = 80
MAX_FILE_NAME_BYTES = 240
MAX_SUBFOLDERS = 5

_LONGEST_EXTENSION = len(".webp")
_EMPTY = "\x00"
_FALLBACK = "image"
_FALLBACK_FOLDER = "images"
_TOKEN = re.compile(r"\{([^{}]*)\}")
_FORBIDDEN = re.compile(r'[<>:"/\\|?*]')
_FORBIDDEN_IN_PATTERN = re.compile(r'[<>:"\\|?*\x00-\x1f\x7f{}]')
_AROUND_EMPTY = re.compile(r"([ _.,+-]*)\x00([ _.,+\x00-]*)")
# Microsoft, "Naming Files, Paths, and Namespaces": reserved also with any extension.
_RESERVED = re.compile(
    r"(CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|(COM|LPT)[0-9¹²³]) *(\..*)?", re.IGNORECASE | re.DOTALL
)


@dataclass(frozen=True, kw_only=True)
class NameParts:
    """What the tokens of a pattern stand for; any text, and empty where there is none."""

    prefix: str = ""
    name: str = ""
    prompt: str = ""
    model: str = ""
    ratio: str = ""
    quality: str = ""
    date: str = ""
    project: str = ""
    seed: str = ""


def file_stem(pattern: str, parts: NameParts, attempt_id: str, slot: int) -> str:
    """A relative POSIX path without extension: `<project>/<name>-<attempt_id>-<slot>`.

    Sub-folders of the pattern lie in the project's folder. A token that stands for nothing goes
    with the separator beside it; a name of nothing is `image`. With an extension of up to five
    characters the file name has at most 240 bytes of UTF-8. A pattern that `check_pattern` would
    refuse is made harmless; the attempt's id is letters, digits and dashes.
    """
    *folders, last = _texts(pattern, parts)
    suffix = f"-{attempt_id}-{slot}"
    room = MAX_FILE_NAME_BYTES - _LONGEST_EXTENSION - len(suffix.encode())
    name = sanitised(last, max_bytes=room) or _FALLBACK
    inside = [clean for folder in folders if (clean := sanitised(folder))]
    return "/".join([folder_name(parts.project), *inside[:MAX_SUBFOLDERS], name + suffix])


def folder_name(project: str) -> str:
    """The folder of a project's images; `images` where the name has nothing a folder may have."""
    return sanitised(project) or _FALLBACK_FOLDER


def check_pattern(pattern: str) -> None:
    """Accept a naming pattern: text, tokens in braces, and `/` between sub-folders.

    Raises:
        InvalidInput: `pattern_invalid`, field `naming_pattern`; `name` is the offending part.
    """
    for bad in _bad_parts(pattern):
        offered = " ".join(f"{{{token}}}" for token in TOKENS)
        raise InvalidInput("pattern_invalid", field="naming_pattern", name=bad, offered=offered)


def sanitised(
    text: str, *, max_chars: int = MAX_PART_CHARS, max_bytes: int = MAX_FILE_NAME_BYTES
) -> str:
    """One part of a path that is legal on Linux, macOS and Windows, or empty.

    NFC; control and invisible characters dropped, blanks made single, `<>:"/\\|?*` replaced by
    `_`, names that Windows reserves prefixed with `_`; dots inside stay. Cut between characters as
    a reader sees them.
    """
    spaced = " ".join(unicodedata.normalize("NFC", text).split())
    visible = "".join(sign for sign in spaced if not unicodedata.category(sign).startswith("C"))
    legal = unicodedata.normalize("NFC", _FORBIDDEN.sub("_", visible)).lstrip(" .-")
    if _RESERVED.fullmatch(legal.rstrip(" .")):
        legal = f"_{legal}"
    return _cut(legal, max_chars, max_bytes).rstrip(" .")


def _texts(pattern: str, parts: NameParts) -> list[str]:
    """The components of a pattern with their tokens filled in, not yet sanitised."""
    values = {token: sanitised(str(value)) for token, value in asdict(parts).items()}
    values["ratio"] = sanitised(parts.ratio.replace(":", "x"))
    return [_filled(component, values) for component in pattern.split("/")]


def _filled(component: str, values: dict[str, str]) -> str:
    """One component; a long prompt gives way, so that the tokens after it keep their place."""
    others = _rendered(component, {**values, "prompt": ""})
    prompt = _cut(values["prompt"], max(MAX_PART_CHARS - len(others) - 1, 16), MAX_FILE_NAME_BYTES)
    return _rendered(component, {**values, "prompt": prompt.rstrip(" .")})


def _rendered(component: str, values: dict[str, str]) -> str:
    def value_of(token: re.Match[str]) -> str:
        return values.get(token[1], token[1]) or _EMPTY

    filled = _TOKEN.sub(value_of, component.replace(_EMPTY, ""))
    return _AROUND_EMPTY.sub(_one_separator, filled)


def _one_separator(gap: re.Match[str]) -> str:
    at_an_end = gap.start() == 0 or gap.end() == len(gap.string)
    return "" if at_an_end else gap[1] or gap[2].replace(_EMPTY, "")


def _bad_parts(pattern: str) -> Iterator[str]:
    if len(pattern) > MAX_PATTERN_CHARS:
        yield pattern[MAX_PATTERN_CHARS:]
    for token in _TOKEN.findall(pattern):
        if token not in TOKENS:
            yield f"{{{token}}}"
    yield from _FORBIDDEN_IN_PATTERN.findall(_TOKEN.sub("", pattern))
    components = pattern.split("/")
    if pattern and not all(components):
        yield "//" if "//" in pattern else "/"
    yield from (part for part in components if part and not part.strip(" ."))
    if len(components) > MAX_SUBFOLDERS + 1:
        yield "/".join(components[MAX_SUBFOLDERS + 1 :])


def _cut(text: str, max_chars: int, max_bytes: int) -> str:
    if len(text) <= max_chars and len(text.encode()) <= max_bytes:
        return text
    kept, chars, size = "", 0, 0
    for character in _seen_characters(text):
        chars, size = chars + len(character), size + len(character.encode())
        if chars > max_chars or size > max_bytes:
            break
        kept += character
    return kept


def _seen_characters(text: str) -> Iterator[str]:
    """What a reader sees as one character: a base with its marks, a flag, a skin tone.

    Enough of Unicode Annex 29 for a name; a cluster it splits is still legal.
    """
    cluster = ""
    for sign in text:
        if cluster and not _joins(cluster, sign):
            yield cluster
            cluster = ""
        cluster += sign
    yield cluster


def _joins(cluster: str, sign: str) -> bool:
    if _is_regional(sign):
        return len(cluster) == 1 and _is_regional(cluster)
    return (
        unicodedata.category(sign).startswith("M")
        or "\U0001f3fb" <= sign <= "\U0001f3ff"
        or "\u1160" <= sign <= "\u11ff"
    )


def _is_regional(sign: str) -> bool:
    return "\U0001f1e6" <= sign <= "\U0001f1ff"
