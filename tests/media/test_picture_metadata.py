import struct
import unicodedata
from dataclasses import asdict, replace
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageCms, PngImagePlugin

from app.errors import InvalidInput
from app.media import jpeg, metadata, webp
from app.media.metadata import ImageRecord
from app.media.pictures import inspect, mime_type_of
from tests.media import corpus

RECORD = ImageRecord(
    prompt="a cat asleep on a map",
    negative_prompt="blur",
    model="painter:watercolour",
    model_version="1",
    aspect_ratio="4:3",
    quality="1K",
    seed=2**32 - 1,
    task_id="t1",
    attempt_id="k3v9",
    slot=2,
    generation=3,
    created_at="2026-11-23T14:05:09.250Z",
    source_sha256="0" * 64,
)

AWKWARD = {
    "Vietnamese, decomposed": unicodedata.normalize("NFD", "Một chú mèo ngủ trên tấm bản đồ"),
    "Chinese": "一只猫睡在地图上，「引号」",
    "emoji": "🐈‍⬛ 👩🏽‍🚀 🇻🇳",
    "quotes": "\"double\" 'single' “curly” \\ back\\slash {json} %s",
    "lines": "first\r\nsecond\tthird",
    "control": "bell\a nul\0 end",
    "markup": "<img src=x onerror=alert(1)>&amp;",
    "nothing": "",
}

SOURCES = {
    "png": corpus.picture("PNG"),
    "png with transparency": corpus.encoded(corpus.painting("RGBA")),
    "png with a palette": corpus.encoded(corpus.painting("P")),
    "sixteen-bit png": corpus.encoded(corpus.painting("I;16")),
    "jpeg": corpus.picture("JPEG"),
    "progressive jpeg": corpus.picture("JPEG", progressive=True),
    "grey jpeg": corpus.encoded(corpus.painting("L"), "JPEG"),
    "cmyk jpeg": corpus.encoded(corpus.painting("CMYK"), "JPEG"),
    "jpeg with exif": corpus.rotated_jpeg(),
    "webp": corpus.picture("WEBP"),
    "lossless webp": corpus.picture("WEBP", lossless=True),
    "webp with transparency": corpus.encoded(corpus.painting("RGBA"), "WEBP"),
    "lossless webp with transparency": corpus.encoded(
        corpus.painting("RGBA"), "WEBP", lossless=True
    ),
    "webp with a profile": corpus.picture(
        "WEBP", icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    ),
    "animated webp": corpus.animated("WEBP"),
}


def stated_type(data):
    with Image.open(BytesIO(data)) as image:
        return image.get_format_mimetype()


def marked(data, record=RECORD):
    return metadata.embed(data, stated_type(data), record)


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES.keys())
def test_the_record_is_read_back_and_no_pixel_changes(source):
    data = marked(source)

    assert metadata.read(data) == asdict(RECORD)
    assert corpus.pixels(data) == corpus.pixels(source)


@pytest.mark.parametrize("form", corpus.FORMATS)
@pytest.mark.parametrize("prompt", AWKWARD.values(), ids=AWKWARD.keys())
def test_every_character_survives(form, prompt):
    record = replace(RECORD, prompt=prompt, negative_prompt=prompt)

    data = marked(corpus.picture(form), record)

    assert metadata.read(data) == asdict(record)
    assert corpus.pixels(data) == corpus.pixels(corpus.picture(form))


@pytest.mark.parametrize("form", corpus.FORMATS)
@settings(max_examples=60, deadline=None)
@given(
    prompt=st.text(st.characters(exclude_categories=["Cs"]), max_size=300),
    seed=st.none() | st.integers(0, 2**32 - 1),
    size=st.tuples(st.integers(1, 40), st.integers(1, 40)),
)
def test_any_record_fits_any_picture(form, prompt, seed, size):
    source = corpus.encoded(corpus.painting(size=size), form)
    record = replace(RECORD, prompt=prompt, seed=seed)

    data = marked(source, record)

    assert metadata.read(data) == asdict(record)
    assert corpus.pixels(data) == corpus.pixels(source)


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_a_malformed_file_raises_only_valueerror_and_a_good_one_is_never_made_bad(data):
    source = bytearray(data.draw(st.sampled_from(list(SOURCES.values()))))
    for _ in range(data.draw(st.integers(0, 4))):
        source[data.draw(st.integers(0, len(source) - 1))] = data.draw(st.integers(0, 255))
    source = bytes(source[: data.draw(st.just(len(source)) | st.integers(0, len(source)))])

    try:
        result = metadata.embed(source, mime_type_of(source), RECORD)
    except ValueError:
        return

    before = decoded(source)
    assert before is None or decoded(result) == before


