"""Studios whose provider does what a test says."""

import asyncio
import io
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image

from app.api.local_api import LocalApi
from app.providers.base import (
    ImageProvider,
    ImageRequest,
    PaintedImage,
    Progress,
    ProviderAnswer,
    Recovery,
)

MODEL = "gemini:gemini-3-pro-image"


def png(colour: str = "teal") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (32, 18), colour).save(buffer, "PNG")
    return buffer.getvalue()


class ScriptedProvider(ImageProvider):
    """Takes one step for each request, then answers with a picture.

    A step is an exception to raise, bytes to send, or a function to call with the request.
    """

    name = "gemini"
    label = "Scripted"
    recovery: Recovery = "none"
    key_variable = "GEMINI_API_KEY"

    def __init__(self, *script: Any) -> None:
        self.script = deque(script)
        self.requests: list[ImageRequest] = []
        self.most_at_once = 0
        self._now = 0
        self.hold = False

    async def generate(
        self, request: ImageRequest, progress: Progress | None = None
    ) -> ProviderAnswer:
        self.requests.append(request)
        self._now += 1
        self.most_at_once = max(self.most_at_once, self._now)
        try:
            while self.hold:  # noqa: ASYNC110 -- let go of from another thread
                await asyncio.sleep(0.005)
            return self._answer(self.script.popleft() if self.script else png())
        finally:
            self._now -= 1

    def _answer(self, step: Any) -> ProviderAnswer:
        if isinstance(step, BaseException):
            raise step
        data = step if isinstance(step, bytes) else png()
        image = PaintedImage(data=data, mime_type="image/png", seed=None)
        return ProviderAnswer(images=(image,), cost=0.25, model_version="scripted-1")

    async def close(self) -> None:
        return None


class FreeProvider(ScriptedProvider):
    recovery: Recovery = "free"


def studio(folder: Path, provider: ImageProvider, **options: Any) -> LocalApi:
    """A studio on disk in which the provider stands in for Gemini; not opened yet."""
    api = LocalApi(folder / "data", folder / "output", painter_latency_seconds=0, **options)
    api.studio.providers = {**api.studio.providers, "gemini": provider}
    return api


@contextmanager
def opened(folder: Path, provider: ImageProvider, **options: Any) -> Iterator[LocalApi]:
    api = studio(folder, provider, **options)
    api.open()
    try:
        yield api
    finally:
        api.close()
