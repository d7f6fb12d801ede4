"""The engine: order, limits, money and what survives."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from app.api.local_api import LocalApi
from app.errors import (
    NotConfigured,
    QuotaExhausted,
    RateLimited,
    Rejected,
    TryLater,
    Uncertain,
)
from app.media.metadata import read as read_metadata
from app.store import schema
from tests.engine.scripted import MODEL, FreeProvider, ScriptedProvider, opened, png
from tests.waiting import until, until_idle

BUSY = TryLater("overloaded", provider="Scripted", reason="busy", retry_after=0.05)
LOST = Uncertain("outcome_unknown", provider="Scripted", reason="silence")
REFUSED = Rejected("refused", provider="Scripted", reason="SAFETY")


def add(api: LocalApi, prompt: str = "a boat", **more: Any) -> str:
    answer = api.add_to_queue({"prompt": prompt, "model": MODEL, **more})
    assert answer.success, answer.message
    return answer.data["id"]


def row(api: LocalApi, task_id: str) -> dict[str, Any]:
    return api.get_task(task_id).data


def attempts(api: LocalApi) -> list[Any]:
    with api.studio.database.read() as connection:
        query = select(schema.attempts).order_by(schema.attempts.c.sent_at)
        return list(connection.execute(query))


def files(folder: Path) -> list[Path]:
    return sorted(path for path in (folder / "output").rglob("*") if path.is_file())


def painted_in_order(folder: Path, at_once: int) -> ScriptedProvider:
    provider = ScriptedProvider()
    with opened(folder, provider) as api:
        api.update_settings({"concurrency": at_once})
        api.add_many([{"prompt": f"p{n:02}", "model": MODEL} for n in range(12)])
        api.start_queue()
        until_idle(api)
    return provider


def test_requests_leave_in_queue_order(tmp_path: Path) -> None:
    provider = painted_in_order(tmp_path, at_once=1)

    assert [request.prompt for request in provider.requests] == [f"p{n:02}" for n in range(12)]


def test_never_more_requests_are_out_than_the_limit_and_the_first_rows_go_first(
    tmp_path: Path,
) -> None:
    provider = painted_in_order(tmp_path, at_once=3)

    # What is claimed together leaves together: in which order its requests arrive is chance.
    assert {request.prompt for request in provider.requests[:3]} == {"p00", "p01", "p02"}
    assert len(provider.requests) == 12
    assert provider.most_at_once <= 3


def test_every_file_ends_in_attempt_and_slot_and_its_metadata_reads_back(tmp_path: Path) -> None:
    with opened(tmp_path, ScriptedProvider()) as api:
        task_id = add(api, "Chợ nổi, 70% _no_ watermark", task_name="Lan wakes",
                      images_per_prompt=2)  # fmt: skip
        api.start_queue()
        until_idle(api)
        images = api.get_images(row(api, task_id)["output_images"]).data

    for image in images:
        assert Path(image["file_path"]).stem.endswith(f"-{image['attempt_id']}-{image['slot']}")
        record = read_metadata(Path(image["file_path"]).read_bytes())
        assert record is not None
        assert record["prompt"] == "Chợ nổi, 70% _no_ watermark"
        assert (record["task_id"], record["attempt_id"]) == (task_id, image["attempt_id"])
    assert {path.suffix for path in files(tmp_path)} == {".png"}
    assert not list(tmp_path.rglob("*.part"))


def test_the_cost_of_the_answers_is_added_up(tmp_path: Path) -> None:
    with opened(tmp_path, ScriptedProvider()) as api:
        task_id = add(api, images_per_prompt=3)
        api.start_queue()
        state = until_idle(api)

        assert row(api, task_id)["cost"] == 0.75
        assert state["cost"] == 0.75


def test_what_was_surely_not_charged_is_tried_again(tmp_path: Path) -> None:
    provider = ScriptedProvider(BUSY, BUSY)
    with opened(tmp_path, provider) as api:
        task_id = add(api)
        api.start_queue()
        until_idle(api)

        assert row(api, task_id)["status"] == "completed"
        assert row(api, task_id)["attempts"] == 3
        assert [one.state for one in attempts(api)] == ["failed", "failed", "saved"]


def test_an_attempt_is_an_intent_before_its_request_leaves(tmp_path: Path) -> None:
    provider = ScriptedProvider()
    provider.hold = True
    with opened(tmp_path, provider) as api:
        add(api, seed=5)
        api.start_queue()
        until(lambda: bool(provider.requests))

        (intent,) = attempts(api)
        assert (intent.state, intent.id) == ("sent", provider.requests[0].attempt_id)
        assert (intent.prompt, intent.seed) == ("a boat", 5)
        assert intent.file_stem.endswith(f"-{intent.id}-1")
        provider.hold = False


def test_a_lost_answer_waits_for_a_person(tmp_path: Path) -> None:
    provider = ScriptedProvider(LOST)
    with opened(tmp_path, provider) as api:
        task_id = add(api)
        api.start_queue()
        state = until_idle(api)

        assert state["uncertain"] == 1
        assert row(api, task_id)["error_code"] == "outcome_unknown"
        left_alone = api.retry_tasks()
        assert (left_alone.total, left_alone.data["uncertain_left"]) == (0, 1)
        assert len(provider.requests) == 1

        assert api.retry_tasks([task_id], include_uncertain=True).total == 1
        until_idle(api)
        assert row(api, task_id)["status"] == "completed"


def test_a_refusal_is_told_and_never_repeated(tmp_path: Path) -> None:
    provider = ScriptedProvider(REFUSED)
    with opened(tmp_path, provider) as api:
        task_id = add(api)
        api.start_queue()
        until_idle(api)

        failed = row(api, task_id)
        assert (failed["status"], failed["error_code"]) == ("error", "refused")
        assert "SAFETY" in failed["error_message"]
        assert len(provider.requests) == 1


def test_a_retry_asks_only_for_the_missing_images(tmp_path: Path) -> None:
    provider = ScriptedProvider(png(), REFUSED, png())
    with opened(tmp_path, provider) as api:
        api.update_settings({"concurrency": 1})
        task_id = add(api, images_per_prompt=3)
        api.start_queue()
        until_idle(api)
        partial = row(api, task_id)
        assert (partial["status"], len(partial["output_images"])) == ("error", 2)

        assert api.retry_tasks([task_id]).total == 1
        until_idle(api)

        whole = row(api, task_id)
        assert (whole["status"], whole["error_message"]) == ("completed", "")
        assert set(partial["output_images"]) < set(whole["output_images"])
        assert len(provider.requests) == 4


def test_a_rate_limit_holds_every_task_of_the_provider_back(tmp_path: Path) -> None:
    limited = RateLimited("rate_limited", provider="Scripted", retry_after=600)
    provider = ScriptedProvider(limited)
    with opened(tmp_path, provider) as api:
        api.update_settings({"concurrency": 1})
        for number in range(3):
            add(api, str(number))
        painted = api.add_to_queue({"prompt": "free", "model": "painter:painter"}).data["id"]
        api.start_queue()
        until(lambda: row(api, painted)["status"] == "completed")

        state = api.queue_state().data
        assert len(provider.requests) == 1
        assert state["waiting"][0]["code"] == "rate_limited"
        assert state["waiting"][0]["tasks"] == 3


def test_a_refused_key_keeps_the_work_until_a_new_key_is_given(tmp_path: Path) -> None:
    refused = NotConfigured("key_refused", provider="Scripted", reason="API_KEY_INVALID")
    provider = ScriptedProvider(refused)
    with opened(tmp_path, provider) as api:
        api.update_settings({"concurrency": 1})
        ids = [add(api, str(number)) for number in range(3)]
        api.start_queue()
        until(lambda: bool(api.queue_state().data["waiting"]))

        assert [row(api, task_id)["status"] for task_id in ids] == ["pending"] * 3
        assert api.queue_state().data["waiting"][0]["code"] == "key_refused"
        assert api.set_provider_key("gemini", "a-brand-new-key").success
        until_idle(api)
        assert [row(api, task_id)["status"] for task_id in ids] == ["completed"] * 3


def test_the_quota_of_the_day_parks_the_provider(tmp_path: Path) -> None:
    spent = QuotaExhausted("quota_of_the_day", provider="Scripted", retry_after=3600)
    with opened(tmp_path, ScriptedProvider(spent)) as api:
        add(api)
        api.start_queue()
        until(lambda: bool(api.queue_state().data["waiting"]))

        (waiting,) = api.queue_state().data["waiting"]
        assert waiting["code"] == "quota_of_the_day"
        assert waiting["until"] is not None


def test_paid_bytes_that_are_no_picture_are_kept_and_named(tmp_path: Path) -> None:
    with opened(tmp_path, ScriptedProvider(png()[:40])) as api:
        task_id = add(api)
        api.start_queue()
        until_idle(api)

        failed = row(api, task_id)
        assert (failed["error_code"], failed["cost"]) == ("answer_damaged", 0.25)
        kept = failed["error_params"]["kept"]
        assert (tmp_path / "data" / kept).read_bytes() == png()[:40]


def test_a_bug_in_an_adapter_is_uncertain_and_the_queue_goes_on(tmp_path: Path) -> None:
    with opened(tmp_path, ScriptedProvider(KeyError("bug"))) as api:
        api.update_settings({"concurrency": 1})
        first, second = add(api, "one"), add(api, "two")
        api.start_queue()
        until_idle(api)

        assert row(api, first)["error_code"] == "outcome_unknown"
        assert row(api, second)["status"] == "completed"


def test_a_running_task_says_what_cannot_change_now(tmp_path: Path) -> None:
    provider = ScriptedProvider()
    provider.hold = True
    with opened(tmp_path, provider) as api:
        task_id = add(api)
        api.start_queue()
        until(lambda: bool(provider.requests))

        refused = api.update_task(task_id, {"prompt": "else", "task_name": "new"})
        renamed = api.update_task(task_id, {"task_name": "new"})

        assert (refused.code, refused.params["fields"]) == ("task_running", "prompt")
        assert renamed.data["task_name"] == "new"
        provider.hold = False


def test_stopping_lets_what_is_in_flight_end_and_be_saved(tmp_path: Path) -> None:
    provider = ScriptedProvider()
    provider.hold = True
    with opened(tmp_path, provider) as api:
        api.update_settings({"concurrency": 1})
        first, second = add(api, "one"), add(api, "two")
        api.start_queue()
        until(lambda: bool(provider.requests))
        api.stop_queue()
        provider.hold = False
        until(lambda: row(api, first)["status"] == "completed")

        assert row(api, second)["status"] == "pending"
        assert len(provider.requests) == 1


def test_a_task_deleted_while_it_runs_still_saves_what_it_paid_for(tmp_path: Path) -> None:
    provider = ScriptedProvider()
    provider.hold = True
    with opened(tmp_path, provider) as api:
        task_id = add(api, images_per_prompt=5)
        api.start_queue()
        until(lambda: len(provider.requests) == 2)
        api.delete_tasks([task_id])
        provider.hold = False
        until(lambda: len(files(tmp_path)) == 2 and api.engine.in_flight == 0)

        assert api.get_queue().total == 0
        assert len(provider.requests) == 2


def test_deleting_and_adding_changes_no_earlier_file(tmp_path: Path) -> None:
    with opened(tmp_path, ScriptedProvider()) as api:
        ids = [add(api, "the same words") for _ in range(3)]
        api.start_queue()
        until_idle(api)
        before = {path: path.read_bytes() for path in files(tmp_path)}

        api.delete_tasks(ids[:1])
        add(api, "the same words")
        until_idle(api)

        after = {path: path.read_bytes() for path in files(tmp_path)}
        assert len(after) == 4
        assert before.items() <= after.items()


def test_the_queue_state_and_rows_survive_a_restart(tmp_path: Path) -> None:
    with opened(tmp_path, ScriptedProvider()) as api:
        task_id = add(api)
        api.start_queue()
        until_idle(api)
        api.stop_queue()
        waiting = add(api, "later")
        rows = api.get_queue().data

    with opened(tmp_path, ScriptedProvider()) as api:
        assert api.get_queue().data == rows
        assert api.queue_state().data["running"] is False
        assert api.read_image(row(api, task_id)["output_image"]).success
        api.start_queue()
        until_idle(api)
        assert row(api, waiting)["status"] == "completed"

    with opened(tmp_path, ScriptedProvider()) as api:
        assert api.queue_state().data["running"] is True


def test_a_second_server_on_the_folder_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with opened(tmp_path, ScriptedProvider()):
        second = LocalApi(tmp_path / "data", tmp_path / "output")

        with pytest.raises(Exception, match="Another Whisk Desktop already works in"):
            second.open()


# --- what a crash leaves: the state is written by hand, as a killed process would leave it -----


def crashed(api: LocalApi, tmp_path: Path) -> None:
    """Turn the saved slots back to what they were the moment before their rows were written."""
    with api.studio.database.write() as tx:
        tx.connection.execute(schema.images.delete())
        tx.connection.execute(update(schema.slots).values(state="running", image_id=None))
        tx.connection.execute(update(schema.attempts).values(state="sent"))


def test_a_file_that_was_written_before_the_crash_is_adopted_and_not_bought_again(
    tmp_path: Path,
) -> None:
    with opened(tmp_path, ScriptedProvider()) as api:
        task_id = add(api, images_per_prompt=2)
        api.start_queue()
        until_idle(api)
        crashed(api, tmp_path)
    before = {path: path.read_bytes() for path in files(tmp_path)}

    provider = ScriptedProvider()
    with opened(tmp_path, provider) as api:
        until_idle(api)

        assert provider.requests == []
        assert row(api, task_id)["status"] == "completed"
        assert len(row(api, task_id)["output_images"]) == 2
        assert {path: path.read_bytes() for path in files(tmp_path)} == before


def test_a_request_without_a_file_is_uncertain_after_the_crash(tmp_path: Path) -> None:
    with opened(tmp_path, ScriptedProvider()) as api:
        task_id = add(api)
        api.start_queue()
        until_idle(api)
        crashed(api, tmp_path)
    for path in files(tmp_path):
        path.unlink()

    provider = ScriptedProvider()
    with opened(tmp_path, provider) as api:
        state = until_idle(api)

        assert (state["uncertain"], provider.requests) == (1, [])
        assert "the program ended" in row(api, task_id)["error_message"]
        assert attempts(api)[0].state == "uncertain"


def test_a_free_provider_simply_paints_again_after_the_crash(tmp_path: Path) -> None:
    with opened(tmp_path, FreeProvider()) as api:
        task_id = add(api)
        api.start_queue()
        until_idle(api)
        crashed(api, tmp_path)
    for path in files(tmp_path):
        path.unlink()

    provider = FreeProvider()
    with opened(tmp_path, provider) as api:
        until_idle(api)

        assert len(provider.requests) == 1
        assert row(api, task_id)["status"] == "completed"
        assert [one.state for one in attempts(api)] == ["abandoned", "saved"]


def test_a_task_that_takes_its_worker_down_three_times_is_set_aside(tmp_path: Path) -> None:
    provider = FreeProvider()
    with opened(tmp_path, provider) as api:
        task_id = add(api)
    for _ in range(3):
        with opened(tmp_path, provider) as api, api.studio.database.write() as tx:
            tx.connection.execute(update(schema.slots).values(state="running", fence=9))

    with opened(tmp_path, provider) as api:
        assert row(api, task_id)["error_code"] == "set_aside"
        assert provider.requests == []
