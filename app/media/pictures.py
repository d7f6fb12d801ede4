"""Pictures from outside: bounded before they are decoded, and decoded to the last row.

Nothing here trusts a name, a stated type or a header alone. Pillow's own limit on pixels warns
first and is shared by the whole process, so the header is judged here before Pillow sees it.
"""

import struct
import zlib
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageCms, ImageFile, ImageOps
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from app.errors import InvalidInput
from app.media import jpeg, png, webp
from app.models import MAX_REFERENCE_MEGABYTES

THUMBNAIL_PX = 256
MEGABYTE = 1_000_000
MAX_REFERENCE_BYTES = MAX_REFERENCE_MEGABYTES * MEGABYTE

# What Pillow's decoders raise on bytes that are not what they claim.
_DAMAGE = (ValueError, OSError, SyntaxError, EOFError, LookupError, TypeError, ArithmeticError,
           RuntimeError, struct.error, zlib.error, Image.DecompressionBombError)  # fmt: skip


@dataclass(frozen=True)
class PictureLimits:
    """How big a picture may be: encoded bytes, pixels in all, pixels of one side."""

    max_bytes: int
    max_pixels: int = 40_000_000
    max_side: int = 16_384


OUTPUT_LIMITS = PictureLimits(max_bytes=100 * MEGABYTE)
REFERENCE_LIMITS = PictureLimits(max_bytes=MAX_REFERENCE_BYTES)


@dataclass(frozen=True)
class Picture:
    """A picture that was decoded completely.

    Attributes:
        extension: With its dot: `.png`, `.jpg` or `.webp`.
        width: Pixels as stored, before any EXIF rotation; so is `height`.
        image: Loaded; nothing is read from the bytes any more.
    """

    mime_type: str
    extension: str
    width: int
    height: int
    image: Image.Image


@dataclass(frozen=True)
class CleanReference:
    """A reference image as it is stored: upright, sRGB, without anything but pixels.

    Attributes:
        data: Encoded anew, in the format it came in.
        thumbnail: WebP, at most `THUMBNAIL_PX` on the longer side.
    """

    mime_type: str
    extension: str
    width: int
    height: int
    data: bytes
    thumbnail: bytes


@dataclass(frozen=True)
class _Format:
    mime_type: str
    extension: str
    size: Callable[[bytes], tuple[int, int]]
    frames: Callable[[bytes], int]
    opener: Callable[[BytesIO], ImageFile.ImageFile]


_PNG = _Format("image/png", ".png", png.size, png.frames, PngImageFile)
_JPEG = _Format("image/jpeg", ".jpg", jpeg.size, jpeg.frames, JpegImageFile)
_WEBP = _Format("image/webp", ".webp", webp.size, webp.frames, WebPImageFile)

EXTENSIONS = (_PNG.extension, _JPEG.extension, _WEBP.extension)


def inspect(data: bytes, *, limits: PictureLimits = OUTPUT_LIMITS) -> Picture:
    """Decode a PNG, JPEG or WebP picture, or say why not.

    Raises:
        InvalidInput: `picture_empty`, `picture_too_large`, `picture_type_unknown`,
            `picture_too_many_pixels`, `picture_animated`, `picture_damaged`; field `file`.
    """
    if not data:
        raise InvalidInput("picture_empty", field="file")
    if len(data) > limits.max_bytes:
        raise _too_large(limits)
    form = _format_of(data)
    if form is None:
        raise InvalidInput("picture_type_unknown", field="file")
    with _damage_reported():
        width, height = form.size(data)
    _check_pixels(width, height, limits)
    image = _loaded(form, data, (width, height))
    return Picture(form.mime_type, form.extension, width, height, image)


def mime_type_of(data: bytes) -> str:
    """`image/png`, `image/jpeg`, `image/webp`, or empty, by the first bytes."""
    form = _format_of(data)
    return form.mime_type if form else ""


def opened(data: bytes) -> ImageFile.ImageFile:
    """The picture's header as Pillow reads it; its pixels are not decoded yet.

    Raises:
        ValueError: It is not a PNG, JPEG or WebP picture, or its header is malformed.
    """
    form = _format_of(data)
    if form is None:
        raise ValueError("neither PNG, JPEG nor WebP")
    try:
        return form.opener(BytesIO(data))
    except _DAMAGE as error:
        raise ValueError("malformed header") from error


def blank(image: Image.Image) -> bool:
    """Whether the picture is one flat colour, or completely transparent.

    Nearly every real picture is told by a dozen of its pixels; only a flat one is read whole.
    """
    colours = {_pixel(image, x, y) for x in range(1, 5) for y in (1, 2, 4)}
    may_be_clear = "A" in image.getbands() and all(colour[-1] == 0 for colour in colours)
    if len(colours) > 1 and not may_be_clear:
        return False
    extrema = [band.getextrema() for band in image.split()]
    if may_be_clear and extrema[-1] == (0, 0):
        return True
    return all(low == high for low, high in extrema)


