"""`whisk token` and `whisk user`: who may come in."""

import sys
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from app.api.base_api import BaseApi
from app.cli.asked import Asked, command, insist, usage
from app.cli.finding import SHOWN_OF_AN_ID, token_named, user_named
from app.cli.reaching import reached
from app.cli.shown import print_json, print_table, say
from app.models import Role, Scope

MOST_PASSWORD_CHARS = 1_024

_Name = Annotated[str, typer.Argument(help="User name.")]
_RoleOption = Annotated[Role | None, typer.Option(help="What the person may do.")]
_DisplayName = Annotated[str | None, typer.Option(help="Name to show.")]
_FromStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from the first line of stdin.")
]


@command
def list_tokens(asked: Asked) -> None:
    """Show the tokens of programs; of all people for an admin."""
    with reached(asked) as studio:
        tokens = insist(studio.api.list_tokens()).data
        names = _user_names(studio.api, asked) if tokens else {}
    if asked.as_json:
        print_json(tokens)
        return
    columns = ("ID", "NAME", "SCOPE", "BEGINS", "OWNER", "CREATED", "EXPIRES", "LAST USED")
    rows = [
        [
            token["id"][:SHOWN_OF_AN_ID],
            token["name"],
            token["scope"],
            token["prefix"],
            names.get(token["owner"], token["owner"]),
            token["created_at"],
            token["expires_at"] or "never",
            token["last_used_at"] or "never",
        ]
        for token in tokens
    ]
    print_table(columns, rows, wide=("NAME",))


def _user_names(api: BaseApi, asked: Asked) -> dict[str, str]:
    """User names by id, as far as this person may see them."""
    if asked.as_json:
        return {}
    accounts: list[dict[str, str]] = api.list_users().data or []
    return {account["id"]: account["username"] for account in accounts}


@command
def create_token(
    asked: Asked,
    name: Annotated[str, typer.Argument(help="What it is for.")],
    scope: Annotated[Scope, typer.Option(help="What it lends of your rights.")] = Scope.WRITE,
    days: Annotated[
        int | None, typer.Option(min=1, help="How long it is good; without, until it is revoked.")
    ] = None,
) -> None:
    """Make a token for a program. Only the token is written to stdout, this once."""
    with reached(asked) as studio:
        token = insist(studio.api.create_token(name, scope=scope.value, days=days)).data
    if asked.as_json:
        print_json(token)
        return
    asked.note("This is the token. It cannot be shown again:")
    say(token["token"])


@command
def revoke_token(
    asked: Asked, token: Annotated[str, typer.Argument(metavar="ID", help="See whisk token list.")]
) -> None:
    """Make a token worthless at once."""
    with reached(asked) as studio:
        token_id = token_named(studio.api, token)
        insist(studio.api.revoke_token(token_id))
    asked.done("Revoked.", {"revoked": token_id})


@command
def list_users(asked: Asked) -> None:
    """Show the people who may come in."""
    with reached(asked) as studio:
        accounts = insist(studio.api.list_users()).data
    if asked.as_json:
        print_json(accounts)
        return
    columns = ("NAME", "SHOWN AS", "ROLE", "PASSWORD", "DISABLED", "TASKS", "TODAY", "SINCE")
    rows = [
        [
            account["username"],
            account["display_name"],
            account["role"],
            "yes" if account["has_password"] else "no",
            "yes" if account["disabled"] else "no",
            "no limit" if account["max_queued"] is None else str(account["max_queued"]),
            _money(account),
            account["created_at"],
        ]
        for account in accounts
    ]
    print_table(columns, rows, wide=("SHOWN AS",))


def _money(account: Mapping[str, Any]) -> str:
    """What was spent today, and of how much."""
    spent = f"${account['spent_today']:.2f}"
    limit = account["daily_limit"]
    return spent if limit is None else f"{spent} of ${limit:.2f}"


@command
def add_user(
    asked: Asked,
    name: _Name,
    role: Annotated[Role, typer.Option(help="What the person may do.")] = Role.MEMBER,
    display_name: _DisplayName = None,
    password_stdin: _FromStdin = False,
) -> None:
    """Let a person in. The password is asked for twice, and not shown."""
    password = _password(asked, from_stdin=password_stdin)
    data: dict[str, Any] = {"username": name, "password": password, "role": role.value}
    if display_name is not None:
        data["display_name"] = display_name
    with reached(asked) as studio:
        account = insist(studio.api.add_user(data)).data
    asked.done(f"{account['username']} may come in, as {account['role']}.", account)


@command
def change_user(
    asked: Asked,
    name: _Name,
    role: _RoleOption = None,
    display_name: _DisplayName = None,
    disabled: Annotated[
        bool | None, typer.Option("--disable/--enable", help="Keep the person out, or let in.")
    ] = None,
    max_queued: Annotated[
        int | None, typer.Option(min=0, help="Pending and running tasks that are the most.")
    ] = None,
    daily_limit: Annotated[
        float | None, typer.Option(min=0, help="US dollars a day that are the most.")
    ] = None,
    unlimited: Annotated[bool, typer.Option("--unlimited", help="Take both limits away.")] = False,
) -> None:
    """Change what a person may do."""
    named = {"role": role and role.value, "display_name": display_name, "disabled": disabled,
             "max_queued": max_queued, "daily_limit": daily_limit}  # fmt: skip
    changes: dict[str, Any] = {"max_queued": None, "daily_limit": None} if unlimited else {}
    changes |= {key: value for key, value in named.items() if value is not None}
    if not changes:
        raise usage(
            "Say what to change: --role, --display-name, --disable, --enable, --max-queued, "
            "--daily-limit or --unlimited."
        )
    with reached(asked) as studio:
        user_id = user_named(studio.api, name).id
        account = insist(studio.api.update_user(user_id, changes)).data
    asked.done("Saved.", account)


@command
def set_password(asked: Asked, name: _Name, password_stdin: _FromStdin = False) -> None:
    """Give a person a new password; every session of that person ends."""
    password = _password(asked, from_stdin=password_stdin)
    with reached(asked) as studio:
        user_id = user_named(studio.api, name).id
        account = insist(studio.api.update_user(user_id, {"password": password})).data
    asked.done("Saved.", account)


def _password(asked: Asked, *, from_stdin: bool) -> str:
    """A password that is in no command line and on no screen."""
    if from_stdin:
        try:
            return sys.stdin.readline(MOST_PASSWORD_CHARS).rstrip("\r\n")
        except UnicodeDecodeError as error:
            raise usage("What came on stdin is not text.") from error
    if asked.as_json or not sys.stdin.isatty():
        raise usage("Nobody is there to be asked. Say --password-stdin.")
    return typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
