"""Models, providers, settings and figures."""

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
