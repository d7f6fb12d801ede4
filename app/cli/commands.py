"""The command `whisk`: which commands there are, and how a server is started."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from app.cli import exit_codes
from app.cli.adding import add_tasks
from app.cli.asked import Asked, Data, Failed, Server, TokenFile, settled
from app.cli.doctor import examine
from app.cli.people_commands import (
    add_user,
    change_user,
    create_token,
    list_tokens,
    list_users,
    revoke_token,
    set_password,
)
from app.cli.queue_commands import (
    cancel_tasks,
    delete_tasks,
    export_tasks,
    list_models,
    list_tasks,
    retry_tasks,
    show_task,
    start_queue,
    stop_queue,
)
from app.cli.running import run_file
from app.cli.upkeep_commands import back_up, restore
from app.errors import WhiskError
from app.settings import MAX_PORT, ApiChoice, Said, Settings

Serve = Callable[[Settings], None]
"""Serves until it is stopped. Raises `WhiskError` when it cannot start."""

HELP = """From a list of prompts to named images on disk.

Without a command it serves the pages, as whisk serve does. A command works on the data folder, or
through the server that runs on it, or on another server that --server names.
"""

_TABLE = (exit_codes.__doc__ or "").partition("\n\n")[2].replace("* ", "").strip()
EPILOG = f"\b\nExit codes:\n{_TABLE}"

_Host = Annotated[
    str | None,
    typer.Option(metavar="ADDRESS", help="Address to listen on (WHISK_HOST); default: 127.0.0.1."),
]
_Port = Annotated[
    int | None,
    typer.Option(min=1, max=MAX_PORT, metavar="PORT", help="Port (WHISK_PORT); default: 8080."),
]
_Api = Annotated[
    ApiChoice | None,
    typer.Option(
        help="local: here, on disk (the default); mock: in memory; real: --server (WHISK_API).",
    ),
]
_NoBrowser = Annotated[
    bool,
    typer.Option("--no-browser", help="Print the launch link, open nothing (WHISK_NO_BROWSER)."),
]


def command_line(serve: Serve) -> typer.Typer:
    """All commands; `serve` does what its name says."""
    line = typer.Typer(
        name="whisk",
        help=HELP,
        epilog=EPILOG,
        rich_markup_mode=None,  # what a person typed is never taken for markup
        pretty_exceptions_enable=False,  # it would show the values of variables
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    _add_serve(line, serve)
    _add_queue(line)
    _add_people(line)
    line.command("doctor")(examine)
    line.command("backup")(back_up)
    line.command("restore")(restore)
    return line


def _add_serve(line: typer.Typer, serve: Serve) -> None:
    @line.callback(invoke_without_command=True)
    def whisk(  # pyright: ignore[reportUnusedFunction] -- typer calls it
        ctx: typer.Context,
        host: _Host = None,
        port: _Port = None,
        data: Data = None,
        api: _Api = None,
        server: Server = None,
        token_file: TokenFile = None,
        no_browser: _NoBrowser = False,
    ) -> None:
        ctx.obj = _said(host, port, data, api, server, token_file, no_browser)
        if ctx.invoked_subcommand is None:
            _serve(ctx.obj, serve)

    @line.command("serve")
    def serve_pages(  # pyright: ignore[reportUnusedFunction] -- typer calls it
        ctx: typer.Context,
        host: _Host = None,
        port: _Port = None,
        data: Data = None,
        api: _Api = None,
        server: Server = None,
        token_file: TokenFile = None,
        no_browser: _NoBrowser = False,
    ) -> None:
        """Serve the pages and work on the queue until stopped."""
        said = _said(host, port, data, api, server, token_file, no_browser)
        _serve(said.over(ctx.obj), serve)


def _said(
    host: str | None,
    port: int | None,
    data: Path | None,
    api: ApiChoice | None,
    server: str | None,
    token_file: Path | None,
    no_browser: bool,
) -> Said:
    browser = False if no_browser else None
    return Said(host, port, data, api, server, token_file, browser)


def _serve(said: Said, serve: Serve) -> None:
    try:
        serve(settled(said))
    except Failed as failure:
        raise typer.Exit(Asked(Settings()).fail(failure)) from failure
    except WhiskError as error:
        failure = Failed(error.code, error.message)
        raise typer.Exit(Asked(Settings()).fail(failure)) from error


def _add_queue(line: typer.Typer) -> None:
    line.command("add")(add_tasks)
    line.command("run")(run_file)
    line.command("list")(list_tasks)
    line.command("show")(show_task)
    line.command("start")(start_queue)
    line.command("stop")(stop_queue)
    line.command("retry")(retry_tasks)
    line.command("cancel")(cancel_tasks)
    line.command("delete")(delete_tasks)
    line.command("export")(export_tasks)
    line.command("models")(list_models)


def _add_people(line: typer.Typer) -> None:
    tokens = typer.Typer(help="Tokens, with which programs come in.", no_args_is_help=True)
    tokens.command("list")(list_tokens)
    tokens.command("create")(create_token)
    tokens.command("revoke")(revoke_token)
    line.add_typer(tokens, name="token")
    users = typer.Typer(help="People who may come in.", no_args_is_help=True)
    users.command("list")(list_users)
    users.command("add")(add_user)
    users.command("set")(change_user)
    users.command("password")(set_password)
    line.add_typer(users, name="user")
