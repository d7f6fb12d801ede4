from hashlib import sha256
from io import BytesIO

import pytest
from PIL import Image

from app.errors import InvalidInput
from app.media import metadata, pictures
from app.media.metadata import ImageRecord
from app.media.saving import adopt_output, keep_rejected, save_output
from app.media.shelf import FolderShelf, MemoryShelf
from tests.media import corpus

RECORD = ImageRecord(prompt="a cat", attempt_id="k3v9", task_id="t1", slot=2)
STEM = "trip/cat-k3v9-2"


class FullShelf(MemoryShelf):
    def write(self, name, data, *, part="", durable=True):
        raise OSError("No space left on device")


@pytest.fixture(params=["memory", "folder"])
def shelf(request, tmp_path):
    return MemoryShelf() if request.param == "memory" else FolderShelf(tmp_path / "output")


@pytest.fixture
def thumbnails():
    return MemoryShelf()


def save(shelf, thumbnails, data, record=RECORD):
    return save_output(shelf, thumbnails, stem=STEM, data=data, record=record, image_id="i1")


def adopt(shelf, thumbnails, attempt_id="k3v9"):
    return adopt_output(shelf, thumbnails, stem=STEM, attempt_id=attempt_id, image_id="i1")


@pytest.mark.parametrize(
    ("form", "extension"), [("PNG", ".png"), ("JPEG", ".jpg"), ("WEBP", ".webp")]
)
def test_a_picture_is_saved_with_its_record_and_its_thumbnail(shelf, thumbnails, form, extension):
    source = corpus.picture(form)

    saved = save(shelf, thumbnails, source)

    data = shelf.read(STEM + extension)
    assert saved.file_name == STEM + extension
    assert saved.mime_type == corpus.MIME_TYPES[form]
    assert (saved.width, saved.height, saved.size) == (64, 48, len(data))
    assert saved.source_sha256 == sha256(source).hexdigest()
    assert saved.file_sha256 == sha256(data).hexdigest()
    assert not saved.blank
    assert corpus.pixels(data) == corpus.pixels(source)
    assert metadata.read(data)["source_sha256"] == saved.source_sha256
    with Image.open(BytesIO(thumbnails.read("i1.webp"))) as small:
        assert small.size == (64, 48)


def test_saving_again_after_a_crash_answers_the_same(shelf, thumbnails):
    assert save(shelf, thumbnails, corpus.picture()) == save(shelf, thumbnails, corpus.picture())


def test_another_picture_of_the_same_name_is_refused_and_the_first_stays(shelf, thumbnails):
    first = save(shelf, thumbnails, corpus.picture())

    with pytest.raises(FileExistsError):
        save(shelf, thumbnails, corpus.encoded(corpus.painting("L")))

    assert sha256(shelf.read(STEM + ".png")).hexdigest() == first.file_sha256


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "picture_empty"),
        (b"blocked by policy", "picture_type_unknown"),
        (corpus.picture()[:-20], "picture_damaged"),
        (corpus.png_bomb(30_000, 30_000), "picture_too_many_pixels"),
    ],
    ids=["empty", "text", "cut", "bomb"],
)
def test_what_is_no_picture_writes_nothing(tmp_path, thumbnails, data, code):
    with pytest.raises(InvalidInput) as caught:
        save(FolderShelf(tmp_path / "output"), thumbnails, data)

    assert caught.value.code == code
    assert not (tmp_path / "output").exists()


def test_a_flat_picture_is_saved_and_said_to_be_blank(shelf, thumbnails):
    assert save(shelf, thumbnails, corpus.encoded(Image.new("RGB", (64, 48)))).blank


def test_a_thumbnail_that_cannot_be_written_does_not_lose_the_picture(shelf, caplog):
    saved = save(shelf, FullShelf(), corpus.picture())

    assert shelf.exists(saved.file_name)
    assert "image i1 has no thumbnail" in caplog.text


def test_a_thumbnail_that_cannot_be_made_does_not_lose_the_picture(shelf, thumbnails, monkeypatch):
    def fails(image):
        raise ValueError("encoding error")

    monkeypatch.setattr(pictures, "thumbnail", fails)

    assert shelf.exists(save(shelf, thumbnails, corpus.picture()).file_name)


def test_a_picture_that_takes_no_record_is_kept_as_it_came(shelf, thumbnails, monkeypatch):
    def fails(data, mime_type, record):
        raise ValueError("malformed")

    monkeypatch.setattr(metadata, "embed", fails)
    source = corpus.picture()

    saved = save(shelf, thumbnails, source)

    assert shelf.read(saved.file_name) == source


def test_a_full_disk_is_told(thumbnails):
    with pytest.raises(OSError, match="No space left"):
        save(FullShelf(), thumbnails, corpus.picture())


@pytest.mark.parametrize("form", corpus.FORMATS)
def test_a_saved_picture_is_adopted_as_it_was_saved(shelf, thumbnails, form):
    saved = save(shelf, thumbnails, corpus.picture(form))

    assert adopt(shelf, thumbnails) == saved


def test_adopting_makes_a_missing_thumbnail_again(shelf, thumbnails):
    save(shelf, thumbnails, corpus.picture())
    small = thumbnails.read("i1.webp")
    thumbnails.remove("i1.webp")

    adopt(shelf, thumbnails)

    assert thumbnails.read("i1.webp") == small


def test_nothing_is_adopted_where_nothing_was_saved(shelf, thumbnails):
    assert adopt(shelf, thumbnails) is None


def test_the_picture_of_another_attempt_is_not_adopted(shelf, thumbnails):
    save(shelf, thumbnails, corpus.picture())

    assert adopt(shelf, thumbnails, attempt_id="other") is None


@pytest.mark.parametrize(
    "data",
    [b"", b"text", corpus.picture(), corpus.picture()[:-20]],
    ids=["empty", "text", "no record", "cut"],
)
def test_a_file_that_is_not_ours_or_not_whole_is_not_adopted(shelf, thumbnails, data):
    shelf.write(STEM + ".png", data)

    assert adopt(shelf, thumbnails) is None


def test_bytes_that_were_paid_for_but_are_no_picture_are_kept(shelf):
    name = keep_rejected(shelf, attempt_id="k3v9", data=b"<html>blocked</html>")

    assert name == "rejected/k3v9.bin"
    assert shelf.read(name) == b"<html>blocked</html>"


def test_two_rejected_answers_of_one_attempt_are_both_kept(shelf):
    names = [keep_rejected(shelf, attempt_id="k3v9", data=data) for data in (b"a", b"b", b"a")]

    assert [shelf.read(name) for name in names] == [b"a", b"b", b"a"]
    assert names[0] == names[2] != names[1]
