"""The painter: pictures from words, on this machine, without a key and without a model.

It is what a newcomer sees first and what the tests paint with: the same request answers the same
bytes, and a script can make it fail on purpose.
"""

import asyncio
from collections import deque
from collections.abc import Sequence

from app.clock import Clock
from app.errors import ProviderError
from app.providers.base import ImageProvider, ImageRequest, PaintedImage, Progress, ProviderAnswer
from app.providers.painter_picture import paint

MODEL_VERSION = "painter-1"
"""Raised whenever the same request would answer other bytes than before."""

WAITING_STEPS = 8


class PainterProvider(ImageProvider):
    """Paints procedural illustrations that follow the prompt, the ratio and the references.

    The same prompt, negative prompt, size, seed, slot and references answer the same bytes (with
    the same version of Pillow); another seed or slot is another picture.

    Args:
        latency_seconds: How long a request takes before the painting starts.
        clock: Waits out the latency; tests hand in one that does not.
        script: Outcomes of the first calls, one each, in the order of the calls: an error is
            raised instead of painting, None paints. After its end every call paints.
    """

    name = "painter"
    label = "Painter"
    recovery = "free"

    def __init__(
        self,
        *,
        latency_seconds: float = 0.6,
        clock: Clock | None = None,
        script: Sequence[ProviderError | None] = (),
    ) -> None:
        self._latency_seconds = latency_seconds
        self._clock = clock or Clock()
        self._script = deque(script)

    async def generate(
        self, request: ImageRequest, progress: Progress | None = None
    ) -> ProviderAnswer:
        """Paint one PNG of exactly `request.size` pixels, in a thread; it costs nothing.

        References that are no pictures are left out. Progress runs from 0 to 1.

        Raises:
            ProviderError: What the script wants for this call.
        """
        report = progress or _keep_quiet
        outcome = self._script.popleft() if self._script else None
        await self._wait(report)
        if outcome is not None:
            raise outcome
        data = await asyncio.to_thread(paint, request)
        report(1.0)
        image = PaintedImage(data=data, mime_type="image/png", seed=request.seed)
        return ProviderAnswer(images=(image,), cost=0.0, model_version=MODEL_VERSION)

    async def _wait(self, report: Progress) -> None:
        for step in range(WAITING_STEPS):
            report(0.9 * step / WAITING_STEPS)
            await self._clock.sleep(self._latency_seconds / WAITING_STEPS)

    async def close(self) -> None:
        """There is nothing to release; a second call does nothing either."""


def _keep_quiet(_progress: float) -> None:
    """Nobody wants to know."""
