"""Models, providers, settings and figures."""

import io
import zipfile

import pytest

from app.api.base_api import BaseApi
from tests.contract.promises import PAINTER, Promises, picture
from tests.contract.running import refused, uncertain
from tests.puppet import COST, Puppet


class Settings(Promises):
    """Models, providers, settings."""

    def test_settings_are_kept_and_bad_ones_refused(self, api: BaseApi) -> None:
        assert api.get_settings().data["concurrency"] == 2
        assert api.update_settings({"concurrency": 5, "theme": "dark"}).success

        settings = api.get_settings().data
        assert (settings["concurrency"], settings["theme"]) == (5, "dark")
        assert api.update_settings({"concurrency": 17}).code == "concurrency_range"
        assert api.update_settings({"naming_pattern": "{nonsense}"}).code == "pattern_invalid"
        assert api.update_settings({"theme": "pink"}).code == "invalid_value"
        assert api.update_settings({"colour": 1}).code == "unknown_field"

    def test_one_bad_setting_changes_none(self, api: BaseApi) -> None:
        before = api.get_settings().data

        assert not api.update_settings({"concurrency": 5, "theme": "pink"}).success
        assert not api.update_settings({"theme": "dark", "concurrency": 0}).success

        assert api.get_settings().data == before

    @pytest.mark.parametrize("key", ["naming_pattern", "output_folder", "default_model", "theme"])
    def test_a_value_of_the_wrong_type_is_named(self, api: BaseApi, key: str) -> None:
        answer = api.update_settings({key: ["x"]})

        assert (answer.code, answer.field) == ("invalid_value", key)

    def test_the_painter_needs_no_key_and_takes_none(self, api: BaseApi) -> None:
        providers = {item["name"]: item for item in api.list_providers().data}

        assert providers["painter"]["has_key"] is True
        assert api.set_provider_key("painter", "k").code == "key_not_needed"
        for name in ("nobody", "a/b", "", ".."):
            assert api.set_provider_key(name, "k").code == "provider_unknown"

    def test_every_listed_model_says_what_it_can_do(self, api: BaseApi) -> None:
        models = api.list_models().data

        assert PAINTER in [model["id"] for model in models]
        assert all(model["sizes"] and model["label"] for model in models)


class Figures(Promises):
    """`get_figures`."""

    def test_a_new_studio_has_no_figures_yet(self, api: BaseApi) -> None:
        figures = api.get_figures().data

        assert (figures["attempts"], figures["images"], figures["bytes"]) == ([], 0, 0)
        assert figures["queue"] == api.queue_state().data

    def test_every_request_ever_made_is_counted_by_its_outcome(
        self, api: BaseApi, puppet: Puppet
    ) -> None:
        puppet.script.extend([picture(), refused(), uncertain(), picture()])
        api.update_settings({"concurrency": 1})
        self.add(api, images_per_prompt=4)
        (row,) = self.finished(api)
        api.delete_tasks([row["id"]])

        figures = api.get_figures().data

        assert figures["attempts"] == [
            {"provider": "gemini", "state": "failed", "count": 1, "cost": 0},
            {"provider": "gemini", "state": "saved", "count": 2, "cost": 2 * COST},
            {"provider": "gemini", "state": "uncertain", "count": 1, "cost": 0},
        ]
        assert figures["images"] == 2
        sizes = [image["size"] for image in api.get_images(row["output_images"]).data]
        assert figures["bytes"] == sum(sizes)


class Upkeep(Promises):
    """`check_health`, and the backups."""

    def test_a_healthy_studio_is_ready_and_says_what_was_looked_at(self, api: BaseApi) -> None:
        health = api.check_health().data

        names = [check["name"] for check in health["checks"]]
        assert {"database", "engine"} <= set(names)
        assert len(names) == len(set(names))
        assert health["ready"] == all(check["ok"] for check in health["checks"])
        assert all(check["message"] for check in health["checks"])

    def test_looking_changes_nothing(self, api: BaseApi, puppet: Puppet) -> None:
        cursor = self.cursor(api)

        api.check_health()

        assert api.get_changes(cursor).data["queue"] is None
        assert puppet.requests == []

    def test_a_backup_can_be_listed_and_read_where_there_is_a_disk(self, api: BaseApi) -> None:
        self.add(api)

        made = api.create_backup()

        if api.get_settings().data["output_folder"]:
            listed = api.list_backups().data
            assert made.data == listed[0]
            content = api.read_backup(made.data["name"]).data
            assert zipfile.ZipFile(io.BytesIO(content.read())).testzip() is None
        else:
            assert made.code == "not_kept_on_disk"
            assert api.list_backups().data == []

    @pytest.mark.parametrize("name", ["nobody", "", "..", "../whisk.sqlite", "a/b", "a\0b", "ả"])
    def test_an_unknown_backup_is_not_found(self, api: BaseApi, name: str) -> None:
        assert api.read_backup(name).code == "backup_not_found"
