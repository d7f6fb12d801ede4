import threading
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageFile, PngImagePlugin

from app.errors import InvalidInput
from app.media.pictures import PictureLimits, blank, clean_reference, inspect, thumbnail
from tests.media import corpus

SIXTEENTHS = range(1, 16)


def refusal(data, **options):
    with pytest.raises(InvalidInput) as caught:
        inspect(data, **options)
    assert caught.value.field == "file"
    assert not caught.value.message.startswith("error.")
    return caught.value


@pytest.mark.parametrize(
    ("form", "extension"), [("PNG", ".png"), ("JPEG", ".jpg"), ("WEBP", ".webp")]
)
def test_a_good_picture_is_told_by_its_bytes(form, extension):
    picture = inspect(corpus.picture(form))

    assert (picture.mime_type, picture.extension) == (corpus.MIME_TYPES[form], extension)
    assert (picture.width, picture.height) == (64, 48)
    assert picture.image.getpixel((0, 0)) is not None


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "I;16", "RGB", "RGBA"])
def test_every_kind_of_png_is_decoded(mode):
    assert inspect(corpus.encoded(corpus.painting(mode))).image.mode == mode


@pytest.mark.parametrize("options", [{"progressive": True}, {"optimize": True}, {"quality": 100}])
def test_every_kind_of_jpeg_is_complete(options):
    assert inspect(corpus.picture("JPEG", **options)).width == 64


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize("options", [{"lossless": True}, {"quality": 80}])
def test_every_kind_of_webp_is_complete(mode, options):
    assert inspect(corpus.encoded(corpus.painting(mode), "WEBP", **options)).width == 64


def test_a_cmyk_jpeg_is_decoded():
    assert inspect(corpus.encoded(corpus.painting("CMYK"), "JPEG")).image.mode == "CMYK"


def test_an_empty_file_says_that_it_is_empty():
    assert refusal(b"").code == "picture_empty"


def test_too_many_bytes_name_the_limit():
    error = refusal(corpus.picture(), limits=PictureLimits(max_bytes=100))

    assert error.code == "picture_too_large"
    assert error.params["limit"] == "0.0001 MB"


@pytest.mark.parametrize(
    "data",
    [
        b"just some text that is named cat.png",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"<!doctype html><p>blocked",
        corpus.encoded(corpus.painting(), "GIF"),
        corpus.encoded(corpus.painting(), "BMP"),
        corpus.encoded(corpus.painting(), "TIFF"),
        b"%!PS-Adobe-3.0 EPSF-3.0\n",
        b"\0" * 64,
    ],
    ids=["text", "svg", "html", "gif", "bmp", "tiff", "eps", "zeros"],
)
def test_what_is_neither_png_jpeg_nor_webp_is_refused(data):
    assert refusal(data).code == "picture_type_unknown"


@pytest.mark.parametrize(
    "bomb", [corpus.png_bomb, corpus.webp_bomb, corpus.jpeg_bomb], ids=["png", "webp", "jpeg"]
)
def test_thirty_thousand_pixels_square_are_refused_before_decoding(bomb, monkeypatch):
    data = bomb(*((16_384, 16_384) if bomb is corpus.webp_bomb else (30_000, 30_000)))
    monkeypatch.setattr(ImageFile.ImageFile, "__init__", None)

    error = refusal(data)

    assert error.code == "picture_too_many_pixels"
    assert error.params["limit"] == "40"
    assert len(data) < 3_000


def test_a_side_may_be_long_or_the_area_large_but_not_too_much_of_either():
    assert refusal(corpus.png_bomb(16_385, 10)).code == "picture_too_many_pixels"
    assert refusal(corpus.png_bomb(8_000, 5_001)).code == "picture_too_many_pixels"
    assert refusal(corpus.png_bomb(8_000, 5_000)).code == "picture_damaged"


