"""Waiting for tasks, and the life of an api object."""

from typing import Any

from app.api.base_api import BaseApi
from tests.contract.promises import Meanwhile, Promises
from tests.contract.running import no_key, refused
from tests.puppet import Puppet


class Waiting(Promises):
    """`wait_for`."""

    def test_it_answers_the_tasks_as_they_ended_in_queue_order(
        self, api: BaseApi, puppet: Puppet
    ) -> None:
        ids = self.add_named(api, "abc")
        puppet.script.append(refused())
        api.update_settings({"concurrency": 1})
        api.start_queue()

        answer = api.wait_for([ids["c"], ids["a"]], timeout_seconds=60)

        assert (answer.success, answer.total) == (True, 2)
        assert [(row["prompt"], row["status"]) for row in answer.data] == [
            ("a", "error"),
            ("c", "completed"),
        ]

    def test_none_means_every_task_of_now(self, api: BaseApi) -> None:
        ids = self.add_named(api, "ab")
        api.start_queue()

        answer = api.wait_for(timeout_seconds=60)

        assert [row["id"] for row in answer.data] == list(ids.values())

    def test_nothing_to_wait_for_is_done_at_once(self, api: BaseApi) -> None:
        assert api.wait_for(timeout_seconds=60).data == []
        assert api.wait_for([], timeout_seconds=60).data == []
        assert api.wait_for(["nobody"], timeout_seconds=60).success

    def test_time_that_is_up_is_told_with_the_tasks_as_they_are(
        self, api: BaseApi, puppet: Puppet
    ) -> None:
        row = self.add(api)
        self.hold(api, puppet)

        answer = api.wait_for([row["id"]], timeout_seconds=0.05)

        assert (answer.success, answer.code) == (False, "wait_timeout")
        assert [found["status"] for found in answer.data] == ["running"]

    def test_a_stopped_queue_is_told(self, api: BaseApi) -> None:
        row = self.add(api)

        answer = api.wait_for([row["id"]], timeout_seconds=60)

        assert (answer.code, answer.data[0]["id"]) == ("queue_stopped", row["id"])

    def test_a_queue_that_stops_meanwhile_is_told_after_the_last_request(
        self, api: BaseApi, puppet: Puppet
    ) -> None:
        ids = self.add_named(api, "abc")
        self.hold(api, puppet, 2)
        waiting = Meanwhile(lambda: api.wait_for(timeout_seconds=60))

        api.stop_queue()
        puppet.let_go()

        answer = waiting.answer()
        assert answer.code == "queue_stopped"
        assert {row["id"]: row["status"] for row in answer.data} == {
            ids["a"]: "completed",
            ids["b"]: "completed",
            ids["c"]: "pending",
        }

    def test_work_that_waits_for_a_person_is_told_with_the_reason(
        self, api: BaseApi, puppet: Puppet
    ) -> None:
        puppet.script.append(no_key())
        self.add(api)
        api.start_queue()

        answer = api.wait_for(timeout_seconds=60)

        assert (answer.code, answer.params["reason"]) == ("waits_for_person", "key_missing")
        assert [row["status"] for row in answer.data] == ["pending"]

    def test_a_task_that_is_deleted_meanwhile_is_left_out(
        self, api: BaseApi, puppet: Puppet
    ) -> None:
        ids = self.add_named(api, "ab")
        self.hold(api, puppet, 2)
        waiting = Meanwhile(lambda: api.wait_for(list(ids.values()), timeout_seconds=60))

        api.delete_tasks([ids["a"]])
        puppet.let_go()

        answer = waiting.answer()
        assert answer.success
        assert [row["id"] for row in answer.data] == [ids["b"]]

    def test_every_change_is_told_on_the_way(self, api: BaseApi, puppet: Puppet) -> None:
        row = self.add(api, images_per_prompt=2)
        self.add(api, "another")
        told: list[list[dict[str, Any]]] = []

        def on_change(rows: list[dict[str, Any]]) -> None:
            told.append(rows)
            if rows[0]["status"] == "running" and puppet.holds:
                puppet.let_go()

        self.hold(api, puppet, 2)
        answer = api.wait_for([row["id"]], timeout_seconds=60, on_change=on_change)

        assert {found["id"] for rows in told for found in rows} == {row["id"]}
        assert told[0][0]["status"] == "running"
        assert told[-1] == answer.data


class Living(Promises):
    """`open`, `close`, `with`."""

    def test_opening_and_closing_twice_is_opening_and_closing_once(self, api: BaseApi) -> None:
        self.add(api)

        api.open()
        assert api.get_queue().total == 1
        api.close()
        api.close()

    def test_with_opens_and_closes(self, api: BaseApi) -> None:
        with api as opened:
            assert opened is api
            assert opened.get_queue().success
