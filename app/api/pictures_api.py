"""The part of the contract about pictures, those that come in and those that were painted."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import BinaryIO

from app.api.models import ApiResponse


class PicturesApi(ABC):
    """Reference pictures are stored once by content; images are read by id."""

    @abstractmethod
    def add_reference(self, file_name: str, content: bytes | BinaryIO) -> ApiResponse:
        """Store a reference picture; answers a `ReferenceImage` as a dict.

        `content` is the file, whole or open for reading; an open one is read once, to its end.

        PNG, JPEG and WebP, at most 25 MB and 40 megapixels. The same bytes twice are the same
        reference. The file name is kept as text only, never as a path.
        Errors: `picture_empty`, `picture_too_large`, `picture_type_unknown`,
        `picture_too_many_pixels`, `picture_damaged`, `picture_animated`.
        """

    @abstractmethod
    def get_references(self, reference_ids: Sequence[str]) -> ApiResponse:
        """Answer the `ReferenceImage`s of the ids as a list of dicts; unknown ids are left out."""

    @abstractmethod
    def read_reference(self, reference_id: str, *, thumbnail: bool = False) -> ApiResponse:
        """Answer a `MediaContent`; a thumbnail is WebP, at most 256 px on its longer side.

        Errors: `reference_not_found`.
        """

    @abstractmethod
    def get_images(self, image_ids: Sequence[str]) -> ApiResponse:
        """Answer the `ImageInfo`s of the ids as a list of dicts; unknown ids are left out."""

    @abstractmethod
    def read_image(self, image_id: str, *, thumbnail: bool = False) -> ApiResponse:
        """Answer a `MediaContent`, as `read_reference`. Errors: `image_not_found`, `file_missing`.

        `file_missing` means that the file is no longer where it was saved.
        """
