"""The real SDK against a local server: what becomes of every answer that holds no picture.

Each of them is reached with exactly one POST. A passing test proves our wiring; what Google really
does was not asked.
"""

import asyncio
import socket
import sys
import zoneinfo
from datetime import UTC, datetime

import pytest

from app.errors import NotConfigured, QuotaExhausted, RateLimited, Rejected, TryLater, Uncertain
from app.providers.gemini import GeminiProvider
from tests.providers.asking_gemini import NOON_IN_CALIFORNIA, error_after, generate, request
from tests.providers.fake_gemini import (
    KEY,
    Abort,
    Answer,
    FakeGemini,
    Silence,
    answer,
    candidate,
    failure,
    html,
    inline,
    png,
    quota,
    retry_info,
)

HOUR = 3600


# --- answers without a picture ----------------------------------------------------------------


@pytest.mark.parametrize(
    "reason", ["SAFETY", "OTHER", "BLOCKLIST", "PROHIBITED_CONTENT", "IMAGE_SAFETY"]
)
def test_a_blocked_prompt_is_refused_for_good(reason):
    error = error_after(answer({"promptFeedback": {"blockReason": reason}}))

    assert (type(error), error.code) == (Rejected, "refused")
    assert error.params["reason"] == "prompt " + reason.replace("_", " ").lower()


@pytest.mark.parametrize(
    "reason",
    ["SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "LANGUAGE", "IMAGE_SAFETY",
     "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION"],
)  # fmt: skip
def test_a_refused_picture_is_refused_for_good_though_it_has_no_content(reason):
    error = error_after(answer(candidate(finish=reason)))

    assert (type(error), error.code) == (Rejected, "refused")
    assert error.params["reason"] == reason.replace("_", " ").lower()


@pytest.mark.filterwarnings("ignore:WHATEVER_COMES_NEXT is not a valid FinishReason")
def test_a_reason_that_nobody_knows_yet_is_a_refusal_that_names_it():
    error = error_after(answer(candidate(finish="WHATEVER_COMES_NEXT")))

    assert (error.code, error.params["reason"]) == ("refused", "whatever comes next")


@pytest.mark.parametrize("finish", ["STOP", "NO_IMAGE", None])
def test_words_instead_of_a_picture_are_kept_as_the_explanation(finish):
    words = "I cannot\ndraw that. " + "x" * 400

    error = error_after(answer(candidate({"text": words}, finish=finish)))

    assert (type(error), error.code) == (Rejected, "no_image")
    assert error.params["text"] == ("I cannot draw that. " + "x" * 400)[:300]


URI = {"fileData": {"fileUri": "https://example.org/picture.png", "mimeType": "image/png"}}
SOUND = inline(b"hoot", "audio/wav")
THOUGHT = inline(png()) | {"thought": True}


@pytest.mark.parametrize(
    ("body", "kind", "code"),
    [
        (candidate(finish="MAX_TOKENS"), Rejected, "output_limit"),
        (candidate(finish="OTHER"), Rejected, "unexplained"),
        (candidate(finish="IMAGE_OTHER"), Rejected, "unexplained"),
        (candidate(finish="MALFORMED_RESPONSE"), Rejected, "unexplained"),
        (candidate(finish="ESCALATION"), NotConfigured, "account_limited"),
        (candidate(finish="PUP_LIMITED_DISABLED"), NotConfigured, "account_limited"),
        (candidate(finish="CONTINUATION", token="Z28gb24="), Rejected, "refused"),
        (candidate(URI), Rejected, "answer_unsupported"),
        (candidate(SOUND), Rejected, "answer_unsupported"),
        (candidate(THOUGHT), Rejected, "empty_answer"),
        (candidate(), Rejected, "empty_answer"),
        ({"candidates": []}, Rejected, "empty_answer"),
        ({}, Rejected, "empty_answer"),
    ],
    ids=["tokens", "other", "image other", "malformed", "escalation", "limited", "to be continued",
         "address", "sound", "thought only", "nothing", "no candidates", "empty"],
)  # fmt: skip
def test_an_answer_without_a_picture_is_final_and_says_why(body, kind, code):
    error = error_after(answer(body))

    assert (type(error), error.code) == (kind, code)


def test_a_picture_over_the_limit_is_not_taken(monkeypatch):
    monkeypatch.setattr("app.providers.gemini_answers.MAX_PICTURE_BYTES", 10)

    assert error_after(answer(candidate(inline(png())))).code == "answer_too_large"


