"""Adding, changing, moving and deleting tasks."""

from typing import Any

import pytest

from app.api.base_api import BaseApi
from app.errors import RateLimited
from tests.contract.promises import PAINTER, Promises, task
from tests.puppet import Puppet
from tests.waiting import until_changed


class Adding(Promises):
    """`add_to_queue`, `add_many`."""

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

    def test_a_client_request_among_many_is_known_again(self, api: BaseApi) -> None:
        tasks = [task(client_request_id=f"row-{number}") for number in range(3)]
        first = api.add_many(tasks[:2]).data

        second = api.add_many([*tasks, tasks[0]]).data

        assert second[:2] == first
        assert second[3] == first[0]
        assert api.get_queue().total == 3

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
            ({"prompt": "a\ud800b"}, "invalid_value", "prompt"),
            ({"prompt": None}, "invalid_value", "prompt"),
            ({"model": "Nano Apple"}, "model_unknown", "model"),
            ({"aspect_ratio": "5:3"}, "ratio_unsupported", "aspect_ratio"),
            ({"quality": "8K"}, "quality_unsupported", "quality"),
            ({"images_per_prompt": 0}, "images_per_prompt_range", "images_per_prompt"),
            ({"images_per_prompt": 11}, "images_per_prompt_range", "images_per_prompt"),
            ({"model": PAINTER, "seed": -1}, "seed_range", "seed"),
            ({"model": PAINTER, "seed": 2**32}, "seed_range", "seed"),
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

    def test_none_at_all_is_a_success(self, api: BaseApi) -> None:
        answer = api.add_many([])

        assert (answer.success, answer.data) == (True, [])

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


class Changing(Promises):
    """`update_task`."""

    def test_an_edit_changes_the_field_and_raises_the_revision(self, api: BaseApi) -> None:
        row = self.add(api)

        edited = api.update_task(row["id"], {"prompt": "a fox", "aspect_ratio": "1:1"}).data

        assert (edited["prompt"], edited["aspect_ratio"]) == ("a fox", "1:1")
        assert edited["revision"] == row["revision"] + 1

    def test_a_whole_row_handed_back_changes_nothing(self, api: BaseApi) -> None:
        row = self.add(api)
        cursor = self.cursor(api)

        answer = api.update_task(row["id"], row)

        assert answer.data == row
        assert api.get_changes(cursor).data["queue"] is None

    def test_a_stale_edit_is_refused(self, api: BaseApi) -> None:
        row = self.add(api)
        api.update_task(row["id"], {"prompt": "first"})

        answer = api.update_task(row["id"], {"prompt": "second", "revision": row["revision"]})

        assert answer.code == "task_changed"
        assert self.row(api, row["id"])["prompt"] == "first"

    def test_a_refused_edit_leaves_the_task_as_it_was(self, api: BaseApi) -> None:
        row = self.add(api)

        answer = api.update_task(row["id"], {"prompt": "", "task_name": "new"})

        assert (answer.code, answer.field) == ("prompt_empty", "prompt")
        assert self.row(api, row["id"]) == row

    def test_an_edit_of_nothing_known_is_refused_by_name(self, api: BaseApi) -> None:
        assert api.update_task(self.add(api)["id"], {"colour": 1}).code == "unknown_field"
        assert api.update_task("nobody", {"prompt": "x"}).message == "Task not found"

    def test_a_running_task_lets_only_its_names_be_changed(
        self, api: BaseApi, puppet: Puppet
    ) -> None:
        row = self.add(api)
        self.hold(api, puppet)

        held = api.update_task(row["id"], {"prompt": "a fox", "quality": "2K"})
        free = api.update_task(row["id"], {"task_name": "Fox", "filename_prefix": "fox"})

        assert (held.code, held.params["fields"]) == ("task_running", "prompt, quality")
        assert (free.data["task_name"], free.data["prompt"]) == ("Fox", "a boat at dawn")

    def test_fewer_images_drop_the_missing_and_more_ask_for_the_missing_only(
        self, api: BaseApi, puppet: Puppet
    ) -> None:
        row = self.add(api, images_per_prompt=2)
        (first,) = self.finished(api)

        fewer = api.update_task(row["id"], {"images_per_prompt": 1}).data
        again = api.update_task(row["id"], {"images_per_prompt": 2}).data
        api.update_task(row["id"], {"images_per_prompt": 3})
        (more,) = self.finished(api)

        assert fewer["output_images"] == first["output_images"][:1]
        # A picture that was paid for comes back; nothing is asked for.
        assert (again["status"], again["output_images"]) == ("completed", first["output_images"])
        assert more["output_images"][:2] == first["output_images"]
        assert len(puppet.requests) == 3


