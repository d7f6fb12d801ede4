"""The painter: the same words paint the same picture, and it is the picture that was asked for."""

import asyncio
import io
from typing import Any

import pytest
from PIL import Image, ImageStat

from app.errors import Rejected, TryLater
from app.providers.base import ImageRequest, ProviderAnswer, ReferencePicture
from app.providers.catalogue import Catalogue
from app.providers.painter import PainterProvider

MODEL = Catalogue.load().resolve("painter")


def request(prompt: str = "a floating market at dawn", **more: Any) -> ImageRequest:
    ratio, quality = more.pop("aspect_ratio", "1:1"), more.pop("quality", "1K")
    settings: dict[str, Any] = {"seed": 1, "slot": 1, "size": MODEL.sizes[ratio][quality], **more}
    return ImageRequest(
        attempt_id="a", model=MODEL, prompt=prompt, aspect_ratio=ratio, quality=quality, **settings
    )


def painted(wanted: ImageRequest, **options: Any) -> ProviderAnswer:
    return asyncio.run(PainterProvider(latency_seconds=0, **options).generate(wanted))


def picture(wanted: ImageRequest) -> Image.Image:
    return Image.open(io.BytesIO(painted(wanted).images[0].data)).convert("RGB")


def reference(colour: str, role: str = "style") -> ReferencePicture:
    buffer = io.BytesIO()
    Image.new("RGB", (40, 40), colour).save(buffer, "PNG")
    return ReferencePicture(role=role, name="r.png", mime_type="image/png", data=buffer.getvalue())


def test_the_same_request_is_the_same_picture_to_the_byte() -> None:
    assert painted(request()).images[0].data == painted(request()).images[0].data


@pytest.mark.parametrize(
    "other",
    [request(seed=2), request(slot=2), request("a fox in the snow"),
     request(references=(reference("red"),)), request(negative_prompt="boats")],
    ids=["seed", "slot", "prompt", "reference", "negative prompt"],
)  # fmt: skip
def test_anything_else_asked_for_is_another_picture(other: ImageRequest) -> None:
    assert painted(other).images[0].data != painted(request()).images[0].data


@pytest.mark.parametrize(
    ("ratio", "quality"), [("16:9", "1K"), ("9:16", "1K"), ("21:9", "2K"), ("2:3", "1K")]
)
def test_the_pixels_follow_ratio_and_quality(ratio: str, quality: str) -> None:
    wanted = request(aspect_ratio=ratio, quality=quality)

    assert picture(wanted).size == MODEL.sizes[ratio][quality]


def test_the_colours_of_a_style_reference_are_seen() -> None:
    red, _, blue = ImageStat.Stat(picture(request(references=(reference("red"),)))).mean
    cold_red, _, cold_blue = ImageStat.Stat(picture(request(references=(reference("blue"),)))).mean

    assert red - blue > cold_red - cold_blue


@pytest.mark.parametrize(
    "prompt", ["夜の水上マーケット", "🦊", "Ba\u0300 ngoa\u0323i", "x" * 20_000]
)
def test_any_words_become_a_picture(prompt: str) -> None:
    assert picture(request(prompt)).size == (1024, 1024)


def test_an_unreadable_reference_does_not_stop_the_brush() -> None:
    broken = ReferencePicture(role="scene", name="x", mime_type="image/png", data=b"no picture")

    assert picture(request(references=(broken,))).size == (1024, 1024)


def test_the_answer_is_free_and_tells_its_seed() -> None:
    answer = painted(request(seed=99))

    assert (answer.cost, answer.images[0].seed) == (0.0, 99)
    assert answer.images[0].mime_type == "image/png"


def test_a_script_fails_in_its_order_and_then_paints() -> None:
    script = [TryLater("overloaded", provider="Painter", reason="busy"),
              Rejected("refused", provider="Painter", reason="no")]  # fmt: skip
    painter = PainterProvider(latency_seconds=0, script=script)

    for failure in script:
        with pytest.raises(type(failure)):
            asyncio.run(painter.generate(request()))
    assert asyncio.run(painter.generate(request())).images


def test_progress_ends_at_one_and_others_go_on_meanwhile() -> None:
    seen: list[float] = []
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            beats += 1
            await asyncio.sleep(0)

    async def both() -> None:
        heart = asyncio.get_running_loop().create_task(beat())
        await PainterProvider(latency_seconds=0).generate(request(), seen.append)
        heart.cancel()

    asyncio.run(both())

    assert seen[-1] == 1
    assert seen == sorted(seen)
    assert beats > 10
