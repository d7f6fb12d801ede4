"""What Gemini is told: pictures labelled by their role and small enough to send, words, a seed."""

import io
from collections.abc import Sequence
from dataclasses import replace

from PIL import Image, ImageOps, UnidentifiedImageError

from app.errors import Rejected
from app.providers.base import ImageRequest, ReferencePicture

MAX_SIDE_PX = 2048
MAX_TOTAL_BYTES = 11_000_000
"""For all pictures: base64 adds a third, and the whole request stays under 15 MB."""

MAX_NAME_CHARS = 80

SEED_LIMIT = 2**31
"""Gemini's `seed` is a signed 32-bit number, and ours go one bit further."""

_smaller_sides_px = (MAX_SIDE_PX, 1536, 1024, 768, 512)

_roles = {
    "title": "the SUBJECT{name}. Keep who or what it is: its identity, shape, colours and details.",
    "scene": "the SCENE{name}. Use its place, light and layout; leave out whoever is in it.",
    "style": "the STYLE{name}. Take its medium, palette, line and texture; leave out its content.",
    "": "a reference{name}. Use it the way the description says.",
}


def introduction(count: int) -> str:
    """The words before the pictures."""
    pictures = "1 picture" if count == 1 else f"{count} pictures"
    return f"You get {pictures} to work from. A line before each one says what it is for."


def label(number: int, picture: ReferencePicture) -> str:
    """The line before a picture, with its number from 1, its role and its name."""
    words = " ".join("".join(c if c.isprintable() else " " for c in picture.name).split())
    name = f", named {words[:MAX_NAME_CHARS]!r}" if words else ""
    return f"Picture {number} is " + _roles[picture.role].format(name=name)


def conclusion(prompt: str) -> str:
    """The words after the pictures."""
    return f"Make one new picture from this description: {prompt}"


def sent_seed(request: ImageRequest) -> int | None:
    """The request's seed in Gemini's range; a seed that is in it stays as it is."""
    return request.seed % SEED_LIMIT if request.model.supports_seed else None


def fitted(pictures: Sequence[ReferencePicture]) -> list[ReferencePicture]:
    """The pictures, at most 2048 px on the longer side and 11 MB in all; slow, so use a thread.

    What fits already keeps its bytes. The rest becomes JPEG, or WebP where it is transparent.

    Raises:
        Rejected: `reference_damaged`.
    """
    share = MAX_TOTAL_BYTES // max(len(pictures), 1)
    return [_fitted(picture, share) for picture in pictures]


def _fitted(picture: ReferencePicture, max_bytes: int) -> ReferencePicture:
    try:
        with Image.open(io.BytesIO(picture.data)) as opened:
            if max(opened.size) <= MAX_SIDE_PX and len(picture.data) <= max_bytes:
                return picture
            return _shrunk(picture, ImageOps.exif_transpose(opened), max_bytes)
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError) as error:
        raise Rejected("reference_damaged") from error


def _shrunk(picture: ReferencePicture, image: Image.Image, max_bytes: int) -> ReferencePicture:
    """The largest version that fits; the smallest there is when none does."""
    transparent = image.has_transparency_data
    encoding = "WEBP" if transparent else "JPEG"
    image = image.convert("RGBA" if transparent else "RGB")
    data = b""
    for side in _smaller_sides_px:
        image.thumbnail((side, side), Image.Resampling.LANCZOS)
        data = _encoded(image, encoding)
        if len(data) <= max_bytes:
            break
    return replace(picture, data=data, mime_type=f"image/{encoding.lower()}")


def _encoded(image: Image.Image, encoding: str) -> bytes:
    stream = io.BytesIO()
    image.save(stream, encoding, quality=90)
    return stream.getvalue()
