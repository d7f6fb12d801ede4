import ast
import json
from pathlib import Path

import pytest

from app import errors
from app.api.models import ApiResponse, QueueState, TaskStatus
from app.errors import NotFound, TryLater, WhiskError
from app.web.answers import HTTP_STATUS, answered, refused, status_of
from app.words import catalogue

APP = Path(errors.__file__).parent
FAMILIES = {
    name: family
    for name, family in vars(errors).items()
    if isinstance(family, type) and issubclass(family, WhiskError)
}
MORE_PRECISE = {"login_busy": 429, "login_throttled": 429, "not_signed_in": 401}
TWO_FAMILIES = {"negative_prompt_unsupported", "reference_not_found", "task_not_found",
                "too_many_references"}  # fmt: skip


def raised():
    """Every `Family("code")` in the program, with its status by family."""
    for file in sorted(APP.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id=name), args=[ast.Constant(value=str(code)), *_]):
                    if name in FAMILIES:
                        yield code, FAMILIES[name].http_status


def test_every_code_that_is_raised_has_the_status_of_its_family():
    wrong = {
        code: (HTTP_STATUS.get(code), by_family)
        for code, by_family in raised()
        if code not in TWO_FAMILIES
        and by_family != 500
        and HTTP_STATUS.get(code) != MORE_PRECISE.get(code, by_family)
    }

    assert wrong == {}


def test_every_sentence_of_a_failure_belongs_to_a_code_with_a_status():
    codes = {key.removeprefix("error.") for key in catalogue("en") if key.startswith("error.")}

    assert codes - set(HTTP_STATUS) == set()


def test_every_code_of_the_table_has_its_sentence():
    assert {code for code in HTTP_STATUS if f"error.{code}" not in catalogue("en")} == set()


@pytest.mark.parametrize(
    ("code", "status"),
    [("", 200), ("task_not_found", 404), ("prompt_empty", 422), ("body_too_large", 413),
     ("never_heard_of_it", 500)],
)  # fmt: skip
def test_a_code_has_one_status(code, status):
    assert status_of(code) == status


def test_an_answer_travels_whole():
    state = QueueState(running=True, counts={TaskStatus.PENDING: 3})

    response = answered(
        ApiResponse(success=True, data={"queue": state, "status": TaskStatus.ERROR})
    )

    body = json.loads(response.body)
    assert body["data"]["queue"]["counts"] == {"pending": 3}
    assert body["data"]["status"] == "error"
    assert set(body) == {"success", "data", "message", "total", "code", "field", "params",
                         "retry_after"}  # fmt: skip
    assert response.headers["cache-control"] == "no-store"


def test_a_failure_travels_with_its_code_sentence_and_status():
    response = refused(NotFound("file_missing", name="heron.png"))

    body = json.loads(response.body)
    assert response.status_code == 404
    assert (body["success"], body["code"], body["params"]) == (
        False,
        "file_missing",
        {"name": "heron.png"},
    )
    assert "heron.png" in body["message"]


def test_when_to_come_back_is_told_in_whole_seconds():
    response = refused(TryLater("login_throttled", retry_after=1.2, seconds=2))

    assert response.headers["retry-after"] == "2"
