"""Pictures for tests, good and bad, made on the spot."""

import struct
import zlib
from io import BytesIO

from PIL import Image, ImageDraw

FORMATS = ("PNG", "JPEG", "WEBP")
MIME_TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}


def painting(mode="RGB", size=(64, 48)):
    image = Image.linear_gradient("L").resize(size).convert("RGB")
    ImageDraw.Draw(image).ellipse((0, 0, size[0] // 2, size[1] // 2), fill="#7733cc")
    if mode in ("RGBA", "LA"):
        image.putalpha(Image.radial_gradient("L").resize(size))
    return image.convert(mode)


def encoded(image, form="PNG", **options):
    buffer = BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def picture(form="PNG", **options):
    return encoded(painting(), form, **options)


def pixels(data):
    with Image.open(BytesIO(data)) as image:
        image.load()
        return image.mode, image.size, image.tobytes()


def png_chunk(kind, body=b""):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_bomb(width, height):
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    row = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + header + png_chunk(b"IDAT", row) + png_chunk(b"IEND")


def webp_bomb(width, height):
    canvas = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBPVP8X" + struct.pack("<I", 10) + b"\0\0\0\0" + canvas
    return b"RIFF" + struct.pack("<I", len(body)) + body


def jpeg_bomb(width, height):
    good = picture("JPEG")
    place = good.index(b"\xff\xc0") + 5
    return good[:place] + struct.pack(">HH", height, width) + good[place + 4 :]


def animated(form="WEBP"):
    frames = [painting(), painting().rotate(90)]
    return encoded(frames[0], form, save_all=True, append_images=frames[1:], duration=100)


def rotated_jpeg():
    """Stored 64 wide and 48 high, to be shown 48 wide and 64 high; red on the left as stored."""
    image = Image.new("RGB", (64, 48), "blue")
    image.paste("red", (0, 0, 32, 48))
    exif = Image.Exif()
    exif[0x0112] = 6
    return encoded(image, "JPEG", exif=exif, quality=95)
