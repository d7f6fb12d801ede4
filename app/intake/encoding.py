"""From the bytes of a text file to its characters."""

import codecs
from dataclasses import dataclass

from charset_normalizer import from_bytes

from app.errors import InvalidInput
from app.intake.problems import WHOLE_FILE, Problem
from app.intake.prompts import BYTE_ORDER_MARK
from app.models import MAX_IMPORT_MEGABYTES

MAX_FILE_BYTES = MAX_IMPORT_MEGABYTES * 1024 * 1024
SAMPLE_BYTES = 64 * 1024

# UTF-32 first: its little-endian mark begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF8, "utf-8-sig"),
)

# What Windows' Excel writes as plain "CSV" in the countries we know of. More candidates make the
# guess worse, not better: with windows-1250 among them, a short French text is read as Czech.
_CANDIDATES = {
    "cp1252": "windows-1252",
    "cp1258": "windows-1258",
    "cp1251": "windows-1251",
    "cp932": "Shift_JIS",
    "gb18030": "GB18030",
    "big5": "Big5",
    "cp949": "windows-949",
}


@dataclass(frozen=True)
class DecodedText:
    """The characters of a file, without a byte order mark.

    Attributes:
        guessed: Name of the encoding when it had to be guessed, else empty.
    """

    characters: str
    guessed: str = ""

    def notices(self) -> list[Problem]:
        """What a person should know before trusting the characters."""
        if not self.guessed:
            return []
        params = {"encoding": self.guessed}
        return [Problem(WHOLE_FILE, "", "encoding_guessed", params, "notice")]


def decode_text(file_name: str, content: bytes) -> DecodedText:
    """Read UTF-8, anything with a byte order mark, or the likeliest of a few older encodings.

    Errors: `file_too_large` (over `MAX_FILE_BYTES`), `file_empty`, `file_unreadable`.
    """
    if len(content) > MAX_FILE_BYTES:
        raise InvalidInput("file_too_large", name=file_name, limit=f"{MAX_IMPORT_MEGABYTES} MB")
    marked = next((name for mark, name in _MARKS if content.startswith(mark)), "")
    characters = _decoded(content, marked or "utf-8")
    if characters is not None:
        return _not_empty(file_name, DecodedText(characters.lstrip(BYTE_ORDER_MARK)))
    if marked or b"\0" in content or _is_damaged_utf8(content):
        raise InvalidInput("file_unreadable", name=file_name)
    return _guess(file_name, content)


def _not_empty(file_name: str, text: DecodedText) -> DecodedText:
    if not text.characters.strip():
        raise InvalidInput("file_empty", name=file_name)
    return text


def _decoded(content: bytes, encoding: str) -> str | None:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        return None


def _is_damaged_utf8(content: bytes) -> bool:
    """Whether most of what is beyond ASCII is UTF-8: guessing would garble all of it."""
    characters = content.decode("utf-8", errors="replace")
    broken = characters.count("\N{REPLACEMENT CHARACTER}")
    whole = len(characters) - broken - sum(byte < 0x80 for byte in content)
    return whole > broken


def _guess(file_name: str, content: bytes) -> DecodedText:
    # Only lines beyond ASCII tell encodings apart, and detection of 10 MB would take seconds.
    telling = b"\n".join(line for line in content.split(b"\n") if not line.isascii())
    found = from_bytes(
        telling[:SAMPLE_BYTES], cp_isolation=list(_CANDIDATES), preemptive_behaviour=False
    ).best()
    characters = _decoded(content, found.encoding) if found else None
    if characters is None:
        raise InvalidInput("file_unreadable", name=file_name)
    # Encodings often agree on a text; then the commonest name is the least surprising.
    same = (code for code in _CANDIDATES if _decoded(content, code) == characters)
    return DecodedText(characters, _CANDIDATES[next(same)])
