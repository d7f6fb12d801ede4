"""The command `whisk`: which commands there are, and how a server is started."""

import os
from collections.abc import Callable

import typer

from app.cli import exit_codes
from app.cli.adding import add_tasks
from app.cli.asked import Asked, Failed, settled, usage
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
from app.cli.project_commands import add_project, change_project, list_projects, show_audit
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
from app.cli.serve_options import with_serve_options
from app.cli.upkeep_commands import back_up, restore
from app.errors import WhiskError
from app.settings import Said, Settings
from app.window.demand import demand_window

Serve = Callable[[Settings], None]
"""Serves until it is stopped. Raises `WhiskError` when it cannot start."""

HELP = """From a list of prompts to named images on disk.

Without a command it serves the pages, as whisk serve does. A command works on the data folder, or
through the server that runs on it, or on another server that --server names.
"""

_TABLE = (exit_codes.__doc__ or "").partition("\n\n")[2].replace("* ", "").strip()
EPILOG = f"\b\nExit codes:\n{_TABLE}"


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
    def whisk(ctx: typer.Context, said: Said) -> None:
        ctx.obj = said
        if ctx.invoked_subcommand is None:
            _serve(said, serve)

    def serve_pages(ctx: typer.Context, said: Said) -> None:
        """Serve the pages and work on the queue until stopped."""
        _serve(said.over(ctx.obj), serve)

    line.callback(invoke_without_command=True)(with_serve_options(whisk))
    line.command("serve")(with_serve_options(serve_pages))


def _serve(said: Said, serve: Serve) -> None:
    try:
        settings = settled(said)
        if settings.native:
            _demand_window()
        serve(settings)
    except Failed as failure:
        raise typer.Exit(Asked(Settings()).fail(failure)) from failure
    except WhiskError as error:
        failure = Failed(error.code, error.message)
        raise typer.Exit(Asked(Settings()).fail(failure)) from error


def _demand_window() -> None:
    try:
        demand_window(os.environ)
    except WhiskError as error:
        raise usage(error.message) from error


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
    projects = typer.Typer(help="Named groups of tasks.", no_args_is_help=True)
    projects.command("list")(list_projects)
    projects.command("add")(add_project)
    projects.command("set")(change_project)
    line.add_typer(projects, name="project")
    line.command("audit")(show_audit)
