"""Pictures over HTTP, by id: those that come in and those that were painted."""

from typing import Annotated

from fastapi import Body, Depends, Query, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from app.models import ImageInfo, ReferenceImage
from app.web.answers import answered
from app.web.desk import Desk, Table, checked_id
from app.web.documents import PICTURE
from app.web.media import picture
from app.web.shapes import PictureIds
from app.web.uploads import files_of, text_of, uploaded

_FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "file_name": {
                            "type": "string",
                            "description": "Its name, where that of the part will not do.",
                        },
                    },
                }
            }
        },
    }
}
UPLOAD_ERRORS = (
    "picture_empty", "picture_too_large", "picture_type_unknown", "picture_too_many_pixels",
    "picture_damaged", "picture_animated", "no_file", "too_many_files",
)  # fmt: skip

Form = Annotated[FormData, Depends(uploaded)]
Download = Annotated[bool, Query(description="Offer it for saving.")]


def register(table: Table, desk: Desk) -> None:
    """Enter the routes."""
    routes = _Pictures(desk)
    tag = "references"
    add = table.add
    add("POST", "/references", routes.add_reference, tag=tag, answers=ReferenceImage,
        errors=UPLOAD_ERRORS, extra=_FORM)  # fmt: skip
    add("POST", "/references/lookup", routes.get_references, tag=tag, answers=list[ReferenceImage])
    gone = ("reference_not_found", "file_missing")
    add("GET", "/references/{picture_id}", routes.read_reference, tag=tag, errors=gone,
        responses=PICTURE)  # fmt: skip
    add("GET", "/references/{picture_id}/thumbnail", routes.read_reference_thumbnail, tag=tag,
        errors=gone, responses=PICTURE)  # fmt: skip
    tag = "images"
    gone = ("image_not_found", "file_missing")
    add("POST", "/images/lookup", routes.get_images, tag=tag, answers=list[ImageInfo])
    add("GET", "/images/{picture_id}", routes.read_image, tag=tag, errors=gone, responses=PICTURE)
    add("GET", "/images/{picture_id}/thumbnail", routes.read_image_thumbnail, tag=tag,
        errors=gone, responses=PICTURE)  # fmt: skip


class _Pictures:
    def __init__(self, desk: Desk) -> None:
        self._mine = desk.mine

    def add_reference(self, request: Request, form: Form) -> Response:
        """Store a reference picture: PNG, JPEG or WebP. The same bytes twice are the same one."""
        file = files_of(form, "file")[0]
        name = text_of(form, "file_name", file.filename or "")
        return answered(self._mine(request).add_reference(name, file.file))

    def get_references(self, request: Request, which: Annotated[PictureIds, Body()]) -> Response:
        """What is known of reference pictures; unknown ids are left out."""
        return answered(self._mine(request).get_references(which["ids"]))

    def read_reference(
        self, request: Request, picture_id: str, download: Download = False
    ) -> Response:
        """The picture as it is stored."""
        known = checked_id(picture_id, "reference_not_found")
        answer = self._mine(request).read_reference(known)
        return picture(answer, request.headers, download=download)

    def read_reference_thumbnail(self, request: Request, picture_id: str) -> Response:
        """The small picture: WebP, at most 256 px on its longer side."""
        known = checked_id(picture_id, "reference_not_found")
        return picture(self._mine(request).read_reference(known, thumbnail=True), request.headers)

    def get_images(self, request: Request, which: Annotated[PictureIds, Body()]) -> Response:
        """What is known of saved images; unknown ids are left out."""
        return answered(self._mine(request).get_images(which["ids"]))

    def read_image(self, request: Request, picture_id: str, download: Download = False) -> Response:
        """The saved file."""
        known = checked_id(picture_id, "image_not_found")
        return picture(self._mine(request).read_image(known), request.headers, download=download)

    def read_image_thumbnail(self, request: Request, picture_id: str) -> Response:
        """The small picture: WebP, at most 256 px on its longer side."""
        known = checked_id(picture_id, "image_not_found")
        return picture(self._mine(request).read_image(known, thumbnail=True), request.headers)