@pytest.mark.parametrize("form", corpus.FORMATS)
@pytest.mark.parametrize("sixteenth", SIXTEENTHS)
def test_a_picture_cut_anywhere_is_found(form, sixteenth):
    data = corpus.picture(form)

    assert refusal(data[: len(data) * sixteenth // 16]).code == "picture_damaged"


@pytest.mark.parametrize("form", corpus.FORMATS)
@pytest.mark.parametrize("missing", [1, 2, 4, 12, 16])
def test_a_picture_without_its_last_bytes_is_found(form, missing):
    assert refusal(corpus.picture(form)[:-missing]).code == "picture_damaged"


def test_a_progressive_jpeg_cut_between_two_scans_is_found():
    data = corpus.picture("JPEG", progressive=True)

    assert refusal(data[: data.rindex(b"\xff\xda")]).code == "picture_damaged"


def test_a_flipped_byte_in_a_png_is_found():
    data = bytearray(corpus.picture("PNG"))
    data[len(data) // 2] ^= 0x10

    assert refusal(bytes(data)).code == "picture_damaged"


@pytest.mark.parametrize("form", corpus.FORMATS)
def test_bytes_after_the_end_do_not_damage_a_picture(form):
    assert inspect(corpus.picture(form) + b"\0" * 512).width == 64


@pytest.mark.parametrize("form", ["WEBP", "PNG"])
def test_an_animation_is_refused(form):
    assert refusal(corpus.animated(form)).code == "picture_animated"


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_bytes_changed_at_random_are_a_picture_or_a_sentence(data):
    source = bytearray(data.draw(st.sampled_from([corpus.picture(f) for f in corpus.FORMATS])))
    for _ in range(data.draw(st.integers(1, 4))):
        source[data.draw(st.integers(0, len(source) - 1))] = data.draw(st.integers(0, 255))

    try:
        clean = clean_reference(bytes(source))
    except InvalidInput:
        return

    assert inspect(clean.data).width == clean.width


def test_limits_shared_with_the_process_are_left_alone():
    before = (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES)

    inspect(corpus.picture())
    refusal(corpus.png_bomb(30_000, 30_000))

    assert before == (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES)


def test_many_threads_may_inspect_at_once():
    pictures = [corpus.picture(form) for form in corpus.FORMATS] * 8
    widths = []
    threads = [
        threading.Thread(target=lambda data=data: widths.append(inspect(data).width))
        for data in pictures
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert widths == [64] * len(pictures)


@pytest.mark.parametrize(
    "image",
    [
        Image.new("RGB", (64, 48), "black"),
        Image.new("RGB", (64, 48), "white"),
        Image.new("L", (64, 48), 7),
        Image.new("I;16", (64, 48), 700),
        Image.new("RGBA", (64, 48), "#12345678"),
        Image.new("RGB", (1, 1)),
    ],
    ids=["black", "white", "grey", "sixteen bits", "half transparent", "one pixel"],
)
def test_a_flat_picture_is_blank(image):
    assert blank(image)


def test_a_completely_transparent_picture_is_blank_whatever_its_hidden_colours():
    image = corpus.painting()
    image.putalpha(0)

    assert blank(image)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "I;16", "RGB", "RGBA", "CMYK"])
def test_a_real_picture_is_not_blank(mode):
    assert not blank(corpus.painting(mode))


def test_a_single_dot_is_enough_not_to_be_blank():
    image = Image.new("RGBA", (640, 480))
    image.putpixel((633, 7), (255, 255, 255, 255))

    assert not blank(image)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "I;16", "RGB", "RGBA", "CMYK"])
@pytest.mark.parametrize("size", [(1000, 600), (64, 48), (3, 900)])
def test_a_thumbnail_is_a_small_webp_of_the_same_shape(mode, size):
    data = thumbnail(corpus.painting(mode, size))

    with Image.open(BytesIO(data)) as small:
        assert small.format == "WEBP"
        assert max(small.size) == min(256, max(size))
        assert small.width / small.height == pytest.approx(size[0] / size[1], rel=0.05, abs=1)


def test_a_thumbnail_is_upright():
    with Image.open(BytesIO(thumbnail(inspect(corpus.rotated_jpeg()).image))) as small:
        assert small.size == (48, 64)
        assert_reddish(small.convert("RGB").getpixel((24, 8)))


def test_making_a_thumbnail_leaves_the_picture_as_it_was():
    image = inspect(corpus.rotated_jpeg()).image
    before = image.tobytes(), dict(image.info)

    thumbnail(image)

    assert (image.tobytes(), dict(image.info)) == before


