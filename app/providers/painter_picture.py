"""From a request to the bytes of a PNG: sketch at about a megapixel, enlarge, encode."""

# Pillow's stubs leave resize and point half typed.
# pyright: reportUnknownMemberType=false

import hashlib
import io
import random

from PIL import Image

from app.providers.base import ImageRequest
from app.providers.painter_palette import choose
from app.providers.painter_scene import blank_sheet, compose, horizon_share, new_stage_size
from app.providers.painter_stage import Stage
from app.providers.painter_words import understand

SKETCH_PIXELS = 1_060_000
"""Larger pictures are sketched at this size and enlarged: cut paper has no finer detail."""


def chance(request: ImageRequest) -> random.Random:
    """The dice of one picture: equal requests throw equal dice."""
    parts = [request.prompt, request.negative_prompt, str(request.size), str(request.seed)]
    parts.append(str(request.slot))
    for reference in request.references:
        parts += [reference.role, hashlib.sha256(reference.data).hexdigest()]
    return random.Random(hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).digest())


def paint(request: ImageRequest) -> bytes:
    """Paint the picture of a request: a PNG of exactly its size."""
    dice = chance(request)
    wishes = understand(request.prompt, request.negative_prompt)
    hour, palette = choose(wishes, request.references, dice)
    sheet = blank_sheet(new_stage_size(request.size, SKETCH_PIXELS), palette)
    horizon = sheet.height * horizon_share(wishes, dice.uniform(-1, 1))
    compose(Stage(sheet, palette, wishes, dice, hour, horizon, sheet.unit))
    picture = sheet.image
    if picture.size != request.size:
        picture = picture.resize(request.size, Image.Resampling.BICUBIC)
    file = io.BytesIO()
    picture.save(file, "PNG", compress_level=1)
    return file.getvalue()
