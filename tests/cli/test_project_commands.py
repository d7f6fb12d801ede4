"""`whisk project`, `whisk audit`, and the limits of `whisk user set`."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.cli.conftest import Whisk

Answered = Callable[..., Any]


def test_a_project_is_made_listed_and_changed_by_its_name(answered: Answered) -> None:
    made = answered("project", "add", "Film", "--private")
    changed = answered("project", "set", "Film", "--name", "Film 2", "--open")

    assert (made["name"], made["private"]) == ("Film", True)
    assert changed == {**made, "name": "Film 2", "private": False}
    assert [project["name"] for project in answered("project", "list")] == ["Default", "Film 2"]
    assert answered("project", "set", made["id"], "--private")["private"] is True


def test_projects_are_shown_with_who_sees_them(whisk: Whisk, answered: Answered) -> None:
    answered("project", "add", "Đèn lồng", "--private")

    shown = whisk("project", "list").stdout.splitlines()

    assert shown[1].split()[:3] == ["Default", "open", "everybody"]
    assert "Đèn lồng" in shown[2]
    assert "private" in shown[2]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["project", "set", "Film"], 2),
        (["project", "set", "Film", "--open"], 3),
        (["project", "add", " "], 4),
        (["project", "add", "default"], 5),
        (["audit", "--user", "nobody"], 3),
        (["audit", "--limit", "0"], 2),
        (["user", "set", "local"], 2),
        (["user", "set", "local", "--daily-limit", "-1"], 2),
    ],
)
def test_what_cannot_be_done_ends_as_the_table_says(
    whisk: Whisk, words: list[str], code: int
) -> None:
    assert whisk(*words).exit_code == code


def test_the_audit_tells_the_newest_first(whisk: Whisk, answered: Answered) -> None:
    answered("project", "add", "Film")
    answered("token", "create", "ci")

    entries = answered("audit")
    shown = whisk("audit", "--limit", "1").stdout.splitlines()

    assert [entry["action"] for entry in entries] == ["token.create", "project.add"]
    assert "token.create" in shown[1]
    assert len(shown) == 2
    assert [found["action"] for found in answered("audit", "--action", "project.add")] == [
        "project.add"
    ]
    assert len(answered("audit", "--user", "local")) == 2


def test_limits_are_set_and_taken_away(whisk: Whisk, answered: Answered) -> None:
    limited = answered("user", "set", "local", "--max-queued", "5", "--daily-limit", "2.5")

    assert (limited["max_queued"], limited["daily_limit"]) == (5, 2.5)
    assert "$0.00 of $2.50" in whisk("user", "list").stdout
    free = answered("user", "set", "local", "--unlimited")
    assert (free["max_queued"], free["daily_limit"]) == (None, None)
