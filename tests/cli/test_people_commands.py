"""`whisk token` and `whisk user`: secrets are shown once, typed unseen, and never in a command."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from app.api.local_api import LocalApi
from app.bootstrap import build_doors
from app.errors import NotAllowed
from app.models import Role
from tests.cli.conftest import Whisk
from tests.cli.process import typed_on_a_terminal

Answered = Callable[..., Any]
PASSWORD = "correct horse battery staple"


def users(answered: Answered) -> dict[str, Any]:
    return {account["username"]: account for account in answered("user", "list")}


def can_sign_in(data: Path, name: str, password: str) -> bool:
    with LocalApi(data, data / "output", works=False) as api:
        try:
            return bool(build_doors(api).sessions.sign_in(name, password))
        except NotAllowed:
            return False


def test_only_the_token_is_on_stdout(whisk: Whisk, data: Path) -> None:
    result = whisk("token", "create", "ci")

    token = result.stdout.strip()
    assert token.startswith("whisk_")
    assert token not in result.stderr
    with LocalApi(data, data / "output", works=False) as api:
        principal = build_doors(api).tokens.resolve(token)
    assert principal is not None
    assert principal.user.role == Role.MEMBER


def test_a_token_is_never_shown_again(whisk: Whisk, answered: Answered) -> None:
    made = answered("token", "create", "ci", "--scope", "read", "--days", "30")

    (listed,) = answered("token", "list")
    assert made["token"] not in json.dumps(listed)
    assert made["token"] not in whisk("token", "list").output
    assert (listed["name"], listed["scope"]) == ("ci", "read")
    assert listed["expires_at"] is not None


def test_a_token_is_revoked_by_how_its_id_begins(whisk: Whisk, answered: Answered) -> None:
    made = answered("token", "create", "ci")

    assert answered("token", "revoke", made["id"][:8]) == {"revoked": made["id"]}
    assert answered("token", "list") == []
    assert whisk("token", "revoke", made["id"]).exit_code == 3


def test_a_person_is_let_in_with_a_password_from_stdin(
    whisk: Whisk, answered: Answered, data: Path
) -> None:
    result = whisk(
        "user", "add", "anna", "--role", "viewer", "--display-name", "Anna Ở",
        "--password-stdin", text=f"{PASSWORD}\n",
    )  # fmt: skip

    assert result.stdout == "anna may come in, as viewer.\n"
    assert PASSWORD not in result.output
    assert users(answered)["anna"]["display_name"] == "Anna Ở"
    assert can_sign_in(data, "anna", PASSWORD)
    assert not can_sign_in(data, "anna", f"{PASSWORD}\n")


def test_a_poor_password_is_refused(whisk: Whisk, answered: Answered) -> None:
    for password in ("", "short", "password1234"):
        refused = whisk("user", "add", "anna", "--password-stdin", text=f"{password}\n")

        assert refused.exit_code == 4, password
    assert set(users(answered)) == {"local"}


def test_where_nobody_can_be_asked_a_password_comes_from_stdin(whisk: Whisk) -> None:
    result = whisk("user", "add", "anna", text=f"{PASSWORD}\n{PASSWORD}\n")

    assert result.exit_code == 2
    assert "--password-stdin" in result.stderr


def test_what_a_person_may_do_is_changed(whisk: Whisk, answered: Answered) -> None:
    answered("user", "add", "anna", "--password-stdin", text=PASSWORD)

    changed = answered("user", "set", "anna", "--role", "admin", "--disable")

    assert (changed["role"], changed["disabled"]) == ("admin", True)
    assert answered("user", "set", "anna", "--enable")["disabled"] is False
    assert whisk("user", "set", "anna").exit_code == 2


def test_a_password_is_replaced(answered: Answered, data: Path) -> None:
    answered("user", "password", "local", "--password-stdin", text=PASSWORD)

    assert can_sign_in(data, "local", PASSWORD)


def test_on_a_terminal_a_password_is_asked_for_twice_and_not_shown(data: Path) -> None:
    words = ["user", "add", "anna", "--data", str(data)]

    code, seen = typed_on_a_terminal(words, PASSWORD, PASSWORD)

    assert code == 0, seen
    assert PASSWORD not in seen
    assert can_sign_in(data, "anna", PASSWORD)


def test_on_a_terminal_a_person_may_say_no(whisk: Whisk, answered: Answered, data: Path) -> None:
    whisk("add", "a boat")

    code, seen = typed_on_a_terminal(["delete", "1", "--data", str(data)], "n")

    assert code == 1
    assert "Delete 1 task(s) (a boat)?" in seen
    assert answered("list")["total"] == 1
