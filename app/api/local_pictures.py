"""Reference pictures and saved images: see `BaseApi` for every promise."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, BinaryIO
from uuid import uuid4

from sqlalchemy import Row

from app.api.local_studio import LocalStudio
from app.api.models import ApiResponse, answers
from app.clock import iso
from app.engine.texts import check_text
from app.errors import NotFound
from app.media.pictures import MAX_REFERENCE_BYTES, clean_reference, inspect, thumbnail
from app.media.shelf import Shelf
from app.models import ImageInfo, MediaContent, ReferenceImage
from app.store import pictures
from app.store.rows import MICRO

MAX_FILE_NAME = 200


class LocalPictures(LocalStudio):
    """Pictures that come in and pictures that were painted."""

    @answers
    def add_reference(self, file_name: str, content: bytes | BinaryIO) -> ApiResponse:
        """See `BaseApi.add_reference`."""
        name = file_name.replace("\0", "")[:MAX_FILE_NAME] or "picture"
        check_text("file_name", name)
        if not isinstance(content, bytes):
            # One byte beyond the limit tells a file that is too large.
            content = content.read(MAX_REFERENCE_BYTES + 1)
        sha256 = hashlib.sha256(content).hexdigest()
        with self.studio.database.read() as connection:
            known = pictures.reference_by_hash(connection, sha256)
        found = known.id if known else self._store_reference(name, content, sha256)
        with self.studio.database.write() as tx:
            pictures.own_reference(tx, found, self.user.id, name)
            stored = pictures.references(tx.connection, [found], self.user.id)[found]
        return ApiResponse(success=True, data=_reference(stored), message="Stored", total=1)

    def _store_reference(self, file_name: str, content: bytes, sha256: str) -> str:
        clean = clean_reference(content)
        reference_id = uuid4().hex
        stored_name = f"{reference_id}{clean.extension}"
        self.studio.references.write(stored_name, clean.data)
        self.studio.thumbnails.write(f"{reference_id}.webp", clean.thumbnail, durable=False)
        with self.studio.database.write() as tx:
            # Somebody may have stored the same picture while we decoded it.
            if known := pictures.reference_by_hash(tx.connection, sha256):
                return known.id
            pictures.add_reference(
                tx,
                {
                    "id": reference_id,
                    "sha256": sha256,
                    "owner_id": self.user.id,
                    "file_name": file_name,
                    "stored_name": stored_name,
                    "mime_type": clean.mime_type,
                    "width": clean.width,
                    "height": clean.height,
                    "size": len(clean.data),
                },
            )
        return reference_id

    @answers
    def get_references(self, reference_ids: Sequence[str]) -> ApiResponse:
        """See `BaseApi.get_references`."""
        with self.studio.database.read() as connection:
            found = self.seen_references(connection, reference_ids)
        known = [_reference(found[item]) for item in dict.fromkeys(reference_ids) if item in found]
        return ApiResponse(success=True, data=known, total=len(known))

    @answers
    def read_reference(self, reference_id: str, *, thumbnail: bool = False) -> ApiResponse:
        """See `BaseApi.read_reference`."""
        with self.studio.database.read() as connection:
            row = self.seen_references(connection, [reference_id]).get(reference_id)
        if row is None:
            raise NotFound("reference_not_found")
        if thumbnail:
            content = self._thumbnail(self.studio.references, row.stored_name, row.id, row.sha256)
        else:
            content = _content(
                self.studio.references, row.stored_name, row.mime_type, row.file_name, row.sha256
            )
        return ApiResponse(success=True, data=content, total=1)

    @answers
    def get_images(self, image_ids: Sequence[str]) -> ApiResponse:
        """See `BaseApi.get_images`."""
        with self.studio.database.read() as connection:
            found = pictures.images(connection, image_ids, self.sight(connection, "get_images"))
        known = [self._image(found[item]) for item in dict.fromkeys(image_ids) if item in found]
        return ApiResponse(success=True, data=known, total=len(known))

    @answers
    def read_image(self, image_id: str, *, thumbnail: bool = False) -> ApiResponse:
        """See `BaseApi.read_image`."""
        with self.studio.database.read() as connection:
            sight = self.sight(connection, "read_image")
            row = pictures.images(connection, [image_id], sight).get(image_id)
        if row is None:
            raise NotFound("image_not_found")
        shelf = self.studio.outputs(row.output_folder)
        if thumbnail:
            content = self._thumbnail(shelf, row.file_name, row.id, row.file_sha256)
        else:
            name = row.file_name.rpartition("/")[2]
            content = _content(shelf, row.file_name, row.mime_type, name, row.file_sha256)
        return ApiResponse(success=True, data=content, total=1)

    def _thumbnail(self, shelf: Shelf, source: str, picture_id: str, sha256: str) -> MediaContent:
        """The small picture; made anew where it was lost."""
        name = f"{picture_id}.webp"
        if not self.studio.thumbnails.exists(name):
            small = thumbnail(inspect(shelf.read(source)).image)
            self.studio.thumbnails.write(name, small, durable=False)
        return _content(self.studio.thumbnails, name, "image/webp", name, f"{sha256}-thumbnail")

    def _image(self, row: Row[Any]) -> dict[str, Any]:
        path = self.studio.outputs(row.output_folder).path(row.file_name)
        return asdict(
            ImageInfo(
                id=row.id,
                task_id=row.task_id,
                generation=row.generation,
                slot=row.slot,
                attempt_id=row.attempt_id,
                file_name=row.file_name,
                file_path=str(path) if path else "",
                mime_type=row.mime_type,
                width=row.width,
                height=row.height,
                size=row.size,
                source_sha256=row.source_sha256,
                file_sha256=row.file_sha256,
                model=row.model,
                model_version=row.model_version,
                prompt=row.prompt,
                aspect_ratio=row.aspect_ratio,
                quality=row.quality,
                seed=row.seed,
                cost=row.cost / MICRO,
                created_at=iso(row.created_at) or "",
            )
        )


def _reference(row: Row[Any]) -> dict[str, Any]:
    return asdict(
        ReferenceImage(
            id=row.id,
            file_name=row.file_name,
            sha256=row.sha256,
            mime_type=row.mime_type,
            width=row.width,
            height=row.height,
            size=row.size,
            created_at=iso(row.created_at) or "",
        )
    )


def _content(shelf: Shelf, name: str, mime_type: str, file_name: str, sha256: str) -> MediaContent:
    if not shelf.exists(name):
        raise NotFound("file_missing", name=file_name)
    path = shelf.path(name)
    return MediaContent(
        mime_type=mime_type,
        file_name=file_name,
        sha256=sha256,
        path=path,
        data=None if path else shelf.read(name),
    )
