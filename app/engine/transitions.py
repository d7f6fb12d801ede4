"""What follows from a failure. Pure: no clock, no database.

failure                          slot        again            provider
rate limited, quota of the day   pending     when it may      cools down for everybody
try later (nothing charged)      pending     after backoff    -
  ... for the sixth time         error       a person asks    -
key missing or refused           pending     when mended      paused until a person acts
refused, malformed, unknown      error       a person asks    -
outcome unknown                  uncertain   a person's word  -
  ... at a free provider         pending     after backoff    -
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

from app.errors import (
    NotConfigured,
    ProviderError,
    QuotaExhausted,
    RateLimited,
    TryLater,
    Uncertain,
)
from app.store.states import AttemptState, SlotState

MAX_ATTEMPTS = 6
MAX_TAKEOVERS = 3
"""A task that takes its worker down so often is set aside."""

FIRST_BACKOFF_SECONDS = 2.0
LONGEST_BACKOFF_SECONDS = 600.0
LONGEST_RETRY_AFTER_SECONDS = 900.0
"""What a server may ask us to wait, except for the quota of a day."""


@dataclass(frozen=True)
class Verdict:
    """What becomes of a slot after a failure.

    Attributes:
        slot: `pending`, `error` or `uncertain`.
        attempt: `failed` or `uncertain`.
        wait_seconds: Until the slot may be tried again.
        counts: Whether the attempt counts towards `MAX_ATTEMPTS`.
        block_seconds: For how long the whole provider cools down.
        pauses_provider: Whether the provider waits for a person.
    """

    slot: SlotState
    attempt: AttemptState = AttemptState.FAILED
    wait_seconds: float = 0
    counts: bool = True
    block_seconds: float = 0
    pauses_provider: bool = False


def after_failure(
    failure: ProviderError,
    *,
    number: int,
    free: bool,
    jitter: Callable[[], float] = random.random,
) -> Verdict:
    """The verdict on a failed attempt.

    Args:
        failure: What the adapter says.
        number: Which attempt of the slot it was, from 1.
        free: Whether a repeat costs nothing.
        jitter: 0 to 1, so that many waiting slots do not come back at once.
    """
    match failure:
        case NotConfigured():
            return Verdict(SlotState.PENDING, counts=False, pauses_provider=True)
        case QuotaExhausted():
            wait = failure.retry_after or LONGEST_RETRY_AFTER_SECONDS
            return Verdict(SlotState.PENDING, counts=False, block_seconds=wait)
        case TryLater() if number >= MAX_ATTEMPTS:
            return Verdict(SlotState.ERROR)
        case RateLimited():
            wait = _wait(failure, number, jitter)
            return Verdict(SlotState.PENDING, wait_seconds=wait, block_seconds=wait)
        case TryLater():
            return Verdict(SlotState.PENDING, wait_seconds=_wait(failure, number, jitter))
        case Uncertain() if not free:
            return Verdict(SlotState.UNCERTAIN, AttemptState.UNCERTAIN)
        case Uncertain() if number < MAX_ATTEMPTS:
            return Verdict(SlotState.PENDING, wait_seconds=_backoff(number, jitter))
        case _:
            return Verdict(SlotState.ERROR)


def _wait(failure: TryLater, number: int, jitter: Callable[[], float]) -> float:
    if failure.retry_after is not None:
        return min(failure.retry_after, LONGEST_RETRY_AFTER_SECONDS)
    return _backoff(number, jitter)


def _backoff(number: int, jitter: Callable[[], float]) -> float:
    """Exponential with full jitter, never under half a second."""
    longest = min(LONGEST_BACKOFF_SECONDS, FIRST_BACKOFF_SECONDS * 2 ** (number - 1))
    return 0.5 + jitter() * (longest - 0.5)