def decoded(data):
    try:
        return inspect(data).image.tobytes()
    except InvalidInput:
        return None


@given(st.binary(max_size=200))
def test_reading_anything_else_finds_nothing(data):
    assert metadata.read(data) is None


@pytest.mark.parametrize("form", corpus.FORMATS)
def test_a_picture_without_a_record_has_none(form):
    assert metadata.read(corpus.picture(form)) is None


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES.keys())
def test_a_second_record_replaces_the_first(source):
    again = replace(RECORD, prompt="a dog", attempt_id="x7")

    data = marked(marked(source), again)

    assert metadata.read(data) == asdict(again)
    assert b"k3v9" not in data.replace(b"\0", b"")
    assert corpus.pixels(data) == corpus.pixels(source)


def test_a_wrong_type_is_refused():
    with pytest.raises(ValueError, match="image/jpeg"):
        metadata.embed(corpus.picture("PNG"), "image/jpeg", RECORD)


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_png_and_webp_keep_the_longest_prompt_whole(form):
    record = replace(RECORD, prompt="🐈" * 20_000, negative_prompt="猫" * 20_000)

    assert metadata.read(marked(corpus.picture(form), record)) == asdict(record)


@pytest.mark.parametrize("letter", ["a", "é", "猫"])
def test_a_jpeg_keeps_a_prompt_of_20000_characters_whole(letter):
    record = replace(RECORD, prompt=letter * 20_000, negative_prompt="")

    assert metadata.read(marked(corpus.picture("JPEG"), record)) == asdict(record)


def test_a_jpeg_cuts_what_cannot_fit_and_says_so():
    record = replace(RECORD, prompt="🐈" * 20_000, negative_prompt="blur")
    source = corpus.picture("JPEG")

    data = marked(source, record)

    found = metadata.read(data)
    assert found == {**asdict(record), "prompt": found["prompt"], "prompt_cut": True}
    assert record.prompt.startswith(found["prompt"])
    assert len(found["prompt"]) > 10_000
    assert corpus.pixels(data) == corpus.pixels(source)


def test_other_tools_find_the_settings_of_a_png():
    with Image.open(BytesIO(marked(corpus.picture("PNG")))) as image:
        assert image.info["parameters"] == (
            "a cat asleep on a map\n"
            "Negative prompt: blur\n"
            "Seed: 4294967295, Size: 64x48, Model: painter:watercolour, Version: Whisk Desktop"
        )


@pytest.mark.parametrize("form", ["JPEG", "WEBP"])
def test_other_tools_find_prompt_and_software_in_exif(form):
    with Image.open(BytesIO(marked(corpus.picture(form)))) as image:
        exif = image.getexif()
        comment = exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment]

    assert exif[ExifTags.Base.ImageDescription] == "a cat asleep on a map"
    assert exif[ExifTags.Base.Software] == "Whisk Desktop"
    assert comment.startswith(b"UNICODE\0")
    assert '"prompt": "a cat asleep on a map"' in comment[8:].decode("utf-16-be")


def test_a_provider_s_texts_in_a_png_stay():
    notes = PngImagePlugin.PngInfo()
    notes.add_text("parameters", "theirs")
    notes.add_itxt("Comment", "đây")
    source = corpus.encoded(corpus.painting(), "PNG", pnginfo=notes)

    with Image.open(BytesIO(marked(source))) as image:
        assert image.info["parameters"] == "theirs"
        assert image.info["Comment"] == "đây"
        assert image.info["whisk"]


