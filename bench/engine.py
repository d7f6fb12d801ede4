"""Engine overhead per image, and makespan against the ideal.

    python bench/engine.py [--images 1000] [--in-flight 16]

The provider hands out one picture that was encoded beforehand, first at once, then after a second.
Overhead is CPU time of the whole process for each image; what decoding, thumbnail and metadata
take of it is measured apart, in the same run, as the baseline. Nothing here is a test: figures
depend on the machine, so compare only figures of one run.
"""

import argparse
import asyncio
import io
import platform
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from app.api.local_api import LocalApi
from app.media.metadata import ImageRecord, embed
from app.media.pictures import inspect, thumbnail
from app.providers.base import (
    ImageProvider,
    ImageRequest,
    PaintedImage,
    Progress,
    ProviderAnswer,
    Recovery,
)

MODEL = "painter:painter"


class Canned(ImageProvider):
    """Answers every request with the same bytes after a fixed time."""

    name = "painter"
    label = "Canned"
    recovery: Recovery = "free"

    def __init__(self, data: bytes, seconds: float) -> None:
        self._data = data
        self._seconds = seconds

    async def generate(
        self, request: ImageRequest, progress: Progress | None = None
    ) -> ProviderAnswer:
        await asyncio.sleep(self._seconds)
        image = PaintedImage(data=self._data, mime_type="image/jpeg", seed=request.seed)
        return ProviderAnswer(images=(image,), cost=0.0)

    async def close(self) -> None:
        return None


def picture(side: int = 256) -> bytes:
    buffer = io.BytesIO()
    Image.radial_gradient("L").resize((side, side)).convert("RGB").save(buffer, "JPEG")
    return buffer.getvalue()


def run(images: int, in_flight: int, seconds: float, data: bytes) -> tuple[float, float]:
    """Wall and CPU seconds from Start to the last saved image."""
    with tempfile.TemporaryDirectory() as folder:
        api = LocalApi(Path(folder) / "data", Path(folder) / "output")
        api.studio.providers = {"painter": Canned(data, seconds)}
        api.open()
        api.update_settings({"concurrency": in_flight})
        api.add_many([{"prompt": f"p{number}", "model": MODEL} for number in range(images)])
        pause = threading.Event()
        wall, cpu = time.perf_counter(), time.process_time()
        api.start_queue()
        while api.queue_state().data["images_done"] < images:
            pause.wait(0.2)
        spent = time.perf_counter() - wall, time.process_time() - cpu
        api.close()
        return spent


def cpu_of(work: Callable[[], object], times: int = 50) -> float:
    begun = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - begun) / times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--in-flight", type=int, default=16)
    options = parser.parse_args()
    data = picture()
    decoded = inspect(data)
    record = ImageRecord(
        prompt="p", negative_prompt="", model=MODEL, model_version="", aspect_ratio="1:1",
        quality="1K", seed=1, task_id="t", attempt_id="a", slot=1, generation=1, created_at="",
    )  # fmt: skip
    parts = {
        "decode": cpu_of(lambda: inspect(data)),
        "thumbnail": cpu_of(lambda: thumbnail(decoded.image)),
        "metadata": cpu_of(lambda: embed(data, "image/jpeg", record)),
    }
    print(f"{platform.platform()}, Python {platform.python_version()}, "
          f"{options.images} images of {len(data)} bytes, {options.in_flight} at once")  # fmt: skip
    for seconds in (0.0, 1.0):
        wall, cpu = run(options.images, options.in_flight, seconds, data)
        each = cpu / options.images * 1000
        media = sum(parts.values()) * 1000
        ideal = -(-options.images // options.in_flight) * seconds
        ratio = f", {wall / ideal:.3f} x ideal {ideal:.0f} s" if ideal else ""
        print(f"provider {seconds:.0f} s: wall {wall:.1f} s{ratio}; CPU {each:.1f} ms an image, "
              f"of it media {media:.1f} ms, engine {each - media:.1f} ms")  # fmt: skip
    for name, spent in parts.items():
        print(f"  {name}: {spent * 1000:.2f} ms CPU")


if __name__ == "__main__":
    main()
