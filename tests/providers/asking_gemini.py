"""Calls of the Gemini provider with the real SDK, against the local server."""

import asyncio
import io
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from PIL import Image

from app.clock import SECOND, Clock
from app.errors import ProviderError
from app.providers.base import ImageRequest, ReferencePicture
from app.providers.catalogue import Catalogue
from app.providers.gemini import GeminiProvider
from tests.providers.fake_gemini import KEY, FakeGemini

CATALOGUE = Catalogue.load()
NOON_IN_CALIFORNIA = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)  # winter: UTC-8


class StoppedClock(Clock):
    def __init__(self, moment):
        self.microseconds = int(moment.timestamp() * SECOND)

    def now(self):
        return self.microseconds


PRO = CATALOGUE.resolve("Nano Banana Pro")
SEEDLESS = replace(PRO, supports_seed=False)


def request(**changes):
    asked = {
        "attempt_id": "attempt-1",
        "model": PRO,
        "prompt": "a fox on a bicycle",
        "aspect_ratio": "16:9",
        "quality": "2K",
        "size": (2752, 1536),
        "seed": 7,
        "slot": 1,
    }
    return ImageRequest(**(asked | changes))


def picture(size=(64, 64), encoding="PNG", mode="RGB", colour="red"):
    stream = io.BytesIO()
    Image.new(mode, size, colour).save(stream, encoding)
    return stream.getvalue()


def reference(role="", name="", data=None, mime_type="image/png"):
    return ReferencePicture(role=role, name=name, mime_type=mime_type, data=data or picture())


def generate(fake, asked=None, *, key=KEY, timeout_seconds=20.0, moment=NOON_IN_CALIFORNIA):
    """One call of `generate` by the real SDK."""
    provider = GeminiProvider(
        lambda: key,
        base_url=fake.url,
        timeout_seconds=timeout_seconds,
        clock=StoppedClock(moment),
    )

    async def run():
        try:
            return await provider.generate(asked or request())
        finally:
            await provider.close()

    return asyncio.run(run())


def painted_with(step, asked=None):
    with FakeGemini(step) as fake:
        return generate(fake, asked)


def error_after(step, asked=None, **options):
    """The error that an answer becomes, after proof that it cost exactly one POST."""
    with FakeGemini(step) as fake:
        with pytest.raises(ProviderError) as caught:
            generate(fake, asked, **options)
        assert len(fake.calls) == 1
    return caught.value


def sent(asked=None):
    """The request as it reached the server."""
    with FakeGemini() as fake:
        generate(fake, asked)
        assert len(fake.calls) == 1
    return fake.calls[0]
