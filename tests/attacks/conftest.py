"""Both servers, started once for all attacks, and a browser for those that need one."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.attacks.chromium import chromium
from tests.attacks.targets import Bare, Ours


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bare]:
    with Bare(tmp_path_factory.mktemp("bare")) as target:
        yield target


@pytest.fixture(scope="session")
def open_bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bare]:
    """The bare app without a password, as on one's own machine."""
    with Bare(tmp_path_factory.mktemp("open"), without_password=True) as target:
        yield target


@pytest.fixture(scope="session")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ours]:
    with Ours(tmp_path_factory.mktemp("ours")) as target:
        yield target


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found