def test_an_endless_answer_is_cut_off(monkeypatch):
    monkeypatch.setattr("app.providers.gemini_connection.MAX_ANSWER_BYTES", 100_000)

    error = error_after(Answer(200, b"[" * 1_000_000, declared_length=10**10))

    assert (type(error), error.code) == (Rejected, "answer_too_large")


# --- errors -----------------------------------------------------------------------------------

HOTEL = html(200)
BROKEN_OFF = Answer(200, b'{"candidates":', declared_length=5000)
PACKED = Answer(200, b"\x1f\x8b\x08", {"Content-Encoding": "gzip"})
DEEP = Answer(200, b"[" * 200_000)
NOT_BASE64 = answer(candidate({"inlineData": {"mimeType": "image/png", "data": "%%%"}}))
STRANGE = answer({"candidates": [5]})
ELSEWHERE = Answer(302, b"", {"Location": "http://127.0.0.1:9/"})


@pytest.mark.parametrize(
    "step",
    [Abort(), Abort(reset=True), HOTEL, BROKEN_OFF, PACKED, DEEP, NOT_BASE64, STRANGE,
     failure(500, "INTERNAL", "Internal error"), failure(504, "DEADLINE_EXCEEDED", "Too late"),
     html(502), html(503), html(408), failure(499, "CANCELLED", "Gone"), Answer(204)],
    ids=["closed", "reset", "html 200", "half a body", "compressed", "deep json", "bad base64",
         "strange json", "500", "504", "html 502", "html 503", "408", "499", "204"],
)  # fmt: skip
def test_an_outcome_that_nobody_knows_is_uncertain_and_never_sent_again(step):
    error = error_after(step)

    assert (type(error), error.code) == (Uncertain, "outcome_unknown")
    assert error.params["reason"]


def test_a_server_that_says_nothing_makes_the_outcome_uncertain():
    error = error_after(Silence(), timeout_seconds=0.2)

    assert (type(error), error.params["reason"]) == (Uncertain, "no answer within 0.2 s")


def test_a_server_that_is_not_there_has_charged_nothing():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        provider = GeminiProvider(
            lambda: KEY, base_url=f"http://127.0.0.1:{taken.getsockname()[1]}"
        )
        with pytest.raises(TryLater) as caught:
            asyncio.run(provider.generate(request()))

    assert (caught.value.code, caught.value.params["host"]) == ("not_reached", "127.0.0.1")


@pytest.mark.parametrize(
    ("step", "kind", "code"),
    [
        (failure(400, "INVALID_ARGUMENT", "Bad ratio"), Rejected, "request_rejected"),
        (html(413), Rejected, "request_rejected"),
        (ELSEWHERE, Rejected, "request_rejected"),
        (failure(400, "FAILED_PRECONDITION", "No billing"), NotConfigured, "account_limited"),
        (failure(401, "UNAUTHENTICATED", "Who?"), NotConfigured, "key_refused"),
        (failure(403, "PERMISSION_DENIED", "No"), NotConfigured, "key_refused"),
        (failure(404, "NOT_FOUND", "No such model"), Rejected, "model_gone"),
        (failure(503, "UNAVAILABLE", "Overloaded"), TryLater, "overloaded"),
        (failure(429, "RESOURCE_EXHAUSTED", "Slow down"), RateLimited, "rate_limited"),
    ],
    ids=["bad request", "too large", "redirect", "billing", "401", "403", "404", "503", "429"],
)
def test_an_error_of_the_server_becomes_ours(step, kind, code):
    error = error_after(step)

    assert (type(error), error.code) == (kind, code)


def test_a_wrong_key_is_refused_though_the_server_calls_it_a_bad_request():
    with FakeGemini() as fake, pytest.raises(NotConfigured) as caught:
        generate(fake, key="WRONG-KEY-0000000000")

    assert (caught.value.code, len(fake.calls)) == ("key_refused", 1)


@pytest.mark.parametrize("key", [None, ""])
def test_without_a_key_nothing_is_sent_and_the_sentence_says_how_to_go_on(key):
    with FakeGemini() as fake, pytest.raises(NotConfigured) as caught:
        generate(fake, key=key)

    assert (caught.value.code, fake.calls) == ("key_missing", [])
    assert "GEMINI_API_KEY" in str(caught.value)
    assert "Painter" in str(caught.value)


def too_many(*details, **headers):
    return failure(429, "RESOURCE_EXHAUSTED", "Slow down", *details, **headers)


