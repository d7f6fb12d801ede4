"""kill -9 while the queue runs, then start again: nothing lost, nothing bought twice."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import func, select

from app.api.local_api import LocalApi
from app.store import schema
from tests.providers.fake_gemini import KEY, FakeGemini
from tests.waiting import until_idle

WORKER = """
import sys, time
from pathlib import Path
from app.api.local_api import LocalApi
folder = Path(sys.argv[1])
api = LocalApi(folder / "data", folder / "output", painter_latency_seconds=0.01)
api.open()
print("open", flush=True)
time.sleep(60)
"""
TASKS = 24
KILLS = 4


def run_and_kill(folder: Path, environment: dict[str, str], seconds: float) -> None:
    """Start a server process, let it work for a while, kill it without warning."""
    with subprocess.Popen(
        [sys.executable, "-c", WORKER, str(folder)],
        env={**os.environ, **environment, "PYTHONPATH": "."},
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"open\n"
        time.sleep(seconds)
        os.kill(process.pid, signal.SIGKILL)


def queue_up(folder: Path, model: str) -> None:
    api = LocalApi(folder / "data", folder / "output")
    api.open()
    api.update_settings({"concurrency": 4})
    answer = api.add_many(
        [{"prompt": f"boat {number}", "model": model, "aspect_ratio": "1:1"}
         for number in range(TASKS)]
    )  # fmt: skip
    assert answer.success, answer.message
    with api.studio.database.write() as tx:
        tx.connection.execute(schema.queue_state.update().values(running=True))
    api.engine.stop(0)
    api.close()


def reopened(folder: Path) -> LocalApi:
    api = LocalApi(folder / "data", folder / "output", painter_latency_seconds=0)
    api.open()
    return api


def check_pictures(api: LocalApi, folder: Path) -> int:
    """Every row has its file and every file its row; answers how many."""
    names = {image["file_path"] for row in api.get_queue().data
             for image in api.get_images(row["output_images"]).data}  # fmt: skip
    on_disk = {str(path) for path in (folder / "output").rglob("*") if path.is_file()}
    assert names == on_disk
    for name in names:
        with Image.open(name) as picture:
            picture.load()
    return len(names)


def count(api: LocalApi, state: str) -> int:
    with api.studio.database.read() as connection:
        query = select(func.count()).where(schema.attempts.c.state == state)
        return connection.execute(query).scalar_one()


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is how POSIX systems take a process down")
def test_the_painter_paints_every_image_exactly_once(tmp_path: Path) -> None:
    queue_up(tmp_path, "painter:painter")
    chance = random.Random(1)
    for _ in range(KILLS):
        run_and_kill(tmp_path, {}, chance.uniform(0.05, 0.5))

    api = reopened(tmp_path)
    try:
        until_idle(api)
        # On a slow machine every kill may hit the same first tasks, which are then set aside.
        failed = {row["error_code"] for row in api.get_queue().data} - {""}
        assert failed <= {"set_aside"}
        api.retry_tasks()
        assert until_idle(api)["counts"]["completed"] == TASKS
        assert check_pictures(api, tmp_path) == TASKS
        assert count(api, "saved") == TASKS
        assert count(api, "sent") == 0
    finally:
        api.close()


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is how POSIX systems take a process down")
def test_a_paid_provider_is_never_asked_twice_for_one_image(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FakeGemini() as fake:
        environment = {"GEMINI_API_KEY": KEY, "WHISK_GEMINI_URL": fake.url}
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        queue_up(tmp_path, "gemini:gemini-3-pro-image")
        chance = random.Random(2)
        for _ in range(KILLS):
            run_and_kill(tmp_path, environment, chance.uniform(0.6, 1.2))

        api = reopened(tmp_path)
        try:
            state = until_idle(api)
            saved, uncertain = count(api, "saved"), count(api, "uncertain")
            assert check_pictures(api, tmp_path) == saved
            assert saved + uncertain == TASKS
            assert state["uncertain"] == uncertain <= 4 * KILLS
            # Every charge is a picture on disk or a doubt that is shown.
            assert saved <= len(fake.calls) <= saved + uncertain
            assert count(api, "sent") == 0
        finally:
            api.close()