def test_a_provider_s_signed_manifest_in_a_png_stays():
    manifest = corpus.png_chunk(b"caBX", b"c2pa manifest")
    plain = corpus.picture("PNG")
    source = plain[:33] + manifest + plain[33:]

    assert manifest in marked(source)


def test_a_provider_s_segments_in_a_jpeg_stay():
    plain = corpus.picture("JPEG", comment=b"their comment")
    manifest = b"\xff\xeb" + struct.pack(">H", 15) + b"c2pa manifest"
    source = plain[:20] + manifest + plain[20:]

    data = marked(source)

    assert manifest in data
    assert b"their comment" in data


@pytest.mark.parametrize("form", ["JPEG", "WEBP"])
def test_a_provider_s_exif_stays(form):
    exif = Image.Exif()
    exif[ExifTags.Base.Artist] = "theirs"
    exif[ExifTags.Base.Software] = "their software"
    exif[ExifTags.Base.Orientation] = 6
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "2026:11:23 14:05:09"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] = "N"

    with Image.open(BytesIO(marked(corpus.picture(form, exif=exif)))) as image:
        kept = image.getexif()

    assert kept[ExifTags.Base.Artist] == "theirs"
    assert kept[ExifTags.Base.Software] == "their software"
    assert kept[ExifTags.Base.Orientation] == 6
    inner = kept.get_ifd(ExifTags.IFD.Exif)
    assert inner[ExifTags.Base.DateTimeOriginal] == "2026:11:23 14:05:09"
    assert kept.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] == "N"


@pytest.mark.parametrize("form", ["JPEG", "WEBP"])
def test_a_provider_s_user_comment_moves_into_the_record(form):
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment] = b"ASCII\0\0\0Steps: 20"

    data = marked(marked(corpus.picture(form, exif=exif)))

    assert metadata.read(data) == {**asdict(RECORD), "provider_comment": "Steps: 20"}


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@pytest.mark.parametrize("block", [b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0junk"])
def test_unreadable_exif_does_not_stop_the_record(block):
    source = jpeg.with_exif(corpus.picture("JPEG"), block)

    assert metadata.read(marked(source)) == asdict(RECORD)


def test_a_jpeg_with_a_huge_exif_of_its_own_still_takes_the_record():
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.MakerNote] = bytes(65_000)
    source = corpus.picture("JPEG", exif=exif)

    found = metadata.read(marked(source))

    assert found["attempt_id"] == "k3v9"
    assert found["prompt"] == RECORD.prompt


@pytest.mark.parametrize("form", ["JPEG", "WEBP"])
def test_the_colour_profile_stays(form):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()

    with Image.open(BytesIO(marked(corpus.picture(form, icc_profile=profile)))) as image:
        assert image.info["icc_profile"] == profile


def test_a_webp_keeps_its_xmp_after_our_exif():
    source = corpus.picture("WEBP", xmp=b"<x:xmpmeta/>")

    kinds = [chunk.kind for chunk in webp.chunks(marked(source))]

    assert kinds == [b"VP8X", b"VP8 ", b"EXIF", b"XMP "]
    with Image.open(BytesIO(marked(source))) as image:
        assert image.info["xmp"] == b"<x:xmpmeta/>"


def test_what_was_appended_to_a_png_or_webp_is_gone_and_to_a_jpeg_stays():
    extra = b"<script>alert(1)</script>"

    assert extra not in marked(corpus.picture("PNG") + extra)
    assert extra not in marked(corpus.picture("WEBP") + extra)
    assert marked(corpus.picture("JPEG") + extra).endswith(extra)


@pytest.mark.parametrize(("mode", "flags"), [("RGB", 0x08), ("RGBA", 0x18)])
def test_the_new_header_of_a_webp_says_whether_it_is_transparent(mode, flags):
    source = corpus.encoded(corpus.painting(mode), "WEBP", lossless=True)
    assert source[12:16] == b"VP8L"

    assert webp.chunks(marked(source))[0].body[0] == flags
