"""The chunks of a PNG file, without decoding its pixels.

Source: W3C, Portable Network Graphics (PNG) Specification, Third Edition.
"""

import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

SIGNATURE = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Chunk:
    """One chunk: its four-letter kind and where it lies, length and checksum included."""

    kind: bytes
    start: int
    end: int

    def body(self, data: bytes) -> bytes:
        """What it holds."""
        return data[self.start + 8 : self.end - 4]


def size(data: bytes) -> tuple[int, int]:
    """Width and height by the header alone.

    Raises:
        ValueError: There is no header.
    """
    if data[12:16] != b"IHDR" or len(data) < 24:
        raise ValueError("PNG without a header")
    return struct.unpack(">II", data[16:24])


def frames(data: bytes) -> int:
    """How many pictures the file holds: 1 unless it is animated.

    Raises:
        ValueError: The file is cut, or a chunk that matters has a wrong checksum.
    """
    for chunk in chunks(data):
        if chunk.kind == b"acTL":
            return struct.unpack(">I", chunk.body(data)[:4].rjust(4, b"\0"))[0]
    return 1


def chunks(data: bytes) -> list[Chunk]:
    """All chunks from IHDR to IEND; what follows IEND is not the picture's.

    Raises:
        ValueError: The file is cut, or a chunk that matters has a wrong checksum.
    """
    found: list[Chunk] = []
    position = len(SIGNATURE)
    while not found or found[-1].kind != b"IEND":
        found.append(_chunk(data, position))
        position = found[-1].end
    return found


def _chunk(data: bytes, start: int) -> Chunk:
    if start + 12 > len(data):
        raise ValueError("PNG ends before IEND")
    length, kind = struct.unpack(">I4s", data[start : start + 8])
    end = start + 12 + length
    if end > len(data):
        raise ValueError("PNG ends inside a chunk")
    matters = kind[:1].isupper()
    if matters and zlib.crc32(memoryview(data)[start + 4 : end - 4]) != _crc(data, end):
        raise ValueError(f"PNG chunk {kind!r} has a wrong checksum")
    return Chunk(kind, start, end)


def _crc(data: bytes, end: int) -> int:
    return struct.unpack(">I", data[end - 4 : end])[0]


def with_texts(data: bytes, texts: Mapping[str, str], *, replace: str) -> bytes:
    """The same picture with text entries before its pixels.

    An entry whose key the file has already is left as it was, but for the key `replace`. Bytes
    after the end of the picture are dropped.

    Raises:
        ValueError: See `chunks`.
    """
    kept = [part for part in chunks(data) if _keyword(data, part) != replace]
    present = {_keyword(data, part) for part in kept}
    new = b"".join(_text_chunk(key, text) for key, text in texts.items() if key not in present)
    before = next((index for index, part in enumerate(kept) if part.kind == b"IDAT"), None)
    if before is None:
        raise ValueError("PNG without pixels")
    pieces = [data[part.start : part.end] for part in kept]
    return SIGNATURE + b"".join([*pieces[:before], new, *pieces[before:]])


def _keyword(data: bytes, chunk: Chunk) -> str | None:
    if chunk.kind not in (b"tEXt", b"zTXt", b"iTXt"):
        return None
    return chunk.body(data).partition(b"\0")[0].decode("latin-1")


def _text_chunk(key: str, text: str) -> bytes:
    # iTXt: keyword, not compressed, no language, no translated keyword, UTF-8 without NUL.
    utf8 = text.replace("\0", "").encode("utf-8", "replace")
    body = b"iTXt" + key.encode("latin-1") + b"\0\0\0\0\0" + utf8
    return struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
