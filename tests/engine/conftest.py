"""Studios that many tests of safety copies begin with, made once."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from app.api.local_api import LocalApi
from app.engine.backup_file import DATABASE
from app.engine.restore import restore
from app.errors import WhiskError
from app.store.schema import metadata
from tests.engine.scripted import png
from tests.waiting import until_idle

KEY = "canary-key-4711-0815"

PASSING = {"feed", "queue_state", "sessions", "tokens", "login_failures", "login_tries"}
"""Tables that a restore changes on purpose."""


@pytest.fixture(scope="session")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder in which the tables are made: that takes longer than most tests."""
    folder = tmp_path_factory.mktemp("tables")
    with LocalApi(folder / "data", folder / "out", works=False):
        pass
    return folder / "data"


@pytest.fixture(scope="session")
def painted(tables: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed studio with tasks, a reference, images, a key and a token."""
    folder = tmp_path_factory.mktemp("painted")
    shutil.copytree(tables, folder / "data")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
        with LocalApi(folder / "data", folder / "out", painter_latency_seconds=0) as api:
            reference = api.add_reference("lan.png", png("red")).data["id"]
            api.add_many(
                [
                    task("one", reference_images_by_cat={"style": [reference]}),
                    task("two", images_per_prompt=2),
                    task("Chợ nổi 夜 🦊"),
                ]
            )
            api.start_queue()
            until_idle(api)
            api.stop_queue()
            api.add_to_queue(task("still waiting"))
            api.set_provider_key("gemini", KEY)
    return folder


@pytest.fixture
def first(painted: Path, tmp_path: Path) -> Path:
    """A copy of the painted studio; its images stay where they were painted."""
    shutil.copytree(painted / "data", tmp_path / "first" / "data")
    return tmp_path / "first"


@pytest.fixture
def file(first: Path) -> Path:
    """A backup with images."""
    return backed_up(first)


def task(prompt: str = "a boat", **more: object) -> dict[str, object]:
    return {"prompt": prompt, "model": "painter:painter", "aspect_ratio": "1:1", **more}


def studio(folder: Path, *, works: bool = False) -> LocalApi:
    return LocalApi(folder / "data", folder / "out", painter_latency_seconds=0, works=works)


def backed_up(folder: Path, *, with_images: bool = True) -> Path:
    """A backup of a closed studio."""
    with studio(folder) as api:
        return Path(api.create_backup(with_images=with_images).data["path"])


def rows(folder: Path) -> list[dict[str, Any]]:
    with studio(folder) as api:
        return api.get_queue().data


def tables_of(data: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of a closed studio that a restore must bring back as it was."""
    with closing(sqlite3.connect(data / DATABASE)) as database:
        return {
            name: sorted(database.execute(f'SELECT * FROM "{name}"').fetchall(), key=repr)
            for name in metadata.tables
            if name not in PASSING
        }


def bytes_below(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*")}


def refusal(file: Path, data: Path) -> str:
    with pytest.raises(WhiskError) as refused:
        restore(file, data)
    return refused.value.code
