"""A provider that paints at once, or when a test lets it."""

import asyncio
import io
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from PIL import Image

from app.providers.base import (
    ImageProvider,
    ImageRequest,
    PaintedImage,
    Progress,
    ProviderAnswer,
    Recovery,
)

MODEL = "gemini:gemini-3-pro-image"
"""A model that the puppet paints."""

COST = 0.25


@cache
def small_picture(colour: str = "teal") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (32, 18), colour).save(buffer, "PNG")
    return buffer.getvalue()


@dataclass(frozen=True)
class Asked:
    """A request that has left and waits for its answer."""

    request: ImageRequest
    answer: asyncio.Future[Any]
    loop: asyncio.AbstractEventLoop


class Puppet(ImageProvider):
    """Answers each request with the next step of the script, else with a small picture.

    A step is an exception to raise, or bytes to send. While `holds` is set, requests wait until
    they are answered by name.
    """

    name = "gemini"
    label = "Puppet"
    recovery: Recovery = "none"
    key_variable = "GEMINI_API_KEY"

    def __init__(self) -> None:
        self.script: deque[Any] = deque()
        self.holds = False
        self.requests: list[ImageRequest] = []
        self.closed = 0
        self._news = threading.Condition()
        self._waiting: list[Asked] = []

    async def generate(
        self, request: ImageRequest, progress: Progress | None = None
    ) -> ProviderAnswer:
        loop = asyncio.get_running_loop()
        asked = Asked(request, loop.create_future(), loop)
        with self._news:
            self.requests.append(request)
            held = self.holds
            if held:
                self._waiting.append(asked)
            self._news.notify_all()
        step = await asked.answer if held else self._next()
        if isinstance(step, BaseException):
            raise step
        image = PaintedImage(data=step, mime_type="image/png", seed=request.seed)
        return ProviderAnswer(images=(image,), cost=COST, model_version="puppet-1")

    def _next(self) -> Any:
        return self.script.popleft() if self.script else small_picture()

    @property
    def waiting(self) -> list[Asked]:
        """Requests without an answer."""
        with self._news:
            return list(self._waiting)

    def until_waiting(self, count: int, seconds: float = 30) -> list[Asked]:
        """Wait until so many requests are out."""
        self.until(lambda: len(self._waiting) >= count, seconds)
        return self.waiting

    def until(self, seen: Callable[[], bool], seconds: float = 30) -> None:
        """Wait until requests have made it so."""
        with self._news:
            assert self._news.wait_for(seen, seconds), "it did not come about in time"

    def answer(self, asked: Asked, step: Any = None) -> None:
        """Answer one request."""
        with self._news:
            self._waiting.remove(asked)
        outcome = small_picture() if step is None else step
        asked.loop.call_soon_threadsafe(_settle, asked.answer, outcome)

    def let_go(self) -> None:
        """Answer everything, and hold no more."""
        self.holds = False
        for asked in self.waiting:
            self.answer(asked)

    def forget(self) -> None:
        """Whoever asked has gone."""
        with self._news:
            self._waiting.clear()

    async def close(self) -> None:
        self.closed += 1


def _settle(answer: asyncio.Future[Any], outcome: Any) -> None:
    # The engine may have given up the request meanwhile.
    if not answer.done():
        answer.set_result(outcome)
