"""Running the queue: start, stop, pictures, failures, retry, run again."""

import io

from PIL import Image

from app.api.base_api import BaseApi
from app.errors import NotConfigured, Rejected, TryLater, Uncertain
from tests.contract.promises import PAINTER, Promises, picture
from tests.puppet import COST, Puppet


def refused() -> Rejected:
    return Rejected("refused", provider="Puppet", reason="no faces")


def uncertain() -> Uncertain:
    return Uncertain("outcome_unknown", provider="Puppet", reason="timeout")


def no_key() -> NotConfigured:
    return NotConfigured("key_missing", provider="Puppet", variable="GEMINI_API_KEY")


class Running(Promises):
    """`start_queue`, `stop_queue`, and what becomes of tasks."""

    def test_started_tasks_become_images_that_can_be_read(self, api: BaseApi) -> None:
        row = self.add(api, images_per_prompt=2, aspect_ratio="1:1", model=PAINTER)

        (finished,) = self.finished(api)

        assert (finished["id"], finished["status"]) == (row["id"], "completed")
        assert finished["progress"] == 100
        assert len(finished["output_images"]) == 2
        assert finished["output_image"] == finished["output_images"][0]
        content = api.read_image(finished["output_image"]).data
        assert Image.open(io.BytesIO(content.read())).size == (1024, 1024)
        small = api.read_image(finished["output_image"], thumbnail=True).data
        assert max(Image.open(io.BytesIO(small.read())).size) == 256

    def test_an_image_tells_what_made_it(self, api: BaseApi) -> None:
        self.add(api, seed=7, model=PAINTER, aspect_ratio="1:1")
        (finished,) = self.finished(api)

        (image,) = api.get_images(finished["output_images"]).data

        assert (image["prompt"], image["seed"], image["model"]) == ("a boat at dawn", 7, PAINTER)
        assert image["file_name"].rpartition(".")[0].endswith(f"-{image['attempt_id']}-1")

    def test_nothing_starts_while_the_queue_is_stopped(self, api: BaseApi) -> None:
        api.start_queue()
        api.stop_queue()
        row = self.add(api)

        assert api.queue_state().data["running"] is False
        assert self.row(api, row["id"])["attempts"] == 0

    def test_starting_and_stopping_twice_is_a_success_and_no_news(self, api: BaseApi) -> None:
        assert [api.start_queue().data["running"] for _ in range(2)] == [True, True]
        cursor = self.cursor(api)
        assert api.start_queue().success
        assert api.get_changes(cursor).data["queue"] is None
        assert [api.stop_queue().data["running"] for _ in range(2)] == [False, False]

    def test_what_is_out_when_the_queue_stops_is_saved(self, api: BaseApi, puppet: Puppet) -> None:
        ids = self.add_named(api, "abc")
        self.hold(api, puppet, 2)

        state = api.stop_queue().data
        puppet.let_go()
        for name in "ab":
            self.until_status(api, ids[name], "completed")

        assert (state["in_flight"], state["counts"]["running"]) == (2, 2)
        assert self.row(api, ids["c"])["status"] == "pending"
        assert len(puppet.requests) == 2

    def test_no_more_requests_are_out_than_the_settings_allow(
        self, api: BaseApi, puppet: Puppet
    ) -> None:
        api.update_settings({"concurrency": 3})
        self.add(api, images_per_prompt=2)
        self.add(api, images_per_prompt=3)

        self.hold(api, puppet, 3)

        assert api.queue_state().data["in_flight"] == 3
        assert sorted(request.slot for request in puppet.requests) == [1, 1, 2]

    def test_the_state_counts_tasks_images_and_money(self, api: BaseApi, puppet: Puppet) -> None:
        puppet.script.extend([picture(), refused()])
        api.update_settings({"concurrency": 1})
        self.add(api)
        self.add(api)
        self.finished(api)
        api.stop_queue()
        self.add(api, images_per_prompt=4)

        state = api.queue_state()

        assert state.data["counts"] == {"pending": 1, "running": 0, "completed": 1, "error": 1}
        assert (state.data["images_done"], state.data["images_wanted"]) == (1, 6)
        assert (state.data["cost"], state.total) == (COST, 3)

    def test_a_refusal_is_told_in_plain_words(self, api: BaseApi, puppet: Puppet) -> None:
        puppet.script.append(refused())
        self.add(api)

        (row,) = self.finished(api)

        assert (row["status"], row["error_code"]) == ("error", "refused")
        assert "no faces" in row["error_message"]
        assert (row["attempts"], row["cost"]) == (1, 0)

    def test_a_partial_success_keeps_its_images(self, api: BaseApi, puppet: Puppet) -> None:
        puppet.script.extend([refused(), picture()])
        api.update_settings({"concurrency": 1})
        self.add(api, images_per_prompt=2)

        (row,) = self.finished(api)

        assert (row["status"], row["progress"], len(row["output_images"])) == ("error", 50, 1)

    def test_later_means_waiting_and_a_time_is_told(self, api: BaseApi, puppet: Puppet) -> None:
        puppet.script.append(TryLater("overloaded", provider="Puppet", retry_after=600))
        row = self.add(api)
        api.start_queue()
        puppet.until(lambda: bool(puppet.requests))

        waiting = self.until_status(api, row["id"], "pending")

        assert waiting["next_attempt_at"] > waiting["created_at"]
        assert waiting["error_code"] == "overloaded"


