"""Reading the queue: whole, one task, page by page, and what changed."""

import base64
import json
from dataclasses import fields
from typing import Any

import pytest

from app.api.base_api import BaseApi
from app.api.models import TaskItem
from tests.contract.promises import Meanwhile, Promises, task
from tests.puppet import Puppet


class Reading(Promises):
    """`get_queue`, `get_task`."""

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

    @pytest.mark.parametrize("name", ["", "a/b", "..", "a\0b", "a b", "ả", "x" * 1_000, "?", "#"])
    def test_what_can_be_no_id_is_not_found_either(self, api: BaseApi, name: str) -> None:
        assert api.get_task(name).code == "task_not_found"
        assert api.update_task(name, {"prompt": "x"}).code == "task_not_found"


class Paging(Promises):
    """`query_tasks`."""

    def pages(self, api: BaseApi, limit: int, **wanted: Any) -> list[list[str]]:
        """The prompts of every page."""
        found, after = [], ""
        while True:
            page = api.query_tasks(after=after, limit=limit, **wanted)
            assert page.success, page.message
            found.append([row["prompt"] for row in page.data["tasks"]])
            after = page.data["next"]
            if not after:
                return found

    def test_pages_follow_each_other_without_gap_or_overlap(self, api: BaseApi) -> None:
        self.add_named(api, "abcdefg")

        first = api.query_tasks(limit=3)

        assert [row["stt"] for row in first.data["tasks"]] == [1, 2, 3]
        assert first.data["tasks"] == api.get_queue().data[:3]
        assert first.total == 7
        assert self.pages(api, 3) == [["a", "b", "c"], ["d", "e", "f"], ["g"]]

    def test_a_page_that_ends_with_the_queue_is_the_last(self, api: BaseApi) -> None:
        self.add_named(api, "abcd")

        assert self.pages(api, 2) == [["a", "b"], ["c", "d"]]
        assert self.pages(api, 4) == [["a", "b", "c", "d"]]
        assert api.query_tasks(limit=1_000).data["next"] == ""

    def test_an_empty_queue_is_one_empty_page(self, api: BaseApi) -> None:
        answer = api.query_tasks()

        assert (answer.data, answer.total) == ({"tasks": [], "next": ""}, 0)

    def test_a_cursor_stays_good_while_rows_come_go_and_move(self, api: BaseApi) -> None:
        ids = self.add_named(api, "abcdefg")
        after = api.query_tasks(limit=3).data["next"]

        api.delete_tasks([ids["c"], ids["d"]])
        api.move_tasks([ids["g"]], before=ids["a"])
        api.move_tasks([ids["b"]])
        self.add(api, "h")
        page = api.query_tasks(after=after, limit=3)

        assert self.order(api) == "gaefbh"
        assert [(row["prompt"], row["stt"]) for row in page.data["tasks"]] == [
            ("e", 3),
            ("f", 4),
            ("b", 5),
        ]
        assert page.total == 6

    def test_rows_are_numbered_by_their_place_in_the_whole_queue(self, api: BaseApi) -> None:
        for number in range(6):
            self.add(api, "odd" if number % 2 else "even")

        page = api.query_tasks(search="odd", limit=2)
        following = api.query_tasks(search="odd", limit=2, after=page.data["next"])

        assert [row["stt"] for row in page.data["tasks"]] == [2, 4]
        assert [row["stt"] for row in following.data["tasks"]] == [6]
        assert (page.total, following.total) == (3, 3)

    def test_only_tasks_of_a_status_are_listed_and_counted(
        self, api: BaseApi, puppet: Puppet
    ) -> None:
        ids = self.add_named(api, "ab")
        self.hold(api, puppet, 2)
        api.stop_queue()
        self.add_named(api, "cd")
        puppet.answer(puppet.waiting[0])
        (done,) = [name for name in "ab" if puppet.waiting[0].request.prompt != name]
        self.until_status(api, ids[done], "completed")

        assert self.pages(api, 1, status="pending") == [["c"], ["d"]]
        assert self.pages(api, 9, status="completed") == [[done]]
        assert self.pages(api, 9, status="error") == [[]]
        assert api.query_tasks(status="running").total == 1

    @pytest.mark.parametrize(
        ("wanted", "found"),
        [
            ("100%", ["100% wool"]),
            ("_", ["snake_case"]),
            ("'", ["it's", "\"quoted\" 'n' more"]),
            ('"quoted"', ["\"quoted\" 'n' more"]),
            ("/", ["a/b"]),
            ("\\", ["back\\slash"]),
            ("WOOL", ["100% wool", "1000 wool"]),
            ("   ", []),
            ("đèn", ["đèn lồng"]),
            ("Đèn", []),
            ("ĐẢO", ["ĐẢO xa"]),
            ("XA", ["ĐẢO xa"]),
            ("🦊", ["🦊"]),
            ("heron", ["a/b"]),
            ("%heron%", []),
        ],
    )
    def test_a_search_takes_every_sign_as_itself(
        self, api: BaseApi, wanted: str, found: list[str]
    ) -> None:
        prompts = ["100% wool", "1000 wool", "snake_case", "it's", '"quoted" \'n\' more', "a/b",
                   "back\\slash", "đèn lồng", "🦊", "ĐẢO xa"]  # fmt: skip
        api.add_many([task(text, task_name="Heron" if text == "a/b" else "") for text in prompts])

        answer = api.query_tasks(search=wanted)

        assert [row["prompt"] for row in answer.data["tasks"]] == found
        assert answer.total == len(found)

    @pytest.mark.parametrize(
        ("search", "code"),
        [("a\0b", "nul_character"), ("a\ud800", "invalid_value"), ("x" * 1_001, "invalid_value")],
    )
    def test_a_search_for_what_no_prompt_can_hold_is_refused(
        self, api: BaseApi, search: str, code: str
    ) -> None:
        answer = api.query_tasks(search=search)

        assert (answer.code, answer.field) == (code, "search")
        assert api.query_tasks(search="%" * 1_000).total == 0

    def test_only_tasks_of_a_project_are_listed(self, api: BaseApi) -> None:
        row = self.add(api)

        assert api.query_tasks(project_id=row["project_id"]).total == 1
        assert api.query_tasks(project_id="elsewhere").total == 0

    def test_filters_hold_together(self, api: BaseApi) -> None:
        row = self.add(api, "a fox")
        self.add(api, "a heron")

        both = api.query_tasks(status="pending", search="fox", project_id=row["project_id"])

        assert [found["id"] for found in both.data["tasks"]] == [row["id"]]
        assert api.query_tasks(status="error", search="fox").total == 0

    @pytest.mark.parametrize("limit", [0, -1, 1_001, 2**31, 2**70])
    def test_a_page_holds_one_to_a_thousand(self, api: BaseApi, limit: int) -> None:
        answer = api.query_tasks(limit=limit)

        assert (answer.code, answer.field) == ("limit_range", "limit")

    def test_an_unknown_status_is_refused(self, api: BaseApi) -> None:
        answer = api.query_tasks(status="asleep")

        assert (answer.code, answer.field) == ("invalid_value", "status")

    @pytest.mark.parametrize(
        "cursor",
        [
            "nonsense",
            "đèn",
            "%00",
            "=",
            "-",
            "W10",
            "x" * 5_000,
            "[" * 500,
            *(
                base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
                for value in ([1], {}, None, [1, 2, 3, 4], ["1", "a", 1, 1], [1.5, "a", 1, 1],
                              [2**70, "a", 1, 1], [True, "a", 1, 1], [1, "a", None, 1])
            ),
        ],
        ids=lambda cursor: cursor[:20],
    )  # fmt: skip
    def test_a_cursor_that_we_never_gave_out_is_refused(self, api: BaseApi, cursor: str) -> None:
        self.add(api)

        answer = api.query_tasks(after=cursor)

        assert (answer.code, answer.field) == ("cursor_unknown", "after")


