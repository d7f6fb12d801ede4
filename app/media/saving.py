"""The write order for one received picture: checked, marked, written durably; thumbnail last."""

import logging
from dataclasses import dataclass, replace
from hashlib import sha256

from PIL import Image

from app.errors import InvalidInput, NotFound
from app.media import metadata, pictures
from app.media.metadata import ImageRecord
from app.media.pictures import Picture
from app.media.shelf import Shelf

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SavedPicture:
    """What became of one received picture.

    Attributes:
        file_name: Name on the shelf of outputs, with its extension.
        size: Bytes of the file.
        source_sha256: Hash of the bytes that came.
        file_sha256: Hash of the bytes on the shelf, which carry our metadata as well.
        blank: The picture is one flat colour, or completely transparent.
    """

    file_name: str
    mime_type: str
    width: int
    height: int
    size: int
    source_sha256: str
    file_sha256: str
    blank: bool


def save_output(
    shelf: Shelf,
    thumbnails: Shelf,
    *,
    stem: str,
    data: bytes,
    record: ImageRecord,
    image_id: str,
) -> SavedPicture:
    """Keep one received picture as `<stem><extension>`, and its thumbnail as `<image_id>.webp`.

    When this returns, the file would survive a power cut. The thumbnail may be missing: it can be
    made again, so its failure is logged and does not lose a picture that was paid for. A second
    call with the same arguments answers the same. The `source_sha256` of `record` is filled in
    here.

    Raises:
        InvalidInput: See `pictures.inspect`; nothing was written.
        FileExistsError: Another picture has that name; it is untouched.
        OSError: The disk refused.
    """
    picture = pictures.inspect(data)
    source_sha256 = sha256(data).hexdigest()
    marked = _marked(data, picture, replace(record, source_sha256=source_sha256))
    name = stem + picture.extension
    shelf.write(name, marked, part=record.attempt_id)
    _keep_thumbnail(thumbnails, image_id, picture.image)
    return _saved(name, picture, marked, source_sha256)


def adopt_output(
    shelf: Shelf, thumbnails: Shelf, *, stem: str, attempt_id: str, image_id: str
) -> SavedPicture | None:
    """The picture that an interrupted attempt has saved already, or None.

    A file of that stem counts when it decodes and its own metadata names the attempt. It is made
    durable again, and its thumbnail is made where it is absent.
    """
    for extension in pictures.EXTENSIONS:
        name = stem + extension
        adopted = _adopted(shelf, name, attempt_id) if shelf.exists(name) else None
        if adopted is not None:
            picture, saved = adopted
            if not thumbnails.exists(thumbnail_name(image_id)):
                _keep_thumbnail(thumbnails, image_id, picture.image)
            return saved
    return None


def keep_rejected(shelf: Shelf, *, attempt_id: str, data: bytes) -> str:
    """Keep bytes that were paid for but are no picture; answers their name, `rejected/….bin`.

    The same bytes twice are one file; other bytes of the same attempt are another.
    """
    name = f"rejected/{attempt_id}.bin"
    try:
        shelf.write(name, data, part=attempt_id)
    except FileExistsError:
        name = f"rejected/{attempt_id}-{sha256(data).hexdigest()[:12]}.bin"
        shelf.write(name, data, part=attempt_id)
    return name


def thumbnail_name(image_id: str) -> str:
    """Name of an image's thumbnail on the shelf of thumbnails."""
    return f"{image_id}.webp"


def _marked(data: bytes, picture: Picture, record: ImageRecord) -> bytes:
    try:
        return metadata.embed(data, picture.mime_type, record)
    except ValueError:
        # Decodable, so worth its money, though its container has no place for a note.
        _log.warning("image of attempt %s is kept without metadata", record.attempt_id)
        return data


def _keep_thumbnail(thumbnails: Shelf, image_id: str, image: Image.Image) -> None:
    try:
        small = pictures.thumbnail(image)
        thumbnails.write(thumbnail_name(image_id), small, durable=False)
    except (OSError, ValueError, RuntimeError) as error:
        _log.warning("image %s has no thumbnail: %s", image_id, error)


def _adopted(shelf: Shelf, name: str, attempt_id: str) -> tuple[Picture, SavedPicture] | None:
    try:
        data = shelf.read(name)
        picture = pictures.inspect(data)
    except (InvalidInput, NotFound):
        return None
    found = metadata.read(data)
    if found is None or found.get("attempt_id") != attempt_id:
        return None
    shelf.write(name, data)
    return picture, _saved(name, picture, data, str(found.get("source_sha256", "")))


def _saved(name: str, picture: Picture, data: bytes, source_sha256: str) -> SavedPicture:
    return SavedPicture(
        file_name=name,
        mime_type=picture.mime_type,
        width=picture.width,
        height=picture.height,
        size=len(data),
        source_sha256=source_sha256,
        file_sha256=sha256(data).hexdigest(),
        blank=pictures.blank(picture.image),
    )
