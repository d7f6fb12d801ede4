"""Finds secrets in bytes, however they are written and packed."""

import base64
import gzip
import io
import json
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from app.media.metadata import read as read_metadata

MAX_DEPTH = 4
"""How many archives within archives are opened."""


@dataclass(frozen=True, order=True)
class Hit:
    """A secret, by name, where it should not be."""

    secret: str
    place: str


class Searcher:
    """Looks for secrets by name.

    `hits` collects where they were seen, `places` all that was searched.
    """

    def __init__(self, secrets: dict[str, str]) -> None:
        assert all(len(secret) >= 12 for secret in secrets.values()), "too short to be told apart"
        self._forms = {name: frozenset(_forms(secret)) for name, secret in secrets.items()}
        self.hits: set[Hit] = set()
        self.places: set[str] = set()

    def look(self, place: str, content: bytes | str) -> None:
        """Search a text, a file's bytes, and whatever is packed in them."""
        self.places.add(place)
        data = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
        for layer in _unpacked(data, MAX_DEPTH):
            for name, forms in self._forms.items():
                if any(form in layer for form in forms):
                    self.hits.add(Hit(name, place))

    def look_into(self, place: str, folder: Path) -> None:
        """Search every file below a folder, by its name too; a file that vanishes is passed over.

        The place of a hit is `place`, a colon and the file's path within the folder.
        """
        for path in sorted(folder.rglob("*")):
            inside = f"{place}:{path.relative_to(folder).as_posix()}"
            self.look(inside, path.name)
            try:
                self.look(inside, path.read_bytes() if path.is_file() else b"")
            except FileNotFoundError:
                continue


def _forms(secret: str) -> Iterator[bytes]:
    raw = secret.encode()
    yield raw
    yield quote(secret, safe="").encode()
    yield json.dumps(secret)[1:-1].encode()
    yield raw.hex().encode()
    yield secret.encode("utf-16-le")
    yield raw[::-1]
    for shift in range(3):
        # In the middle of something longer; the characters at both ends depend on the neighbours.
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            text = encode(b"\0" * shift + raw)
            yield text[4 if shift else 0 : len(text) - 4].rstrip(b"=")


def _unpacked(data: bytes, depth: int) -> Iterator[bytes]:
    yield data
    if not depth:
        return
    for inner in (*_zipped(data), *_gzipped(data), *_recorded(data)):
        yield from _unpacked(inner, depth - 1)


def _zipped(data: bytes) -> Iterator[bytes]:
    if zipfile.is_zipfile(io.BytesIO(data)):
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                for member in archive.infolist():
                    yield member.filename.encode()
                    yield archive.read(member)
        except (zipfile.BadZipFile, zlib.error):
            return  # cut off, or read as text: searched as it is


def _gzipped(data: bytes) -> Iterator[bytes]:
    if data[:2] == b"\x1f\x8b":
        try:
            yield gzip.decompress(data)
        except (OSError, EOFError, zlib.error):
            return


def _recorded(data: bytes) -> Iterator[bytes]:
    """What is written inside a picture, which may be compressed."""
    if data[:4] in (b"\x89PNG", b"RIFF") or data[:2] == b"\xff\xd8":
        record = read_metadata(data)
        if record:
            yield json.dumps(record).encode()
