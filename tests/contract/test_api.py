"""What every `BaseApi` promises: one suite, run on every implementation.

Add an implementation: subclass `ApiContract` and give it an `api` fixture.
"""

import io
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from app.api.base_api import BaseApi
from app.api.local_api import LocalApi
from app.api.mock_api import MockApi
from app.api.models import MediaContent, TaskItem, UserInfo
from tests.serving import in_process, over_a_socket
from tests.waiting import until, until_idle

PAINTER = "painter:painter"
VIEWER = UserInfo(id="local", username="local", role="viewer")


def picture(colour: str = "red", kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 48), colour).save(buffer, kind)
    return buffer.getvalue()


def task(prompt: str = "a boat at dawn", **more: Any) -> dict[str, Any]:
    return {"prompt": prompt, "model": PAINTER, **more}


def whole(content: MediaContent) -> bytes:
    return content.read()


class ApiContract:
    """The promises."""

    def add(self, api: BaseApi, prompt: str = "a boat at dawn", **more: Any) -> dict[str, Any]:
        answer = api.add_to_queue(task(prompt, **more))
        assert answer.success, answer.message
        return answer.data

    # --- reading --------------------------------------------------------------------------

    def test_an_empty_queue_is_a_success_with_an_empty_list(self, api: BaseApi) -> None:
        answer = api.get_queue()

        assert (answer.success, answer.data, answer.total) == (True, [], 0)

    def test_a_row_has_exactly_the_fields_of_a_task_and_builds_one(self, api: BaseApi) -> None:
        row = self.add(api)

        assert set(row) == {item.name for item in fields(TaskItem)}
        assert TaskItem(**row).prompt == "a boat at dawn"

    def test_an_unknown_task_is_not_found(self, api: BaseApi) -> None:
        answer = api.get_task("nobody")

        assert (answer.success, answer.code) == (False, "task_not_found")
        assert answer.message == "Task not found"

    # --- adding ---------------------------------------------------------------------------

    def test_a_task_is_added_at_the_end_and_waits(self, api: BaseApi) -> None:
        first, second = self.add(api, "one"), self.add(api, "two")

        assert [row["stt"] for row in (first, second)] == [1, 2]
        assert [row["prompt"] for row in api.get_queue().data] == ["one", "two"]
        assert second["status"] == "pending"

    def test_a_read_only_field_handed_in_is_ignored(self, api: BaseApi) -> None:
        row = self.add(api, id="mine", stt=9, status="completed", output_images=["x"])

        assert row["id"] != "mine"
        assert (row["stt"], row["status"], row["output_images"]) == (1, "pending", [])

    def test_the_same_client_request_twice_is_one_task(self, api: BaseApi) -> None:
        first = self.add(api, client_request_id="click-1")
        second = self.add(api, "another text", client_request_id="click-1")

        assert first["id"] == second["id"]
        assert api.get_queue().total == 1

    def test_the_defaults_are_those_of_the_design(self, api: BaseApi) -> None:
        row = api.add_to_queue({"prompt": "x"}).data

        assert row["model"] == "gemini:gemini-3-pro-image"
        assert (row["aspect_ratio"], row["quality"], row["images_per_prompt"]) == ("16:9", "1K", 1)

    @pytest.mark.parametrize(
        ("change", "code", "field"),
        [
            ({"prompt": "  \n "}, "prompt_empty", "prompt"),
            ({"prompt": "x" * 20_001}, "prompt_too_long", "prompt"),
            ({"prompt": "a\0b"}, "nul_character", "prompt"),
            ({"prompt": None}, "invalid_value", "prompt"),
            ({"model": "Nano Apple"}, "model_unknown", "model"),
            ({"aspect_ratio": "5:3"}, "ratio_unsupported", "aspect_ratio"),
            ({"quality": "8K"}, "quality_unsupported", "quality"),
            ({"images_per_prompt": 0}, "images_per_prompt_range", "images_per_prompt"),
            ({"images_per_prompt": 11}, "images_per_prompt_range", "images_per_prompt"),
            ({"seed": -1}, "seed_range", "seed"),
            ({"seed": 2**32}, "seed_range", "seed"),
            ({"seed": "red"}, "invalid_value", "seed"),
            ({"task_name": "n" * 201}, "name_too_long", "task_name"),
            ({"reference_images": ["gone"]}, "reference_not_found", "reference_images_by_cat"),
            ({"reference_images_by_cat": None}, "invalid_value", "reference_images_by_cat"),
            ({"project_id": "elsewhere"}, "project_not_found", "project_id"),
            ({"colour": "red"}, "unknown_field", "colour"),
        ],
    )
    def test_what_cannot_work_is_refused_by_field_and_leaves_no_task(
        self, api: BaseApi, change: dict[str, Any], code: str, field: str
    ) -> None:
        answer = api.add_to_queue(task(**change))

        assert (answer.success, answer.code, answer.field) == (False, code, field)
        assert answer.message.endswith(".")
        assert api.get_queue().total == 0

    def test_many_are_added_all_or_none_and_the_bad_row_is_named(self, api: BaseApi) -> None:
        answer = api.add_many([task("one"), task(""), task("three")])

        assert (answer.code, answer.params["row"]) == ("prompt_empty", "2")
        assert api.get_queue().total == 0

    def test_three_hundred_and_one_prompts_are_three_hundred_and_one_tasks(
        self, api: BaseApi
    ) -> None:
        answer = api.add_many([task(f"prompt {number}") for number in range(301)])

        assert answer.total == 301
        assert [row["stt"] for row in api.get_queue().data] == list(range(1, 302))

    def test_more_than_ten_thousand_at_once_are_refused(self, api: BaseApi) -> None:
        assert api.add_many([task()] * 10_001).code == "too_many_tasks"

    @pytest.mark.parametrize(
        "prompt",
        [
            '70% negative space, $1 tag, _no_ watermark, "quoted" — and <b>bold</b>',
            "Bà ngoại mỉm cười".encode().decode(),
            "Ba\u0300 ngoa\u0323i",
            "夜の水上マーケット。「赤いマフラー」",
            "two\nlines 🦊",
        ],
    )
    def test_every_character_of_a_prompt_is_kept(self, api: BaseApi, prompt: str) -> None:
        assert self.add(api, prompt)["prompt"] == prompt

    # --- references -----------------------------------------------------------------------

    def test_the_same_picture_twice_is_one_reference(self, api: BaseApi) -> None:
        first = api.add_reference("lan.png", picture()).data
        second = api.add_reference("other.png", picture()).data

        assert first["id"] == second["id"]
        assert (first["width"], first["height"]) == (64, 48)

    def test_a_reference_can_be_read_back_large_and_small(self, api: BaseApi) -> None:
        reference = api.add_reference("lan.png", picture("red")).data

        large = api.read_reference(reference["id"]).data
        small = api.read_reference(reference["id"], thumbnail=True).data

        assert Image.open(io.BytesIO(whole(large))).getpixel((5, 5)) == (255, 0, 0)
        assert Image.open(io.BytesIO(whole(small))).format == "WEBP"

    @pytest.mark.parametrize(
        ("content", "code"),
        [
            (b"", "picture_empty"),
            (b"just words, no picture", "picture_type_unknown"),
            (picture()[: len(picture()) // 2], "picture_damaged"),
        ],
    )
    def test_what_is_no_whole_picture_is_refused(
        self, api: BaseApi, content: bytes, code: str
    ) -> None:
        answer = api.add_reference("ref.png", content)

        assert (answer.success, answer.code) == (False, code)

    def test_references_keep_their_category_and_order(self, api: BaseApi) -> None:
        ids = [api.add_reference(f"{c}.png", picture(c)).data["id"] for c in ("red", "blue")]

        row = self.add(api, reference_images_by_cat={"style": ids[::-1]})

        assert row["reference_images_by_cat"] == {"title": [], "scene": [], "style": ids[::-1]}

    def test_six_in_one_category_or_eleven_in_all_are_too_many(self, api: BaseApi) -> None:
        one = api.add_reference("one.png", picture()).data["id"]
        six = api.add_to_queue(task(reference_images_by_cat={"title": [one] * 6}))
        eleven = api.add_to_queue(
            task(reference_images=[one], reference_images_by_cat={"title": [one] * 5,
                                                                  "scene": [one] * 5})
        )  # fmt: skip

        assert six.code == "too_many_references_in_category"
        assert eleven.code == "too_many_references"

    # --- changing -------------------------------------------------------------------------

    def test_an_edit_changes_the_field_and_raises_the_revision(self, api: BaseApi) -> None:
        row = self.add(api)

        edited = api.update_task(row["id"], {"prompt": "a fox", "aspect_ratio": "1:1"}).data

        assert (edited["prompt"], edited["aspect_ratio"]) == ("a fox", "1:1")
        assert edited["revision"] == row["revision"] + 1

    def test_a_whole_row_handed_back_changes_nothing(self, api: BaseApi) -> None:
        row = self.add(api)

        answer = api.update_task(row["id"], row)

        assert answer.data == row

    def test_a_stale_edit_is_refused(self, api: BaseApi) -> None:
        row = self.add(api)
        api.update_task(row["id"], {"prompt": "first"})

        answer = api.update_task(row["id"], {"prompt": "second", "revision": row["revision"]})

        assert answer.code == "task_changed"
        assert api.get_task(row["id"]).data["prompt"] == "first"

    def test_a_refused_edit_leaves_the_task_as_it_was(self, api: BaseApi) -> None:
        row = self.add(api)

        answer = api.update_task(row["id"], {"prompt": "", "task_name": "new"})

        assert (answer.code, answer.field) == ("prompt_empty", "prompt")
        assert api.get_task(row["id"]).data == row

    def test_an_edit_of_nothing_known_is_refused_by_name(self, api: BaseApi) -> None:
        assert api.update_task(self.add(api)["id"], {"colour": 1}).code == "unknown_field"
        assert api.update_task("nobody", {"prompt": "x"}).message == "Task not found"

    # --- deleting -------------------------------------------------------------------------

    def test_deleting_renumbers_without_gaps(self, api: BaseApi) -> None:
        ids = [self.add(api, str(number))["id"] for number in range(4)]

        answer = api.delete_tasks([ids[1], "nobody"])

        assert answer.total == 1
        assert [(row["stt"], row["id"]) for row in api.get_queue().data] == [
            (1, ids[0]),
            (2, ids[2]),
            (3, ids[3]),
        ]
        assert api.delete_tasks([ids[1]]).total == 0

    # --- running --------------------------------------------------------------------------

    def test_started_tasks_become_images_that_can_be_read(self, api: BaseApi) -> None:
        row = self.add(api, images_per_prompt=2, aspect_ratio="1:1")
        api.start_queue()
        until_idle(api)

        finished = api.get_task(row["id"]).data
        assert (finished["status"], finished["progress"]) == ("completed", 100)
        assert len(finished["output_images"]) == 2
        assert finished["output_image"] == finished["output_images"][0]
        content = api.read_image(finished["output_image"]).data
        assert Image.open(io.BytesIO(whole(content))).size == (1024, 1024)
        small = api.read_image(finished["output_image"], thumbnail=True).data
        assert max(Image.open(io.BytesIO(whole(small))).size) == 256

    def test_an_image_tells_what_made_it(self, api: BaseApi) -> None:
        row = self.add(api, seed=7, aspect_ratio="1:1")
        api.start_queue()
        until_idle(api)

        (image,) = api.get_images(api.get_task(row["id"]).data["output_images"]).data

        assert (image["prompt"], image["seed"], image["model"]) == ("a boat at dawn", 7, PAINTER)
        assert image["file_name"].rpartition(".")[0].endswith(f"-{image['attempt_id']}-1")

    def test_nothing_starts_while_the_queue_is_stopped(self, api: BaseApi) -> None:
        api.start_queue()
        api.stop_queue()
        row = self.add(api)

        assert api.queue_state().data["running"] is False
        assert api.get_task(row["id"]).data["attempts"] == 0

    def test_starting_and_stopping_twice_is_a_success(self, api: BaseApi) -> None:
        assert [api.start_queue().success for _ in range(2)] == [True, True]
        assert [api.stop_queue().success for _ in range(2)] == [True, True]

    def test_running_again_raises_the_generation_and_keeps_the_old_image(
        self, api: BaseApi
    ) -> None:
        row = self.add(api, aspect_ratio="1:1")
        api.start_queue()
        until_idle(api)
        before = api.get_task(row["id"]).data

        assert api.run_tasks([row["id"]]).total == 1
        until(lambda: api.get_task(row["id"]).data["status"] == "completed")

        after = api.get_task(row["id"]).data
        assert after["generation"] == 2
        assert after["output_images"] != before["output_images"]
        assert api.read_image(before["output_image"]).success

    def test_more_images_are_only_the_missing_ones(self, api: BaseApi) -> None:
        row = self.add(api, aspect_ratio="1:1")
        api.start_queue()
        until_idle(api)
        first = api.get_task(row["id"]).data["output_image"]

        api.update_task(row["id"], {"images_per_prompt": 3})
        until_idle(api)

        outputs = api.get_task(row["id"]).data["output_images"]
        assert len(outputs) == 3
        assert outputs[0] == first

    def test_a_deleted_task_s_image_stays(self, api: BaseApi) -> None:
        row = self.add(api, aspect_ratio="1:1")
        api.start_queue()
        until_idle(api)
        image = api.get_task(row["id"]).data["output_image"]

        api.delete_tasks([row["id"]])

        assert api.read_image(image).success

    def test_an_unknown_image_is_not_found(self, api: BaseApi) -> None:
        assert api.read_image("nobody").code == "image_not_found"
        assert api.read_reference("nobody").code == "reference_not_found"
        assert api.get_images(["nobody"]).data == []

    # --- changes --------------------------------------------------------------------------

    def test_the_first_look_is_the_whole_queue(self, api: BaseApi) -> None:
        self.add(api)

        first = api.get_changes(0).data

        assert first["rows"] == api.get_queue().data
        assert first["queue"]["counts"]["pending"] == 1

    def test_nothing_new_is_an_empty_answer(self, api: BaseApi) -> None:
        self.add(api)
        cursor = api.get_changes(0).data["cursor"]

        again = api.get_changes(cursor).data

        assert again == {
            "cursor": cursor, "reset": False, "rows": [], "removed": [], "queue": None,
        }  # fmt: skip

    def test_a_change_is_seen_once_with_its_row(self, api: BaseApi) -> None:
        one, two = self.add(api, "one"), self.add(api, "two")
        cursor = api.get_changes(0).data["cursor"]
        api.update_task(two["id"], {"prompt": "second"})
        api.delete_tasks([one["id"]])

        changes = api.get_changes(cursor).data

        assert [(row["id"], row["stt"], row["prompt"]) for row in changes["rows"]] == [
            (two["id"], 1, "second")
        ]
        assert changes["removed"] == [one["id"]]

    def test_a_cursor_from_elsewhere_resets(self, api: BaseApi) -> None:
        self.add(api)

        changes = api.get_changes(10**9).data

        assert changes["reset"] is True
        assert len(changes["rows"]) == 1

    # --- intake ---------------------------------------------------------------------------

    def test_prompts_are_split_by_line_or_by_blank_line(self, api: BaseApi) -> None:
        text = "one\ntwo\n\n  three  \n"

        assert api.split_prompts(text).data == ["one", "two", "three"]
        assert api.split_prompts(text, "blank").data == ["one\ntwo", "three"]
        assert api.split_prompts(text, "comma").code == "separator_unknown"

    def test_a_file_with_a_bad_row_adds_none_unless_told_to(self, api: BaseApi) -> None:
        table = b"prompt,aspect_ratio\na boat,16:9\na fox,5:3\n"

        refused = api.import_tasks("a.csv", table, defaults={"model": PAINTER})
        assert refused.code == "import_has_problems"
        assert refused.data["problems"][0]["code"] == "ratio_unsupported"
        assert api.get_queue().total == 0

        added = api.import_tasks("a.csv", table, defaults={"model": PAINTER}, only_right=True)
        assert (added.total, added.data["wrong"]) == (1, 1)
        assert [row["prompt"] for row in api.get_queue().data] == ["a boat"]

    def test_only_checking_adds_nothing(self, api: BaseApi) -> None:
        answer = api.import_tasks("a.txt", b"one\n\ntwo", only_check=True)

        assert (answer.data["right"], answer.data["added"]) == (2, 0)
        assert api.get_queue().total == 0

    # --- settings and people --------------------------------------------------------------

    def test_settings_are_kept_and_bad_ones_refused(self, api: BaseApi) -> None:
        assert api.get_settings().data["concurrency"] == 2
        assert api.update_settings({"concurrency": 5, "theme": "dark"}).success

        settings = api.get_settings().data
        assert (settings["concurrency"], settings["theme"]) == (5, "dark")
        assert api.update_settings({"concurrency": 17}).code == "concurrency_range"
        assert api.update_settings({"naming_pattern": "{nonsense}"}).code == "pattern_invalid"
        assert api.update_settings({"theme": "pink"}).code == "invalid_value"
        assert api.update_settings({"colour": 1}).code == "unknown_field"

    def test_the_painter_needs_no_key_and_takes_none(self, api: BaseApi) -> None:
        providers = {item["name"]: item for item in api.list_providers().data}

        assert providers["painter"]["has_key"] is True
        assert api.set_provider_key("painter", "k").code == "key_not_needed"
        assert api.set_provider_key("nobody", "k").code == "provider_unknown"

    def test_every_listed_model_says_what_it_can_do(self, api: BaseApi) -> None:
        models = api.list_models().data

        assert PAINTER in [model["id"] for model in models]
        assert all(model["sizes"] and model["label"] for model in models)

    def test_a_short_password_is_refused(self, api: BaseApi) -> None:
        assert api.set_password("short").code == "password_too_short"
        assert api.set_password("a long and rare sentence").success

    def test_a_viewer_looks_and_changes_nothing(self, api: BaseApi) -> None:
        row = self.add(api)
        viewer = api.acting_as(VIEWER)

        assert viewer.get_queue().total == 1
        refusals = [
            viewer.add_to_queue(task()),
            viewer.update_task(row["id"], {"prompt": "x"}),
            viewer.delete_tasks([row["id"]]),
            viewer.start_queue(),
            viewer.retry_tasks(),
            viewer.run_tasks([row["id"]]),
            viewer.add_reference("a.png", picture()),
            viewer.set_provider_key("gemini", "k" * 20),
            viewer.update_settings({"concurrency": 3}),
        ]
        assert {answer.code for answer in refusals} == {"not_allowed"}
        assert api.get_task(row["id"]).data == row


class TestMockApi(ApiContract):
    @pytest.fixture
    def api(self) -> Iterator[BaseApi]:
        api = MockApi()
        api.open()
        yield api
        api.close()


class TestLocalApi(ApiContract):
    @pytest.fixture
    def api(self, tmp_path: Path) -> Iterator[BaseApi]:
        api = LocalApi(tmp_path / "data", tmp_path / "out", painter_latency_seconds=0)
        api.open()
        yield api
        api.close()


class TestRealApi(ApiContract):
    """The client, the gate and the routes together, without a network."""

    @pytest.fixture
    def api(self, tmp_path: Path) -> Iterator[BaseApi]:
        studio = LocalApi(tmp_path / "data", tmp_path / "out", painter_latency_seconds=0)
        with studio, in_process(studio) as api:
            yield api


class TestRealApiOverASocket(ApiContract):
    """The same over a real socket of this machine."""

    @pytest.fixture
    def api(self, tmp_path: Path) -> Iterator[BaseApi]:
        studio = LocalApi(tmp_path / "data", tmp_path / "out", painter_latency_seconds=0)
        with studio, over_a_socket(studio) as api:
            yield api


def _implementations(base: type[BaseApi]) -> set[str]:
    found = {base.__name__} - {"BaseApi"}
    return found.union(*(_implementations(child) for child in base.__subclasses__()))


def test_every_implementation_has_its_suite() -> None:
    suites = {suite.__name__.removeprefix("Test") for suite in ApiContract.__subclasses__()}

    assert suites - {"RealApiOverASocket"} == _implementations(BaseApi)


def test_no_suite_quietly_replaces_a_promise() -> None:
    promised = {name for name in vars(ApiContract) if name.startswith("test_")}

    for suite in ApiContract.__subclasses__():
        assert not promised & set(vars(suite))
