"""What a provider is to the engine: one verb, and honesty about money."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from app.models import ModelInfo

Recovery = Literal["key", "job", "none", "free"]
"""What a provider offers after a crash: `key` it honours our idempotency key, `job` it hands out
a job id, `none` nothing (the outcome stays uncertain), `free` a repeat costs nothing."""


@dataclass(frozen=True, kw_only=True)
class ReferencePicture:
    """A reference image as a provider gets it.

    Attributes:
        role: `title` (the subject), `scene`, `style`, or empty.
        name: The file name the person gave, as text.
        data: Encoded bytes, PNG, JPEG or WebP as `mime_type` says.
    """

    role: str
    name: str
    mime_type: str
    data: bytes = field(repr=False)
    sha256: str = ""


@dataclass(frozen=True, kw_only=True)
class ImageRequest:
    """One request for one image, in the field's words.

    Attributes:
        attempt_id: Unique for the request; the idempotency key where a provider takes one.
        size: Width and height in pixels that ratio and quality mean for this model.
        seed: 0 to 2**32 - 1. Always set: the engine draws one where the person left it open.
        seed_is_chosen: Whether the person asked for this seed.
    """

    attempt_id: str
    model: ModelInfo
    prompt: str
    aspect_ratio: str
    quality: str
    size: tuple[int, int]
    seed: int
    slot: int
    negative_prompt: str = ""
    seed_is_chosen: bool = False
    references: tuple[ReferencePicture, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PaintedImage:
    """One picture of an answer.

    Attributes:
        data: The bytes as they came.
        mime_type: What the provider says they are; the file is checked all the same.
        seed: The seed that was really used, or None when the provider does not tell.
    """

    data: bytes = field(repr=False)
    mime_type: str
    seed: int | None = None


@dataclass(frozen=True, kw_only=True)
class ProviderAnswer:
    """What a provider sent back for one request: at least one image.

    Attributes:
        cost: US dollars by reported usage, or None when the provider reports none.
        usage: What it reported, as numbers by name.
        request_id: The provider's name for the request, for its support.
    """

    images: tuple[PaintedImage, ...]
    cost: float | None = None
    usage: dict[str, Any] = field(default_factory=dict[str, Any])
    model_version: str = ""
    request_id: str = ""


Progress = Callable[[float], None]
"""Called with 0 to 1, where the provider knows."""


class ImageProvider(ABC):
    """One provider, one file. It translates; it does not retry, save, or know the queue."""

    name: ClassVar[str]
    label: ClassVar[str]
    recovery: ClassVar[Recovery]
    key_variable: ClassVar[str] = ""
    """Environment variable of its key; empty for a provider that needs none."""

    @abstractmethod
    async def generate(
        self, request: ImageRequest, progress: Progress | None = None
    ) -> ProviderAnswer:
        """Send exactly one request.

        Raises:
            TryLater: Nothing was charged; another attempt may succeed.
            Rejected: Another attempt with the same words will not help.
            Uncertain: The request left and its outcome is unknown.
        """

    @abstractmethod
    async def close(self) -> None:
        """Release connections. A second call does nothing."""
