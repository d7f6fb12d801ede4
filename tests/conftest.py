"""What many tests need: studios that are opened and closed for them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

# Other tests borrow from the contract's, so its assertions are prepared before anybody does.
pytest.register_assert_rewrite("tests.contract")

from app.api.local_api import LocalApi  # noqa: E402


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own keys never reach a test, and a test's keys never a developer's keyring."""
    for name in ("GEMINI_API_KEY", "GOOGLE_API_KEY", "WHISK_GEMINI_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")


@pytest.fixture
def local(tmp_path: Path) -> Iterator[LocalApi]:
    """A studio on disk whose painter is quick."""
    api = LocalApi(tmp_path / "data", tmp_path / "output", painter_latency_seconds=0)
    api.open()
    yield api
    api.close()
