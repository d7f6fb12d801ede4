"""A provider's server may repeat what was sent to it: the studio never passes that on."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.api.local_api import LocalApi
from app.logs import JsonLine
from tests.providers.fake_gemini import (
    KEY,
    Answer,
    FakeGemini,
    Step,
    answer,
    candidate,
    failure,
    retry_info,
)
from tests.waiting import until

BEARER = "ya29-upstream-credential-0123456789"
ECHO = (
    f'You sent {{"x-goog-api-key": "{KEY}", "Authorization": "Bearer {BEARER}"}}'
    f" to https://gateway:{BEARER}@upstream.example.org/v1?key={KEY}"
)
MODEL = "gemini:gemini-3-pro-image"

Opened = Callable[..., LocalApi]


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Opened]:
    """Open a studio in one and the same data folder, whose Gemini is at an address."""
    studios: list[LocalApi] = []

    def open_at(url: str) -> LocalApi:
        while studios:
            studios.pop().close()
        monkeypatch.setenv("WHISK_GEMINI_URL", url)
        api = LocalApi(tmp_path / "data", tmp_path / "output")
        api.open()
        studios.append(api)
        return api

    yield open_at
    for api in studios:
        api.close()


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """What a server's log holds, however much is logged."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLine())
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(before)


def ask_for_one(api: LocalApi) -> None:
    added = api.add_to_queue({"prompt": "a fox on a bicycle", "model": MODEL})
    assert added.success, added.message
    api.start_queue()


@pytest.mark.parametrize(
    "step",
    [
        failure(400, "INVALID_ARGUMENT", ECHO),
        failure(401, "UNAUTHENTICATED", ECHO),
        failure(403, "PERMISSION_DENIED", ECHO),
        failure(404, "NOT_FOUND", ECHO),
        failure(429, "RESOURCE_EXHAUSTED", ECHO, retry_info("600s")),
        failure(500, "INTERNAL", ECHO),
        Answer(502, ECHO.encode()),
        Answer(200, ECHO.encode()),
        answer(candidate({"text": ECHO})),
        answer({"error": ECHO}),
    ],
    ids=["400", "401", "403", "404", "429", "500", "no json 502", "no json", "words", "odd json"],
)
def test_neither_database_nor_answers_nor_log_repeat_it(
    opened: Opened, logged: io.StringIO, tmp_path: Path, step: Step
) -> None:
    with FakeGemini(step) as fake:
        api = opened(fake.url)
        api.set_provider_key("gemini", KEY)
        ask_for_one(api)
        until(lambda: "attempt failed" in logged.getvalue())
        told = json.dumps([
            api.get_queue().data, api.list_providers().data, api.get_changes(0).data["rows"],
            api.queue_state().data["waiting"],
        ])  # fmt: skip
        api.close()
        database = (tmp_path / "data" / "whisk.sqlite").read_bytes()

    assert fake.calls[0].headers["x-goog-api-key"] == KEY, "the server did know the key"
    for secret in (KEY, BEARER):
        assert secret not in told
        assert secret not in logged.getvalue()
        assert secret.encode() not in database
    assert "fox" not in "".join(line for line in logged.getvalue().splitlines() if "app." in line)


def test_a_key_never_reaches_another_address_and_its_work_waits_with_a_reason(
    opened: Opened,
) -> None:
    with FakeGemini() as first, FakeGemini() as second:
        opened(first.url).set_provider_key("gemini", KEY)

        api = opened(second.url)
        ask_for_one(api)
        until(lambda: bool(api.queue_state().data["waiting"]))

        (waiting,) = api.queue_state().data["waiting"]
        assert waiting["code"] == "key_of_other_origin"
        (provider,) = [one for one in api.list_providers().data if one["name"] == "gemini"]
        assert (provider["has_key"], provider["key_source"]) == (False, "settings")
        assert provider["key_origin"] == first.url
        assert provider["paused_reason"] == "key_of_other_origin"
        assert second.calls == []


def test_a_key_for_the_new_address_sets_the_work_going(opened: Opened) -> None:
    with FakeGemini() as first, FakeGemini(key="KEY-of-the-second-0123456789") as second:
        opened(first.url).set_provider_key("gemini", KEY)
        api = opened(second.url)
        ask_for_one(api)
        until(lambda: bool(api.queue_state().data["waiting"]))

        answered = api.set_provider_key("gemini", "KEY-of-the-second-0123456789").data
        until(lambda: api.queue_state().data["images_done"] == 1)

        assert (answered["key_origin"], answered["paused_reason"]) == (second.url, "")
        assert answered["key_place"] == "file"
        assert first.calls == []
