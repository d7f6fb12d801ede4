"""What made a picture, written into its file without touching a pixel.

PNG: an iTXt entry `whisk` with the record as JSON, and `parameters` in the words of the A1111 web
UI, which other tools show. JPEG and WebP: EXIF, the record as JSON in UserComment, the prompt in
ImageDescription. Reading goes through Pillow, so it does not trust our writing.

What a provider wrote stays. Its C2PA manifest stays as well, but a validator will say that the
file was changed after signing, as it says of every file with an added note.
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any, cast

from PIL import ExifTags, Image

from app.media import jpeg, pictures, png, webp

KEY = "whisk"
SOFTWARE = "Whisk Desktop"
MAX_DESCRIPTION_CHARS = 1_000

_EXIF_PREFIX = b"Exif\0\0"
# Exif 3.0, table 9: the first eight bytes of UserComment name its encoding.
_UTF16 = b"UNICODE\0"
_UNDEFINED = b"\0" * 8
_LONG_FIELDS = ("prompt", "negative_prompt", "provider_comment")
_UNREADABLE = (ValueError, OSError, SyntaxError, EOFError, LookupError, TypeError, ArithmeticError)


@dataclass(frozen=True, kw_only=True)
class ImageRecord:
    """How one picture came to be.

    Attributes:
        model: `provider:model`.
        seed: The seed that was used, or None when the provider does not tell.
        created_at: ISO 8601, UTC.
        source_sha256: Hash of the bytes that the provider sent.
    """

    prompt: str
    negative_prompt: str = ""
    model: str = ""
    model_version: str = ""
    aspect_ratio: str = ""
    quality: str = ""
    seed: int | None = None
    task_id: str = ""
    attempt_id: str = ""
    slot: int = 1
    generation: int = 1
    created_at: str = ""
    source_sha256: str = ""
    software: str = SOFTWARE


def embed(data: bytes, mime_type: str, record: ImageRecord) -> bytes:
    """The same picture, pixel for pixel, with the record in it.

    A record that was in the file already is replaced. Where EXIF holds a comment of the
    provider's, the record takes its place and keeps its text as `provider_comment`. In JPEG, where
    EXIF has room for 65,533 bytes, texts that are too long are cut and the record says
    `"prompt_cut": true`.

    Raises:
        ValueError: The container is malformed, or of another type.
    """
    if mime_type != pictures.mime_type_of(data):
        raise ValueError(f"not {mime_type}")
    if mime_type == "image/png":
        texts = {KEY: _json(asdict(record)), "parameters": parameters(record, png.size(data))}
        return png.with_texts(data, texts, replace=KEY)
    if mime_type == "image/webp":
        block = _exif_block(webp.exif(data), record, limit=None)
        return webp.with_exif(data, block.removeprefix(_EXIF_PREFIX))
    return jpeg.with_exif(data, _exif_block(jpeg.exif(data), record, jpeg.MAX_SEGMENT_BYTES))


def read(data: bytes) -> dict[str, Any] | None:
    """The record of a file as `embed` wrote it, or None where there is none to be read."""
    try:
        image = pictures.opened(data)
        if image.format == "PNG":
            return _parsed(str(image.info.get(KEY, "")))
        return _parsed(_comment_text(image.getexif()))
    except _UNREADABLE:
        return None


def parameters(record: ImageRecord, size: tuple[int, int]) -> str:
    """The record in the words of the A1111 web UI, for other tools."""
    settings = {"Seed": record.seed, "Size": f"{size[0]}x{size[1]}", "Model": record.model,
                "Version": record.software}  # fmt: skip
    lines = [record.prompt]
    if record.negative_prompt:
        lines.append(f"Negative prompt: {record.negative_prompt}")
    lines.append(
        ", ".join(f"{name}: {value}" for name, value in settings.items() if value is not None)
    )
    return "\n".join(lines)


def _json(fields: dict[str, Any]) -> str:
    return json.dumps(fields, ensure_ascii=False)


def _parsed(text: str) -> dict[str, Any] | None:
    found: Any = json.loads(text)
    return cast("dict[str, Any]", found) if _is_record(found) else None


def _is_record(found: object) -> bool:
    return isinstance(found, dict) and "attempt_id" in found


def _exif_block(existing: bytes, record: ImageRecord, limit: int | None) -> bytes:
    """The EXIF block of a file with the record added, within `limit` bytes."""
    exif = _loaded(existing)
    for comment in _comments(asdict(record) | _provider_comment(exif)):
        block = _merged(exif, record.prompt, comment)
        if limit is None or len(block) <= limit:
            return block
    # Only the file's own EXIF is left to blame.
    return _exif_block(b"", record, limit)


def _provider_comment(exif: Image.Exif) -> dict[str, str]:
    text = _comment_text(exif)
    with suppress(ValueError):
        before = _parsed(text)
        if before is not None:
            text = str(before.get("provider_comment", ""))
    return {"provider_comment": text} if text else {}


def _comments(fields: dict[str, Any]) -> Iterator[bytes]:
    """The record as UserComment, first in the encoding most readers know, then ever shorter."""
    yield _UTF16 + _json(fields).encode("utf-16-be", "replace")
    yield _UNDEFINED + _json(fields).encode("utf-8", "replace")
    long = {name: str(fields[name]) for name in _LONG_FIELDS if name in fields}
    room = max(len(text) for text in long.values())
    while room:
        room = room * 4 // 5
        cut = {name: text[:room] for name, text in long.items()}
        short = {**fields, **cut, "prompt_cut": True}
        yield _UNDEFINED + _json(short).encode("utf-8", "replace")


def _merged(exif: Image.Exif, prompt: str, comment: bytes) -> bytes:
    description = prompt[:MAX_DESCRIPTION_CHARS].replace("\0", "")
    exif.setdefault(ExifTags.Base.ImageDescription, description.encode("utf-8", "replace"))
    exif.setdefault(ExifTags.Base.Software, SOFTWARE)
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment] = comment
    return exif.tobytes()


def _loaded(existing: bytes) -> Image.Exif:
    """The file's own EXIF, or a fresh one where it has none that can be read and written."""
    with suppress(*_UNREADABLE):
        exif = Image.Exif()
        exif.load(existing)
        exif.get_ifd(ExifTags.IFD.Exif)
        exif.tobytes()
        return exif
    return Image.Exif()


def _comment_text(exif: Image.Exif) -> str:
    comment: object = exif.get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.UserComment, b"")
    if not isinstance(comment, bytes):
        return ""
    encoding = "utf-16-be" if comment.startswith(_UTF16) else "utf-8"
    return comment[8:].decode(encoding, "replace").strip("\0 ")
