"""Health: what is found, and what to do about it."""

import os
import stat
from pathlib import Path
from typing import Any

import pytest

from app.api.local_api import LocalApi
from app.api.mock_api import MockApi
from app.engine.engine import needed_bytes
from app.media.shelf import FolderShelf
from app.models import UserInfo
from app.store import claims
from tests.engine.conftest import studio


def examined(api: LocalApi) -> tuple[bool, dict[str, dict[str, Any]]]:
    health = api.check_health().data
    return health["ready"], {check["name"]: check for check in health["checks"]}


def test_a_new_studio_is_well(local: LocalApi) -> None:
    ready, checks = examined(local)

    assert ready
    assert list(checks) == ["database", "engine", "data_folder", "disk", "output_folder", "keys",
                            "gates"]  # fmt: skip
    assert all(check["ok"] and check["message"] for check in checks.values())
    assert "SQLite 3." in checks["database"]["message"]
    assert local.check_health().data["version"]


def test_a_studio_in_memory_is_well() -> None:
    with MockApi() as api:
        ready, checks = examined(api)

    assert ready
    assert list(checks) == ["database", "engine", "disk", "keys", "gates"]


def test_looking_changes_nothing(first: Path) -> None:
    with studio(first) as api:
        api.studio.default_output = str(first / "not" / "there")
        before = {path: path.stat().st_size for path in first.rglob("*")}
        cursor = api.get_changes(0).data["cursor"]

        ready, checks = examined(api)

        assert ready
        assert "made with the first image" in checks["output_folder"]["message"]
        assert {path: path.stat().st_size for path in first.rglob("*")} == before
        assert api.get_changes(0).data["cursor"] == cursor


def test_a_studio_that_only_reads_is_well(first: Path) -> None:
    with studio(first) as api:
        ready, checks = examined(api)

    assert ready
    assert "Not working here" in checks["engine"]["message"]


def test_a_dead_engine_is_told(local: LocalApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(local.engine), "alive", False)
    ready, checks = examined(local)

    assert not ready
    assert "Start Whisk Desktop again" in checks["engine"]["message"]


def test_too_little_disk_is_what_the_engine_calls_too_little(
    local: LocalApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    local.update_settings({"concurrency": 3})
    monkeypatch.setattr(FolderShelf, "free_bytes", lambda shelf: needed_bytes(3) - 1)

    ready, checks = examined(local)

    assert not ready
    assert "make room" in checks["disk"]["message"]
    monkeypatch.setattr(FolderShelf, "free_bytes", lambda shelf: needed_bytes(3))
    assert examined(local)[0]


def test_an_output_folder_that_cannot_be_made_is_told(local: LocalApi, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    local.studio.default_output = str(tmp_path / "file" / "images")

    ready, checks = examined(local)

    assert not ready
    assert "another in Settings" in checks["output_folder"]["message"]


@pytest.mark.skipif(os.name != "posix", reason="rights of POSIX")
def test_a_data_folder_that_is_open_to_others_is_told(local: LocalApi, tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert "this account only" in examined(local)[1]["data_folder"]["message"]
    data.chmod(stat.S_IMODE(data.stat().st_mode) | 0o050)

    ready, checks = examined(local)

    assert ready, "it works all the same"
    assert f"chmod 700 {data}" in checks["data_folder"]["message"]


def test_a_database_that_is_gone_is_told(first: Path) -> None:
    with studio(first) as api:
        (first / "data" / "whisk.sqlite").rename(first / "elsewhere")
        ready, checks = examined(api)

    assert not ready
    assert "whisk restore" in checks["database"]["message"]


def test_a_database_that_cannot_be_read_is_told(first: Path) -> None:
    with studio(first) as api:
        with api.studio.database.write() as tx:
            tx.connection.exec_driver_sql("ALTER TABLE feed RENAME TO gone")
        ready, checks = examined(api)

    assert not ready
    assert "no such table: feed" in checks["database"]["message"]
    assert list(checks) == ["database", "engine", "data_folder"]


def test_a_key_that_is_lacking_is_well_and_told_how_to_add(local: LocalApi) -> None:
    ready, checks = examined(local)

    assert ready
    assert "GEMINI_API_KEY" in checks["keys"]["message"]
    local.set_provider_key("gemini", "k" * 30)
    assert "has a key" in examined(local)[1]["keys"]["message"]
    assert "kkkk" not in str(examined(local))


def test_a_key_that_cannot_be_used_is_told(
    local: LocalApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", "two words")
    ready, checks = examined(local)

    assert ready
    assert "GEMINI_API_KEY does not hold a key" in checks["keys"]["message"]


def test_a_provider_that_waits_is_told(local: LocalApi) -> None:
    with local.studio.database.write() as tx:
        claims.pause(tx, "gemini", "key_refused")

    ready, checks = examined(local)

    assert ready
    assert "refused the key; 0 tasks wait" in checks["gates"]["message"]


def test_it_is_for_admins(local: LocalApi) -> None:
    member = local.acting_as(UserInfo(id="local", username="local", role="member"))

    assert member.check_health().code == "not_allowed"
