"""The chunks of a WebP file, without decoding its pixels.

Source: RFC 9649, WebP Image Format, sections 2.3 to 2.7.
"""

import struct
from dataclasses import dataclass

_ALPHA_FLAG, _EXIF_FLAG = 0x10, 0x08


@dataclass(frozen=True)
class Chunk:
    """One chunk: its four-letter kind and what it holds, without padding."""

    kind: bytes
    body: bytes

    def encoded(self) -> bytes:
        """The chunk as it stands in a file, padded to an even length."""
        head = self.kind + struct.pack("<I", len(self.body))
        return head + self.body + b"\0" * (len(self.body) % 2)


def is_webp(data: bytes) -> bool:
    """Whether the bytes begin as a WebP file does."""
    return data[:4] == b"RIFF" and data[8:12] == b"WEBP"


def size(data: bytes) -> tuple[int, int]:
    """Width and height of the canvas by the first chunk alone.

    Raises:
        ValueError: The first chunk is not one that a WebP file begins with, or is cut.
    """
    kind, body = data[12:16], data[20:30]
    if kind == b"VP8X" and len(body) == 10:
        return int.from_bytes(body[4:7], "little") + 1, int.from_bytes(body[7:10], "little") + 1
    if kind == b"VP8 " and len(body) == 10:
        width, height = struct.unpack("<HH", body[6:10])
        return width & 0x3FFF, height & 0x3FFF
    if kind == b"VP8L" and len(body) >= 5:
        bits = int.from_bytes(body[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    raise ValueError("WebP without a picture header")


def frames(data: bytes) -> int:
    """How many pictures the file holds: 1 unless it is animated.

    Raises:
        ValueError: The file is shorter than it says, or a chunk is.
    """
    return max(1, sum(chunk.kind == b"ANMF" for chunk in chunks(data)))


def is_lossless(data: bytes) -> bool:
    """Whether the pixels were kept exactly.

    Raises:
        ValueError: See `frames`.
    """
    return any(chunk.kind == b"VP8L" for chunk in chunks(data))


def chunks(data: bytes) -> list[Chunk]:
    """All chunks; bytes after the length that the file states are not the picture's.

    Raises:
        ValueError: See `frames`.
    """
    end = 8 + int.from_bytes(data[4:8], "little")
    if len(data) < 20 or end > len(data):
        raise ValueError("WebP shorter than it says")
    found: list[Chunk] = []
    position = 12
    while position + 8 <= end:
        kind, length = struct.unpack("<4sI", data[position : position + 8])
        if position + 8 + length > end:
            raise ValueError("WebP ends inside a chunk")
        found.append(Chunk(kind, data[position + 8 : position + 8 + length]))
        position += 8 + length + length % 2
    if not found or len(found[0].body) < (10 if found[0].kind == b"VP8X" else 5):
        raise ValueError("WebP without a picture header")
    return found


def exif(data: bytes) -> bytes:
    """The EXIF block, or empty.

    Raises:
        ValueError: See `frames`.
    """
    return next((chunk.body for chunk in chunks(data) if chunk.kind == b"EXIF"), b"")


def with_exif(data: bytes, block: bytes) -> bytes:
    """The same picture with `block` (TIFF structure, no prefix) as its only EXIF block.

    Bytes after the length that the file states are dropped.

    Raises:
        ValueError: See `frames` and `size`.
    """
    kept = [chunk for chunk in chunks(data) if chunk.kind != b"EXIF"]
    head = _extended_header(kept, size(data))
    rest = [chunk for chunk in kept if chunk.kind != b"VP8X"]
    # RFC 9649 section 2.7 wants EXIF after the pixels and before XMP.
    place = next((i for i, chunk in enumerate(rest) if chunk.kind == b"XMP "), len(rest))
    rest.insert(place, Chunk(b"EXIF", block))
    body = b"WEBP" + b"".join(chunk.encoded() for chunk in [head, *rest])
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _extended_header(kept: list[Chunk], canvas: tuple[int, int]) -> Chunk:
    """The VP8X chunk with its EXIF flag set, made where the file has none."""
    if kept[0].kind == b"VP8X":
        flags, rest = kept[0].body[0], kept[0].body[1:]
    else:
        flags = _ALPHA_FLAG if _has_alpha(kept[0]) else 0
        sides = [(side - 1).to_bytes(3, "little") for side in canvas]
        rest = b"\0\0\0" + b"".join(sides)
    return Chunk(b"VP8X", bytes([flags | _EXIF_FLAG]) + rest)


def _has_alpha(pixels: Chunk) -> bool:
    return pixels.kind == b"VP8L" and bool(pixels.body[4] & 0x10)
