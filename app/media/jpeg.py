"""The segments of a JPEG file, without decoding its pixels.

Source: ITU-T T.81 (markers, B.1) and CIPA DC-008, Exif 3.0 (APP1, 4.7).
"""

import re
from dataclasses import dataclass

SIGNATURE = b"\xff\xd8\xff"
MAX_SEGMENT_BYTES = 65_533

_EXIF = b"Exif\0\0"
_SOS, _EOI, _APP0, _APP1 = 0xDA, 0xD9, 0xE0, 0xE1
_WITHOUT_BODY = {0x01, *range(0xD0, 0xD9)}
_START_OF_FRAME = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_MARKER_IN_SCAN = re.compile(rb"\xff[^\x00\x01\xd0-\xd7\xff]")


@dataclass(frozen=True)
class Segment:
    """One segment: its marker's second byte and where it lies, marker included."""

    marker: int
    start: int
    end: int

    def body(self, data: bytes) -> bytes:
        """What it holds."""
        return data[self.start + 4 : self.end]


def size(data: bytes) -> tuple[int, int]:
    """Width and height by the frame header alone.

    Raises:
        ValueError: There is none, or the file is cut before it.
    """
    position = 2
    while True:
        segment = _segment(data, position)
        if segment.marker in _START_OF_FRAME:
            body = segment.body(data)[:5].rjust(5, b"\0")
            return int.from_bytes(body[3:5]), int.from_bytes(body[1:3])
        if segment.marker in (_SOS, _EOI):
            raise ValueError("JPEG without a frame header")
        position = segment.end


def frames(data: bytes) -> int:
    """1: what cameras append after the first picture (a depth map, a film) is not looked at.

    Raises:
        ValueError: The file is cut before the end of its picture.
    """
    position = 2
    while (segment := _segment(data, position)).marker != _EOI:
        position = segment.end
        if segment.marker == _SOS:
            position = _end_of_scan(data, position)
    return 1


def _end_of_scan(data: bytes, position: int) -> int:
    marker = _MARKER_IN_SCAN.search(data, position)
    if marker is None:
        raise ValueError("JPEG ends inside its pixels")
    return marker.start()


def _segment(data: bytes, start: int) -> Segment:
    """The segment at a position; fill bytes before its marker belong to it."""
    if data[start : start + 1] != b"\xff":
        raise ValueError("JPEG segment without a marker, or the end is missing")
    position = start + 1
    while data[position : position + 1] == b"\xff":
        position += 1
    if position >= len(data):
        raise ValueError("JPEG ends before its end marker")
    return _bounded(data, data[position], position - 1)


def _bounded(data: bytes, marker: int, start: int) -> Segment:
    if marker == _EOI or marker in _WITHOUT_BODY:
        return Segment(marker, start, start + 2)
    length = int.from_bytes(data[start + 2 : start + 4])
    end = start + 2 + length
    if length < 2 or end > len(data):
        raise ValueError("JPEG ends inside a segment")
    return Segment(marker, start, end)


def exif(data: bytes) -> bytes:
    """The EXIF block with its `Exif` prefix, or empty.

    Raises:
        ValueError: The file is malformed before its pixels.
    """
    found = [part for part in _header(data) if _is_exif(data, part)]
    return found[0].body(data) if found else b""


def with_exif(data: bytes, block: bytes) -> bytes:
    """The same picture with `block` (at most `MAX_SEGMENT_BYTES`) as its only EXIF block.

    Raises:
        ValueError: The file is malformed before its pixels, or the block is too long.
    """
    if len(block) > MAX_SEGMENT_BYTES:
        raise ValueError("EXIF block too long for JPEG")
    header = _header(data)
    kept = [part for part in header if not _is_exif(data, part)]
    first = next((i for i, part in enumerate(kept) if part.marker != _APP0), len(kept))
    pieces = [data[part.start : part.end] for part in kept]
    new = bytes([0xFF, _APP1]) + (len(block) + 2).to_bytes(2) + block
    return b"".join([data[:2], *pieces[:first], new, *pieces[first:], data[header[-1].end :]])


def _header(data: bytes) -> list[Segment]:
    """Segments from after SOI to the first scan's header."""
    found = [_segment(data, 2)]
    while found[-1].marker != _SOS:
        if found[-1].marker == _EOI:
            raise ValueError("JPEG without pixels")
        found.append(_segment(data, found[-1].end))
    return found


def _is_exif(data: bytes, segment: Segment) -> bool:
    return segment.marker == _APP1 and segment.body(data).startswith(_EXIF)
