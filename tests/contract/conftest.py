"""Studios for the contract: the same promises, whoever keeps them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.api.local_api import LocalApi
from tests.contract.stages import Theatre
from tests.serving import stop_serving


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder in which the tables are made: that takes longer than most tests."""
    folder = tmp_path_factory.mktemp("template")
    with LocalApi(folder / "data", folder / "output", works=False):
        pass
    return folder / "data"


@pytest.fixture(scope="session")
def theatre(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Theatre]:
    """The studios of the suites."""
    theatre = Theatre(template, lambda: tmp_path_factory.mktemp("studio"))
    yield theatre
    theatre.close()
    stop_serving()