def assert_reddish(colour):
    red, green, blue = colour
    assert red > 200
    assert max(green, blue) < 60


def test_a_clean_reference_is_upright_and_keeps_its_format():
    clean = clean_reference(corpus.rotated_jpeg())

    assert (clean.mime_type, clean.extension) == ("image/jpeg", ".jpg")
    assert (clean.width, clean.height) == (48, 64)
    with Image.open(BytesIO(clean.data)) as image:
        assert image.size == (48, 64)
        assert not image.getexif()
        assert_reddish(image.getpixel((24, 8)))


def test_a_clean_png_has_the_same_pixels_and_nothing_else():
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Comment", "<script>alert(1)</script>")
    exif = Image.Exif()
    exif[0x010E] = "where I live"
    data = corpus.encoded(corpus.painting("RGBA"), "PNG", pnginfo=notes, exif=exif) + b"PK\3\4zip"

    clean = clean_reference(data)

    assert corpus.pixels(clean.data) == corpus.pixels(data)
    assert b"script" not in clean.data
    assert b"live" not in clean.data
    assert b"PK\3\4" not in clean.data


@pytest.mark.parametrize(("form", "comment"), [("JPEG", b"where I live"), ("WEBP", None)])
def test_neither_profile_nor_comment_survives_in_a_clean_reference(form, comment):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    options = {"comment": comment} if comment else {}

    clean = clean_reference(corpus.picture(form, icc_profile=profile, **options))

    with Image.open(BytesIO(clean.data)) as image:
        assert not {"icc_profile", "comment", "exif", "xmp"} & set(image.info)


def test_a_lossless_webp_stays_lossless():
    data = corpus.picture("WEBP", lossless=True)

    assert corpus.pixels(clean_reference(data).data) == corpus.pixels(data)


def test_a_broken_colour_profile_does_not_cost_the_picture():
    clean = clean_reference(corpus.picture("PNG", icc_profile=b"not a profile"))

    assert corpus.pixels(clean.data) == corpus.pixels(corpus.picture("PNG"))


def test_sixteen_bits_become_eight_without_losing_the_picture():
    image = Image.new("I;16", (64, 48), 0x8000)
    image.paste(0xFFFF, (0, 0, 32, 48))

    clean = clean_reference(corpus.encoded(image))

    with Image.open(BytesIO(clean.data)) as eight:
        assert eight.mode == "L"
        assert (eight.getpixel((10, 10)), eight.getpixel((50, 10))) == (255, 128)


def test_cmyk_becomes_rgb():
    clean = clean_reference(corpus.encoded(Image.new("CMYK", (9, 9), (0, 255, 255, 0)), "JPEG"))

    with Image.open(BytesIO(clean.data)) as image:
        assert image.mode == "RGB"
        assert_reddish(image.getpixel((4, 4)))


def test_a_palette_keeps_its_transparency():
    image = Image.new("P", (64, 48), 1)
    image.putpalette([0, 0, 0, 255, 0, 0])
    image.paste(0, (0, 0, 32, 48))

    clean = clean_reference(corpus.encoded(image, "PNG", transparency=0))

    with Image.open(BytesIO(clean.data)) as plain:
        assert plain.mode == "RGBA"
        assert plain.getpixel((10, 10))[3] == 0
        assert plain.getpixel((50, 10)) == (255, 0, 0, 255)


def test_a_polyglot_is_only_a_picture_afterwards():
    polyglot = corpus.picture("JPEG", comment=b"*/=alert(1);/*") + b"<html><script>alert(1)"

    clean = clean_reference(polyglot)

    assert b"alert" not in clean.data


def test_a_reference_has_a_limit_of_25_megabytes():
    with pytest.raises(InvalidInput, match="25 MB") as caught:
        clean_reference(b"\x89PNG\r\n\x1a\n" + bytes(25_000_001))

    assert caught.value.code == "picture_too_large"


def test_a_clean_reference_brings_its_thumbnail():
    with Image.open(BytesIO(clean_reference(corpus.rotated_jpeg()).thumbnail)) as small:
        assert (small.format, small.size) == ("WEBP", (48, 64))
