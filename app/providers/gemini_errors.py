"""Gemini's errors in our words. The table follows google-genai 3.4.0, read on 2026-11-23."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import TYPE_CHECKING, Any, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.clock import SECOND
from app.errors import (
    NotConfigured,
    ProviderError,
    QuotaExhausted,
    RateLimited,
    Rejected,
    TryLater,
    Uncertain,
)
from app.models import ModelInfo
from app.secrecy import hidden

if TYPE_CHECKING:
    from google.genai import errors

LABEL = "Google Gemini"
MAX_QUOTED_CHARS = 300
MAX_READ_CHARS = 100_000
MAX_WAIT_SECONDS = 15 * 60.0

_answered_by_nobody = {408, 499}
"""The server gave up on the request, or believes that we did: what it did until then is unknown."""


def quoted(text: object, secret: str) -> str:
    """A foreign text, fit to be shown and logged: one line, at most 300 characters, no secret."""
    visible = hidden(str(text or "")[:MAX_READ_CHARS], secret)
    line = "".join(char if char.isprintable() else " " for char in visible)
    return " ".join(line.split())[:MAX_QUOTED_CHARS]


def refusal(error: "errors.APIError", model: ModelInfo, *, secret: str, now: int) -> ProviderError:
    """Our error for an answer that is not a 200.

    `secret` is the key, which is cut out of whatever the server says; `now` is microseconds since
    1970, for waits until a time of day.
    """
    reason = quoted(error.message, secret) or f"HTTP {error.code}"
    details = _details(cast("Any", error).details)
    if error.code == 429:
        return _too_many(error, details, reason, now)
    if error.code == 503 and error.status == "UNAVAILABLE":
        return TryLater("overloaded", retry_after=_wait(error, details, now), model=model.label)
    if error.code == 404:
        return Rejected("model_gone", model=model.label, reason=reason)
    if 400 <= error.code < 500 and error.code not in _answered_by_nobody:
        return _our_fault(error, details, reason)
    if 300 <= error.code < 400:
        reason = f"HTTP {error.code}, a redirect, which is never followed"
        return Rejected("request_rejected", provider=LABEL, reason=reason)
    return Uncertain("outcome_unknown", provider=LABEL, reason=f"HTTP {error.code}: {reason}")


def _our_fault(
    error: "errors.APIError", details: list[dict[str, object]], reason: str
) -> ProviderError:
    key_invalid = any(detail.get("reason") == "API_KEY_INVALID" for detail in details)
    if error.code in (401, 403) or key_invalid:
        return NotConfigured("key_refused", provider=LABEL, reason=reason)
    if error.status == "FAILED_PRECONDITION":  # no billing, or a country that is not served
        return NotConfigured("account_limited", provider=LABEL, reason=reason)
    return Rejected("request_rejected", provider=LABEL, reason=reason)


def _too_many(
    error: "errors.APIError", details: list[dict[str, object]], reason: str, now: int
) -> ProviderError:
    if any("PerDay" in quota for quota in _quotas(details)):
        wait = seconds_to_pacific_midnight(now)
        return QuotaExhausted("quota_of_the_day", retry_after=wait, provider=LABEL)
    wait = _wait(error, details, now)
    return RateLimited("rate_limited", retry_after=wait, provider=LABEL, reason=reason)


def seconds_to_pacific_midnight(now: int) -> float:
    """Seconds until Gemini renews the quotas of the day.

    Source: ai.google.dev/gemini-api/docs/rate-limits, read on 2026-11-23.
    """
    here = datetime.fromtimestamp(now / SECOND, _pacific())
    midnight = (here + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return (midnight.astimezone(UTC) - here.astimezone(UTC)).total_seconds()


def _pacific() -> ZoneInfo | timezone:
    try:
        return ZoneInfo("America/Los_Angeles")
    except ZoneInfoNotFoundError:
        # Windows has no time zones of its own. Winter time is never too early.
        return timezone(timedelta(hours=-8))


def _wait(error: "errors.APIError", details: list[dict[str, object]], now: int) -> float | None:
    """What the server asks us to wait, at most a quarter of an hour; None when it does not say."""
    for detail in details:
        if str(detail.get("@type", "")).endswith("google.rpc.RetryInfo"):
            asked = _seconds(str(detail.get("retryDelay", "")).removesuffix("s"))
            if asked is not None:
                return asked
    headers = cast("Mapping[str, str]", getattr(cast("Any", error).response, "headers", None) or {})
    header = headers.get("retry-after", "")
    return _seconds(header) if _seconds(header) is not None else _seconds_until(header, now)


def _seconds(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return min(max(value, 0.0), MAX_WAIT_SECONDS) if isfinite(value) else None


def _seconds_until(http_date: str, now: int) -> float | None:
    try:
        moment = parsedate_to_datetime(http_date)
    except ValueError:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max(aware.timestamp() - now / SECOND, 0.0), MAX_WAIT_SECONDS)


def _quotas(details: list[dict[str, object]]) -> list[str]:
    violations = [item for detail in details for item in _dicts(detail.get("violations"))]
    return [str(violation.get("quotaId", "")) for violation in violations]


def _details(body: object) -> list[dict[str, object]]:
    """The list `error.details` of Google's error shape; empty for any other shape."""
    inner = cast("dict[str, object]", body).get("error") if isinstance(body, dict) else None
    return (
        _dicts(cast("dict[str, object]", inner).get("details")) if isinstance(inner, dict) else []
    )


def _dicts(value: object) -> list[dict[str, object]]:
    items = cast("list[object]", value) if isinstance(value, list) else []
    return [cast("dict[str, object]", item) for item in items if isinstance(item, dict)]
