"""The search for secrets can fail: it finds one wherever it hides."""

import base64
import gzip
import io
import json
import sqlite3
import zipfile
from pathlib import Path
from urllib.parse import quote

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tests.secrets.searching import Hit, Searcher

SECRET = "T0ken/+with=odd&signs-0123456789"
OTHER = "another-secret-0123456789"


def archive(name: str, content: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(name, content)
    return stream.getvalue()


def picture(**text: str) -> bytes:
    told = PngInfo()
    for key, value in text.items():
        told.add_itxt(key, value, zip=False)
    stream = io.BytesIO()
    Image.new("RGB", (8, 8)).save(stream, "PNG", pnginfo=told)
    return stream.getvalue()


HIDING = {
    "plain": f"before{SECRET}after".encode(),
    "in an address": quote(SECRET, safe="").encode(),
    "in JSON": json.dumps({"key": SECRET}).encode(),
    "base64": base64.b64encode(SECRET.encode()),
    "base64 after one byte": base64.b64encode(b"x" + SECRET.encode() + b"yz"),
    "base64 after two bytes": base64.b64encode(b"xy" + SECRET.encode() + b"z"),
    "base64 for addresses": base64.urlsafe_b64encode(b"xyz" + SECRET.encode() + b"xyz"),
    "hex": SECRET.encode().hex().encode(),
    "UTF-16": SECRET.encode("utf-16"),
    "backwards": SECRET[::-1].encode(),
    "gzip": gzip.compress(SECRET.encode()),
    "zip": archive("notes.txt", SECRET.encode()),
    "a zip within a zip": archive("inner.zip", archive("notes.txt", SECRET.encode())),
    "a name in a zip": archive(f"{quote(SECRET, safe='')}.txt", b""),
    "a picture": picture(Comment=SECRET),
}


@pytest.mark.parametrize("content", HIDING.values(), ids=HIDING.keys())
def test_a_secret_is_found_wherever_it_hides(tmp_path: Path, content: bytes) -> None:
    searcher = Searcher({"mine": SECRET, "other": OTHER})
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "file").write_bytes(content)

    searcher.look_into("folder", tmp_path)

    assert searcher.hits == {Hit("mine", "folder:below/file")}


def test_a_secret_is_found_in_a_database_that_is_open_and_in_its_log(tmp_path: Path) -> None:
    database = sqlite3.connect(tmp_path / "x.sqlite")
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("CREATE TABLE notes (text)")
    database.execute("INSERT INTO notes VALUES (?)", [SECRET])
    database.commit()
    searcher = Searcher({"mine": SECRET})

    searcher.look_into("data", tmp_path)
    database.close()

    assert searcher.hits == {Hit("mine", "data:x.sqlite-wal")}


def test_a_secret_is_found_in_a_file_name(tmp_path: Path) -> None:
    (tmp_path / f"{OTHER}.png").write_bytes(b"")
    searcher = Searcher({"other": OTHER})

    searcher.look_into("output", tmp_path)

    assert searcher.hits == {Hit("other", f"output:{OTHER}.png")}


def test_what_holds_no_secret_is_no_hit(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(SECRET[:-1].encode() + b"?" + picture(Comment="nothing"))
    searcher = Searcher({"mine": SECRET})

    searcher.look_into("folder", tmp_path)

    assert searcher.hits == set()
    assert searcher.places == {"folder:file"}