class Retrying(Promises):
    """`retry_tasks`, `run_tasks`."""

    def fail(self, api: BaseApi, puppet: Puppet, *script: object, **more: object) -> str:
        """A task whose requests end so; the queue stops then."""
        puppet.script.extend(script)
        api.update_settings({"concurrency": 1})
        row = self.add(api, **more)
        self.finished(api, [row["id"]])
        api.stop_queue()
        return row["id"]

    def test_a_failed_task_is_asked_for_again(self, api: BaseApi, puppet: Puppet) -> None:
        task_id = self.fail(api, puppet, refused())

        answer = api.retry_tasks([task_id])
        waiting = self.row(api, task_id)

        assert (answer.total, answer.data) == (1, {"tasks": 1, "images": 1, "uncertain_left": 0})
        assert (waiting["status"], waiting["error_code"]) == ("pending", "")
        assert self.finished(api)[0]["status"] == "completed"
        assert api.retry_tasks().total == 0

    def test_only_the_missing_images_are_asked_for_again(
        self, api: BaseApi, puppet: Puppet
    ) -> None:
        task_id = self.fail(api, puppet, refused(), picture(), images_per_prompt=2)
        kept = self.row(api, task_id)["output_images"]

        assert api.retry_tasks([task_id]).total == 1
        (row,) = self.finished(api)

        assert row["output_images"][1:] == kept
        assert [request.slot for request in puppet.requests] == [1, 2, 1]

    def test_what_may_be_paid_waits_for_a_person_s_word(self, api: BaseApi, puppet: Puppet) -> None:
        task_id = self.fail(api, puppet, uncertain(), refused(), images_per_prompt=2)
        assert self.row(api, task_id)["error_code"] == "outcome_unknown"
        assert api.queue_state().data["uncertain"] == 1

        first = api.retry_tasks([task_id])
        second = api.retry_tasks([task_id], include_uncertain=True)

        assert first.data == {"tasks": 1, "images": 1, "uncertain_left": 1}
        assert second.data == {"tasks": 1, "images": 1, "uncertain_left": 0}
        assert self.finished(api)[0]["status"] == "completed"

    def test_none_means_every_failed_task(self, api: BaseApi, puppet: Puppet) -> None:
        self.fail(api, puppet, refused())
        self.fail(api, puppet, refused(), refused(), images_per_prompt=2)
        self.fail(api, puppet, uncertain())

        assert api.retry_tasks().data == {"tasks": 2, "images": 3, "uncertain_left": 1}
        assert api.retry_tasks(include_uncertain=True).data["images"] == 1

    def test_unknown_ids_and_tasks_that_did_not_fail_are_passed_over(self, api: BaseApi) -> None:
        row = self.add(api)

        assert api.retry_tasks(["nobody", row["id"]]).total == 0
        assert api.run_tasks(["nobody", row["id"]]).total == 0

    def test_running_again_raises_the_generation_and_keeps_the_old_image(
        self, api: BaseApi
    ) -> None:
        row = self.add(api)
        (before,) = self.finished(api)

        assert api.run_tasks([row["id"]]).total == 1
        (after,) = self.finished(api)

        assert after["generation"] == 2
        assert after["output_images"] != before["output_images"]
        assert api.read_image(before["output_image"]).success

    def test_running_again_paints_what_the_task_says_now(
        self, api: BaseApi, puppet: Puppet
    ) -> None:
        row = self.add(api)
        self.finished(api)
        api.update_task(row["id"], {"prompt": "a fox", "images_per_prompt": 1})

        api.run_tasks([row["id"]])
        (after,) = self.finished(api)

        (image,) = api.get_images(after["output_images"]).data
        assert image["prompt"] == "a fox"
        assert len(puppet.requests) == 2

    def test_a_missing_key_holds_the_work_until_it_is_there(
        self, api: BaseApi, puppet: Puppet
    ) -> None:
        puppet.script.append(no_key())
        row = self.add(api)
        api.start_queue()
        assert api.wait_for(timeout_seconds=60).code == "waits_for_person"
        providers = {one["name"]: one for one in api.list_providers().data}
        assert providers["gemini"]["paused_reason"] == "key_missing"
        (held,) = api.queue_state().data["waiting"]
        assert held == {"provider": "gemini", "code": "key_missing", "until": None, "tasks": 1}

        assert api.set_provider_key("gemini", "k" * 30).success
        (finished,) = self.finished(api)

        assert (finished["id"], finished["status"]) == (row["id"], "completed")
        assert api.queue_state().data["waiting"] == []