class Moving(Promises):
    """`move_tasks`."""

    @pytest.mark.parametrize(
        ("moved", "before", "order"),
        [
            ("c", "a", "cabde"),
            ("a", "", "bcdea"),
            ("e", "c", "abecd"),
            ("a", "d", "bcade"),
            ("db", "a", "bdace"),
            ("ae", "", "bcdae"),
            ("bd", "", "acebd"),
            ("ed", "c", "abdec"),
            ("abcde", "", "abcde"),
            ("ace", "b", "acebd"),
        ],
    )
    def test_tasks_go_where_they_are_told_and_keep_their_order(
        self, api: BaseApi, moved: str, before: str, order: str
    ) -> None:
        ids = self.add_named(api, "abcde")

        answer = api.move_tasks([ids[name] for name in moved], before=ids.get(before, ""))

        assert (answer.success, answer.total) == (True, len(moved))
        assert self.order(api) == order

    @pytest.mark.parametrize(
        ("moved", "before"), [("e", ""), ("de", ""), ("a", "b"), ("bc", "d"), ("abcde", "")]
    )
    def test_moving_what_is_there_already_changes_nothing(
        self, api: BaseApi, moved: str, before: str
    ) -> None:
        ids = self.add_named(api, "abcde")
        cursor = self.cursor(api)

        answer = api.move_tasks([ids[name] for name in moved], before=ids.get(before, ""))

        assert (answer.success, answer.total) == (True, len(moved))
        assert api.get_changes(cursor).data["queue"] is None

    def test_only_the_moved_rows_are_news(self, api: BaseApi) -> None:
        ids = self.add_named(api, "abcde")
        cursor = self.cursor(api)

        api.move_tasks([ids["d"]], before=ids["b"])

        (row,) = api.get_changes(cursor).data["rows"]
        assert (row["id"], row["stt"]) == (ids["d"], 2)

    def test_a_place_that_is_gone_is_not_found_and_moves_nothing(self, api: BaseApi) -> None:
        ids = self.add_named(api, "abc")
        api.delete_tasks([ids["b"]])

        for place in ("nobody", ids["b"]):
            answer = api.move_tasks([ids["a"]], before=place)
            assert (answer.code, answer.field) == ("task_not_found", "before")
        assert self.order(api) == "ac"

    def test_the_place_itself_does_not_move(self, api: BaseApi) -> None:
        ids = self.add_named(api, "abcde")

        answer = api.move_tasks([ids["e"], ids["c"], ids["a"]], before=ids["c"])

        assert answer.total == 2
        assert self.order(api) == "baecd"
        assert api.move_tasks([ids["c"]], before=ids["c"]).total == 0

    def test_ids_that_nothing_has_are_passed_over(self, api: BaseApi) -> None:
        ids = self.add_named(api, "abc")
        api.delete_tasks([ids["b"]])

        answer = api.move_tasks(["nobody", ids["a"], ids["b"], ids["a"]])

        assert answer.total == 1
        assert self.order(api) == "ca"
        assert api.move_tasks([]).total == 0

    def test_hundreds_of_moves_into_one_gap_keep_the_order_exact(self, api: BaseApi) -> None:
        ids = self.add_named(api, "abcdef")
        order = "abcdef"

        for number in range(200):
            # The last goes in front of the third, so that one gap gets narrower each time.
            moved = order[-1] if number % 3 else order[-2]
            api.move_tasks([ids[moved]], before=ids[order[2]])
            rest = order.replace(moved, "")
            order = rest[:2] + moved + rest[2:]

        assert self.order(api) == order

    def test_many_rows_fit_where_there_is_no_room(self, api: BaseApi) -> None:
        ids = api.add_many([task(str(number)) for number in range(2_200)]).data

        api.move_tasks(ids[2:], before=ids[1])

        queue = [row["id"] for row in api.get_queue().data]
        assert queue == [ids[0], *ids[2:], ids[1]]

    def test_work_is_taken_in_the_order_of_the_moment(self, api: BaseApi, puppet: Puppet) -> None:
        ids = self.add_named(api, "abcd")
        api.move_tasks([ids["d"]], before=ids["a"])
        api.update_settings({"concurrency": 1})

        self.hold(api, puppet)
        api.move_tasks([ids["c"]], before=ids["a"])
        puppet.let_go()
        self.finished(api)

        assert [request.prompt for request in puppet.requests] == ["d", "c", "a", "b"]

    def test_a_running_task_moves_and_is_finished(self, api: BaseApi, puppet: Puppet) -> None:
        ids = self.add_named(api, "abc")
        self.hold(api, puppet, 2)

        assert api.move_tasks([ids["a"]]).total == 1
        assert self.order(api) == "bca"
        puppet.let_go()

        assert {row["status"] for row in self.finished(api)} == {"completed"}
        assert len(puppet.requests) == 3


class Deleting(Promises):
    """`delete_tasks`."""

    def test_deleting_renumbers_without_gaps(self, api: BaseApi) -> None:
        ids = self.add_named(api, "abcd")

        answer = api.delete_tasks([ids["b"], "nobody"])

        assert answer.total == 1
        assert self.order(api) == "acd"
        assert api.delete_tasks([ids["b"]]).total == 0

    def test_the_request_of_a_deleted_task_is_never_sent_again(
        self, api: BaseApi, puppet: Puppet
    ) -> None:
        row = self.add(api)
        (asked,) = self.hold(api, puppet)
        cursor = self.cursor(api)

        api.delete_tasks([row["id"]])
        puppet.answer(asked, RateLimited("rate_limited", provider="Puppet", retry_after=600))
        until_changed(api, lambda: api.get_figures().data["attempts"][0]["state"] == "failed")

        assert api.queue_state().data["waiting"] == []
        assert api.get_changes(cursor).data["removed"] == [row["id"]]

    def test_the_request_of_a_deleted_task_ends_and_its_picture_is_saved(
        self, api: BaseApi, puppet: Puppet
    ) -> None:
        row = self.add(api)
        (asked,) = self.hold(api, puppet)

        api.delete_tasks([row["id"]])
        puppet.answer(asked)
        self.add(api, "another")
        puppet.let_go()
        self.finished(api)

        figures = api.get_figures().data
        assert figures["images"] == 2
        assert api.get_task(row["id"]).code == "task_not_found"