class Changes(Promises):
    """`get_changes`."""

    def test_the_first_look_is_the_whole_queue(self, api: BaseApi) -> None:
        self.add(api)

        first = api.get_changes(0).data

        assert first["rows"] == api.get_queue().data
        assert first["queue"]["counts"]["pending"] == 1

    def test_nothing_new_is_an_empty_answer(self, api: BaseApi) -> None:
        self.add(api)
        cursor = self.cursor(api)

        again = api.get_changes(cursor).data

        assert again == {
            "cursor": cursor, "reset": False, "rows": [], "removed": [], "queue": None,
        }  # fmt: skip

    def test_a_change_is_seen_once_with_its_row(self, api: BaseApi) -> None:
        one, two = self.add(api, "one"), self.add(api, "two")
        cursor = self.cursor(api)
        api.update_task(two["id"], {"prompt": "second"})
        api.delete_tasks([one["id"]])

        changes = api.get_changes(cursor).data

        assert [(row["id"], row["stt"], row["prompt"]) for row in changes["rows"]] == [
            (two["id"], 1, "second")
        ]
        assert changes["removed"] == [one["id"]]

    @pytest.mark.parametrize("since", [1, -1, 10**9, 10**15, 2**63, -(2**70)])
    def test_a_cursor_from_elsewhere_resets(self, api: BaseApi, since: int) -> None:
        self.add(api)

        changes = api.get_changes(since).data

        assert changes["reset"] is True
        assert len(changes["rows"]) == 1

    def test_starting_and_stopping_is_a_change_too(self, api: BaseApi) -> None:
        cursor = self.cursor(api)
        api.start_queue()

        changes = api.get_changes(cursor).data

        assert (changes["rows"], changes["queue"]["running"]) == ([], True)

    def test_what_has_changed_already_is_answered_without_waiting(self, api: BaseApi) -> None:
        cursor = self.cursor(api)
        row = self.add(api)

        changes = api.get_changes(cursor, wait_seconds=30).data

        assert [found["id"] for found in changes["rows"]] == [row["id"]]
        assert len(api.get_changes(0, wait_seconds=30).data["rows"]) == 1

    def test_waiting_ends_with_the_change_of_another_thread(self, api: BaseApi) -> None:
        cursor = self.cursor(api)
        waiting = Meanwhile(lambda: api.get_changes(cursor, wait_seconds=30))

        row = self.add(api)

        assert [found["id"] for found in waiting.answer().data["rows"]] == [row["id"]]

    def test_waiting_ends_with_the_change_that_a_provider_s_answer_brings(
        self, api: BaseApi, puppet: Puppet
    ) -> None:
        row = self.add(api)
        (asked,) = self.hold(api, puppet)
        cursor = self.cursor(api)
        waiting = Meanwhile(lambda: api.get_changes(cursor, wait_seconds=30))

        puppet.answer(asked)

        (changed,) = waiting.answer().data["rows"]
        assert (changed["id"], changed["status"]) == (row["id"], "completed")

    def test_many_may_wait_for_the_same_change(self, api: BaseApi) -> None:
        cursor = self.cursor(api)
        waiting = [Meanwhile(lambda: api.get_changes(cursor, wait_seconds=30)) for _ in range(5)]

        self.add(api)

        assert [len(one.answer().data["rows"]) for one in waiting] == [1] * 5

    @pytest.mark.parametrize("seconds", [0.05, 0, -5])
    def test_waiting_in_vain_is_an_empty_answer(self, api: BaseApi, seconds: float) -> None:
        cursor = self.cursor(api)

        changes = api.get_changes(cursor, wait_seconds=seconds).data

        assert (changes["cursor"], changes["rows"], changes["queue"]) == (cursor, [], None)
