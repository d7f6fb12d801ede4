"""Giving up on tasks, and what takes it back."""

import pytest

from app.api.base_api import BaseApi
from app.errors import TryLater
from tests.contract.promises import Promises
from tests.contract.running import refused, uncertain
from tests.puppet import Puppet


class Cancelling(Promises):
    """`cancel_tasks`, and what takes it back."""

    def test_a_waiting_task_is_given_up_at_once(self, api: BaseApi, puppet: Puppet) -> None:
        ids = self.add_named(api, "ab")

        answer = api.cancel_tasks([ids["a"], "nobody"])
        row = self.row(api, ids["a"])

        assert (answer.total, answer.data) == (1, {"tasks": 1, "in_flight": 0})
        assert (row["status"], row["error_code"]) == ("error", "cancelled")
        assert row["error_message"]
        assert api.queue_state().data["cancelled"] == 1
        assert [done["status"] for done in self.finished(api)] == ["error", "completed"]
        assert [request.prompt for request in puppet.requests] == ["b"]

    def test_the_picture_of_a_request_that_was_out_is_saved_and_the_task_stays_given_up(
        self, api: BaseApi, puppet: Puppet
    ) -> None:
        row = self.add(api)
        (asked,) = self.hold(api, puppet)

        answer = api.cancel_tasks([row["id"]])
        assert answer.data == {"tasks": 1, "in_flight": 1}
        assert self.row(api, row["id"])["status"] == "running"
        puppet.answer(asked)
        ended = self.until_status(api, row["id"], "error")

        assert (ended["error_code"], ended["progress"]) == ("cancelled", 100)
        assert api.read_image(ended["output_image"]).success

    def test_what_was_saved_before_stays(self, api: BaseApi, puppet: Puppet) -> None:
        api.update_settings({"concurrency": 1})
        row = self.add(api, images_per_prompt=3)
        (first,) = self.hold(api, puppet)
        puppet.answer(first)
        puppet.until(lambda: len(puppet.requests) == 2)

        api.cancel_tasks([row["id"]])
        puppet.let_go()
        ended = self.until_status(api, row["id"], "error")

        assert (ended["error_code"], len(ended["output_images"])) == ("cancelled", 2)
        assert len(puppet.requests) == 2

    @pytest.mark.parametrize("failure", [refused(), uncertain()], ids=["refused", "uncertain"])
    def test_a_request_that_was_out_and_fails_tells_its_own_reason(
        self, api: BaseApi, puppet: Puppet, failure: Exception
    ) -> None:
        row = self.add(api)
        (asked,) = self.hold(api, puppet)

        api.cancel_tasks([row["id"]])
        puppet.answer(asked, failure)
        ended = self.until_status(api, row["id"], "error")

        assert ended["error_code"] == failure.code  # pyright: ignore[reportAttributeAccessIssue]

    def test_a_request_that_was_out_and_may_come_later_does_not_come(
        self, api: BaseApi, puppet: Puppet
    ) -> None:
        row = self.add(api)
        (asked,) = self.hold(api, puppet)

        api.cancel_tasks([row["id"]])
        puppet.answer(asked, TryLater("overloaded", provider="Puppet", retry_after=0))
        ended = self.until_status(api, row["id"], "error")

        assert ended["error_code"] == "cancelled"
        assert len(puppet.requests) == 1

    def test_finished_tasks_are_left_alone(self, api: BaseApi, puppet: Puppet) -> None:
        puppet.script.append(refused())
        api.update_settings({"concurrency": 1})
        self.add_named(api, "ab")
        before = self.finished(api)
        cursor = self.cursor(api)

        answer = api.cancel_tasks([row["id"] for row in before])

        assert (answer.success, answer.total) == (True, 0)
        assert api.get_queue().data == before
        assert api.get_changes(cursor).data["queue"] is None

    def test_cancelling_twice_changes_nothing_the_second_time(
        self, api: BaseApi, puppet: Puppet
    ) -> None:
        row = self.add(api)
        self.hold(api, puppet)
        api.cancel_tasks([row["id"]])
        cursor = self.cursor(api)

        assert api.cancel_tasks([row["id"]]).total == 0
        assert api.get_changes(cursor).data["queue"] is None

    def test_retrying_everything_leaves_what_was_given_up(self, api: BaseApi) -> None:
        ids = self.add_named(api, "ab")
        api.cancel_tasks([ids["a"]])

        assert api.retry_tasks().data == {"tasks": 0, "images": 0, "uncertain_left": 0}
        assert self.row(api, ids["a"])["error_code"] == "cancelled"

    def test_retrying_it_by_name_takes_it_back(self, api: BaseApi) -> None:
        ids = self.add_named(api, "ab")
        api.cancel_tasks([ids["a"]])

        answer = api.retry_tasks([ids["a"]])

        assert answer.data == {"tasks": 1, "images": 1, "uncertain_left": 0}
        assert self.row(api, ids["a"])["status"] == "pending"
        assert api.queue_state().data["cancelled"] == 0
        assert [row["status"] for row in self.finished(api)] == ["completed"] * 2

    def test_a_task_whose_pictures_all_came_is_complete_when_it_is_taken_back(
        self, api: BaseApi, puppet: Puppet
    ) -> None:
        row = self.add(api)
        (asked,) = self.hold(api, puppet)
        api.cancel_tasks([row["id"]])
        puppet.answer(asked)
        self.until_status(api, row["id"], "error")

        assert api.retry_tasks([row["id"]]).total == 0

        assert self.row(api, row["id"])["status"] == "completed"
        assert self.row(api, row["id"])["error_code"] == ""
        assert len(puppet.requests) == 1

    def test_a_deleted_task_cannot_be_taken_back(self, api: BaseApi) -> None:
        row = self.add(api)
        api.cancel_tasks([row["id"]])
        api.delete_tasks([row["id"]])
        cursor = self.cursor(api)

        totals = [
            api.retry_tasks([row["id"]], include_uncertain=True).total,
            api.run_tasks([row["id"]]).total,
            api.cancel_tasks([row["id"]]).total,
        ]

        assert totals == [0, 0, 0]
        assert api.get_changes(cursor).data["queue"] is None

    def test_running_it_again_takes_it_back(self, api: BaseApi) -> None:
        row = self.add(api, images_per_prompt=2)
        api.cancel_tasks([row["id"]])

        assert api.run_tasks([row["id"]]).total == 1
        (after,) = self.finished(api)

        assert (after["status"], after["generation"]) == ("completed", 2)
        assert api.queue_state().data["cancelled"] == 0

    def test_more_images_ask_for_the_new_ones_and_not_for_those_given_up(
        self, api: BaseApi, puppet: Puppet
    ) -> None:
        row = self.add(api)
        api.cancel_tasks([row["id"]])

        api.update_task(row["id"], {"images_per_prompt": 2})
        (after,) = self.finished(api)

        assert [request.slot for request in puppet.requests] == [2]
        assert (after["status"], after["error_code"]) == ("error", "cancelled")
        assert len(after["output_images"]) == 1
