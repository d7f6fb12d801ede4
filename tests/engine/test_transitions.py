"""What follows from each kind of failure."""

import pytest

from app.engine.transitions import MAX_ATTEMPTS, after_failure
from app.errors import (
    NotConfigured,
    ProviderError,
    QuotaExhausted,
    RateLimited,
    Rejected,
    TryLater,
    Uncertain,
)
from app.store.states import AttemptState, SlotState, task_status

UNKNOWN = Uncertain("outcome_unknown", provider="X", reason="silence")
BUSY = TryLater("overloaded", provider="X", reason="busy")
LIMITED = RateLimited("rate_limited", provider="X", retry_after=31.5)
REFUSED = Rejected("refused", provider="X", reason="SAFETY")


def half() -> float:
    return 0.5


@pytest.mark.parametrize("number", [1, MAX_ATTEMPTS, 99])
@pytest.mark.parametrize("failure", [UNKNOWN, REFUSED])
def test_a_paid_request_that_may_be_charged_is_never_sent_again_by_itself(
    failure: ProviderError, number: int
) -> None:
    assert after_failure(failure, number=number, free=False).slot != SlotState.PENDING


def test_a_lost_answer_is_uncertain_and_not_an_error() -> None:
    verdict = after_failure(UNKNOWN, number=1, free=False)

    assert (verdict.slot, verdict.attempt) == (SlotState.UNCERTAIN, AttemptState.UNCERTAIN)


def test_at_a_free_provider_a_lost_answer_is_asked_for_again() -> None:
    assert after_failure(UNKNOWN, number=1, free=True).slot == SlotState.PENDING
    assert after_failure(UNKNOWN, number=MAX_ATTEMPTS, free=True).slot == SlotState.ERROR


def test_a_rate_limit_cools_the_whole_provider_down_for_as_long_as_it_says() -> None:
    verdict = after_failure(LIMITED, number=1, free=False)

    assert verdict.slot == SlotState.PENDING
    assert (verdict.wait_seconds, verdict.block_seconds) == (31.5, 31.5)


def test_a_server_cannot_make_us_wait_for_days() -> None:
    patient = RateLimited("rate_limited", provider="X", retry_after=999_999)

    assert after_failure(patient, number=1, free=False).block_seconds == 900


def test_the_quota_of_the_day_parks_the_provider_and_costs_no_attempt() -> None:
    failure = QuotaExhausted("quota_of_the_day", provider="X", retry_after=40_000)
    verdict = after_failure(failure, number=MAX_ATTEMPTS + 3, free=False)

    assert verdict.slot == SlotState.PENDING
    assert (verdict.block_seconds, verdict.counts) == (40_000, False)


def test_a_missing_key_pauses_the_provider_and_keeps_the_work() -> None:
    failure = NotConfigured("key_missing", provider="X", variable="X_KEY")
    verdict = after_failure(failure, number=99, free=False)

    assert (verdict.slot, verdict.pauses_provider) == (SlotState.PENDING, True)
    assert verdict.counts is False


def test_backoff_doubles_and_is_bounded() -> None:
    waits = [
        after_failure(BUSY, number=number, free=False, jitter=lambda: 1.0).wait_seconds
        for number in range(1, MAX_ATTEMPTS)
    ]

    assert waits == [2, 4, 8, 16, 32]
    assert after_failure(BUSY, number=3, free=False, jitter=half).wait_seconds == 4.25
    assert after_failure(BUSY, number=1, free=False, jitter=lambda: 0.0).wait_seconds == 0.5


def test_attempts_are_capped() -> None:
    assert after_failure(BUSY, number=MAX_ATTEMPTS, free=False).slot == SlotState.ERROR


@pytest.mark.parametrize(
    ("slots", "status"),
    [
        ({"running": 1, "pending": 2, "error": 1}, "running"),
        ({"pending": 1, "done": 3, "error": 1}, "pending"),
        ({"done": 2, "error": 1}, "error"),
        ({"done": 2, "uncertain": 1}, "error"),
        ({"done": 2}, "completed"),
    ],
)
def test_a_task_is_what_its_slots_are(slots: dict[str, int], status: str) -> None:
    assert task_status(slots) == status