@pytest.mark.parametrize(
    ("step", "seconds"),
    [
        (too_many(retry_info("31.5s"), Retry_After="7"), 31.5),
        (too_many(Retry_After="7"), 7),
        (too_many(retry_info("soon"), Retry_After="7"), 7),
        (too_many(retry_info("86400s")), 15 * 60),
        (too_many(retry_info("-5s")), 0),
        (too_many(retry_info("nan")), None),
        (too_many(Retry_After="Mon, 23 Nov 2026 20:01:30 GMT"), 90),
        (too_many(Retry_After="Sun, 22 Nov 2026 20:00:00 GMT"), 0),
        (too_many(Retry_After="tomorrow"), None),
        (too_many(), None),
        (too_many(quota("GenerateRequestsPerMinutePerProject"), retry_info("8s")), 8),
        (failure(503, "UNAVAILABLE", "Overloaded", retry_info("4s")), 4),
    ],
    ids=["retry info first", "header", "unreadable info", "capped", "negative", "not a number",
         "date", "past date", "garbage", "silent", "per minute", "overloaded"],
)  # fmt: skip
def test_the_wait_is_what_the_server_asks_for(step, seconds):
    assert error_after(step).retry_after == seconds


@pytest.mark.parametrize(
    ("moment", "hours"),
    [
        (NOON_IN_CALIFORNIA, 12),
        (datetime(2026, 7, 1, 19, 0, tzinfo=UTC), 12),  # summer: noon is UTC-7
        (datetime(2026, 11, 1, 7, 0, tzinfo=UTC), 25),  # the day on which summer time ends
    ],
    ids=["winter", "summer", "25 hours"],
)
def test_a_used_up_day_lasts_until_midnight_in_california(moment, hours):
    step = too_many(quota("GenerateRequestsPerDayPerProjectPerModel"), retry_info("31.5s"))

    error = error_after(step, moment=moment)

    assert (type(error), error.code) == (QuotaExhausted, "quota_of_the_day")
    assert error.retry_after == hours * HOUR


@pytest.fixture
def no_time_zones(monkeypatch):
    """A computer like a bare Windows."""
    monkeypatch.setitem(sys.modules, "tzdata", None)
    zoneinfo.reset_tzpath(to=[])
    zoneinfo.ZoneInfo.clear_cache()
    yield
    zoneinfo.reset_tzpath()
    zoneinfo.ZoneInfo.clear_cache()


@pytest.mark.usefixtures("no_time_zones")
def test_without_time_zones_on_the_computer_the_day_ends_no_earlier():
    summer_noon = datetime(2026, 7, 1, 19, 0, tzinfo=UTC)

    error = error_after(too_many(quota("RequestsPerDay")), moment=summer_noon)

    assert error.retry_after == 13 * HOUR


def test_cancelling_the_wait_ends_it_at_once_and_sends_nothing_more():
    with FakeGemini(Silence()) as fake:
        provider = GeminiProvider(lambda: KEY, base_url=fake.url)

        async def run():
            waiting = asyncio.ensure_future(provider.generate(request()))
            assert await asyncio.to_thread(fake.arrived.wait, 5)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            await provider.close()

        asyncio.run(run())

    assert len(fake.calls) == 1


# --- the key stays with us --------------------------------------------------------------------

ECHO = f"You sent x-goog-api-key: {KEY}\r\n\x1b[31m and more " + "y" * 1000


@pytest.mark.parametrize(
    "step",
    [failure(code, "WHATEVER", ECHO) for code in (400, 401, 429, 500)]
    + [
        Answer(502, ECHO.encode()),
        Answer(200, ECHO.encode()),
        answer(candidate({"text": ECHO})),
        Abort(),
    ],
    ids=["400", "401", "429", "500", "502", "not json", "words", "dropped"],
)
def test_no_error_repeats_the_key_even_when_the_server_does(step):
    error = error_after(step)

    told = [str(error), repr(error), *error.params.values(), str(error.__cause__)]
    assert not any(KEY in text for text in told)


def test_what_a_server_says_is_shown_on_one_line_and_cut():
    reason = error_after(failure(400, "INVALID_ARGUMENT", ECHO)).params["reason"]

    assert reason.startswith("You sent x-goog-api-key: [key] [31m and more yyy")
    assert len(reason) == 300
    assert reason.isprintable()


def test_no_log_line_holds_the_key_however_much_is_logged(caplog):
    caplog.set_level("DEBUG")

    error_after(failure(500, "INTERNAL", "Internal error"))

    assert "generateContent" in caplog.text
    assert KEY not in caplog.text
