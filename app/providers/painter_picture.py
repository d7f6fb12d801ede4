"""From a request to the bytes of a PNG: sketch small, enlarge, add grain, encode."""

import hashlib
import io
import random

from PIL import Image

from app.providers.base import ImageRequest


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
    small = Image.frombytes("RGB", (3, 4), bytes(dice.randrange(90, 230) for _ in range(36)))
    picture = small.resize(request.size, Image.Resampling.BICUBIC)
    file = io.BytesIO()
    picture.save(file, "PNG", compress_level=1)
    return file.getvalue()