def _pixel(image: Image.Image, x: int, y: int) -> tuple[float, ...]:
    value = image.getpixel((image.width * x // 5, image.height * y // 5))
    return value if isinstance(value, tuple) else (value or 0,)


def thumbnail(image: Image.Image) -> bytes:
    """A small upright WebP, at most `THUMBNAIL_PX` on the longer side, sRGB, pixels only."""
    factor = max(1, max(image.size) // (2 * THUMBNAIL_PX))
    small = _unpacked(image).reduce(factor)
    small.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX), Image.Resampling.LANCZOS)
    return _encoded(_upright(_srgb(small)), "WEBP", quality=80, method=3)


def clean_reference(data: bytes, *, limits: PictureLimits = REFERENCE_LIMITS) -> CleanReference:
    """A reference image ready to be stored and sent: decoded, upright, and encoded anew.

    ICC profile (applied first), EXIF, text and anything appended are gone. PNG stays PNG, JPEG
    becomes JPEG of quality 95, WebP stays lossless or becomes quality 95, as it came. Sixteen bits
    become eight; CMYK and palettes become RGB, with their transparency.

    Raises:
        InvalidInput: See `inspect`.
    """
    picture = inspect(data, limits=limits)
    with _damage_reported():
        image = _upright(_srgb(_unpacked(picture.image)))
        encoded = _encoded_like(picture.mime_type, data, image)
        small = thumbnail(image)
    return CleanReference(
        mime_type=picture.mime_type,
        extension=picture.extension,
        width=image.width,
        height=image.height,
        data=encoded,
        thumbnail=small,
    )


def _format_of(data: bytes) -> _Format | None:
    if data.startswith(png.SIGNATURE):
        return _PNG
    if data.startswith(jpeg.SIGNATURE):
        return _JPEG
    return _WEBP if webp.is_webp(data) else None


@contextmanager
def _damage_reported() -> Generator[None]:
    try:
        yield
    except _DAMAGE as error:
        raise InvalidInput("picture_damaged", field="file") from error


def _too_large(limits: PictureLimits) -> InvalidInput:
    limit = f"{limits.max_bytes / MEGABYTE:g} MB"
    return InvalidInput("picture_too_large", field="file", limit=limit)


def _check_pixels(width: int, height: int, limits: PictureLimits) -> None:
    if max(width, height) > limits.max_side or width * height > limits.max_pixels:
        raise InvalidInput(
            "picture_too_many_pixels",
            field="file",
            width=width,
            height=height,
            limit=f"{limits.max_pixels / 1_000_000:g}",
            side=limits.max_side,
        )


def _loaded(form: _Format, data: bytes, size: tuple[int, int]) -> Image.Image:
    """The decoded picture; decoders alone let files pass that lack their end."""
    with _damage_reported():
        frames = form.frames(data)
    if frames > 1:
        raise InvalidInput("picture_animated", field="file")
    with _damage_reported():
        image = form.opener(BytesIO(data))
        if image.size != size:
            raise ValueError("two headers, two sizes")
        image.load()
    return image


def _unpacked(image: Image.Image) -> Image.Image:
    """Without palette, colour key, or more than eight bits a channel; CMYK stays."""
    if "transparency" in image.info:
        return image.convert("RGBA")
    if image.mode in ("1", "L", "LA", "RGB", "RGBA", "CMYK"):
        return image.convert("L") if image.mode == "1" else image
    if image.mode.startswith("I"):
        return _from_sixteen_bits(image)
    return image.convert("RGB")


def _from_sixteen_bits(image: Image.Image) -> Image.Image:
    scaled = image.convert("I").point(lambda value: value * (1 / 256))  # pyright: ignore[reportUnknownMemberType] -- Pillow types `lut` in part
    return scaled.convert("L")


def _srgb(image: Image.Image) -> Image.Image:
    """In the colours that every screen assumes, by the profile that came with the picture."""
    profile = image.info.get("icc_profile")
    target = image.mode if image.mode in ("L", "LA", "RGBA") else "RGB"
    if profile and image.mode in ("RGB", "RGBA", "CMYK"):
        try:
            return _converted(image, profile, target)
        except (ImageCms.PyCMSError, OSError):
            pass  # A profile nobody can read is as good as none.
    return image.convert(target)


def _converted(image: Image.Image, profile: bytes, target: str) -> Image.Image:
    source = ImageCms.ImageCmsProfile(BytesIO(profile))
    screen = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))  # pyright: ignore -- untyped
    changed = ImageCms.profileToProfile(image, source, screen, outputMode=target)
    return image if changed is None else changed


def _upright(image: Image.Image) -> Image.Image:
    """A copy turned as its EXIF rotation says; an unreadable EXIF block turns nothing."""
    try:
        return ImageOps.exif_transpose(image)
    except _DAMAGE:
        return image.copy()


def _encoded_like(mime_type: str, data: bytes, image: Image.Image) -> bytes:
    if mime_type == _PNG.mime_type:
        return _encoded(image, "PNG")
    if mime_type == _JPEG.mime_type:
        return _encoded(image, "JPEG", quality=95)
    if webp.is_lossless(data):
        return _encoded(image, "WEBP", lossless=True)
    return _encoded(image, "WEBP", quality=95)


def _encoded(image: Image.Image, form: str, **options: int) -> bytes:
    image.info = {}  # Encoders would copy the profile and the comments from here.
    buffer = BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()
