"""`whisk project` and `whisk audit`: named groups of tasks, and what was done."""

import json
from typing import Annotated, Any

import typer

from app.api.base_api import BaseApi
from app.api.models import ProjectInfo
from app.cli.asked import Asked, Failed, command, insist, usage
from app.cli.finding import user_named
from app.cli.reaching import reached
from app.cli.shown import print_json, print_table

MOST_ENTRIES = 1_000

_Name = Annotated[str, typer.Argument(help="Name of the project.")]
_Private = Annotated[
    bool | None,
    typer.Option("--private/--open", help="For its owner and admins only, or for everybody."),
]


@command
def list_projects(asked: Asked) -> None:
    """Show the projects."""
    with reached(asked) as studio:
        projects = insist(studio.api.list_projects()).data
    if asked.as_json:
        print_json(projects)
        return
    rows = [
        [
            project["name"],
            "private" if project["private"] else "open",
            project["owner"] or "everybody",
            project["created_at"],
            project["id"],
        ]
        for project in projects
    ]
    print_table(("NAME", "SEEN BY", "OWNER", "SINCE", "ID"), rows, wide=("NAME",))


@command
def add_project(asked: Asked, name: _Name, private: _Private = None) -> None:
    """Make a project; tasks go into it by its id."""
    with reached(asked) as studio:
        project = insist(studio.api.add_project({"name": name, "private": bool(private)})).data
    asked.done(f"Made {project['name']}: {project['id']}", project)


@command
def change_project(
    asked: Asked,
    name: _Name,
    new_name: Annotated[str | None, typer.Option("--name", help="New name.")] = None,
    private: _Private = None,
) -> None:
    """Rename a project, make it private, or open it to everybody."""
    named = {"name": new_name, "private": private}
    changes = {key: value for key, value in named.items() if value is not None}
    if not changes:
        raise usage("Say what to change: --name, --private or --open.")
    with reached(asked) as studio:
        project_id = _project_named(studio.api, name).id
        project = insist(studio.api.update_project(project_id, changes)).data
    asked.done("Saved.", project)


def _project_named(api: BaseApi, name: str) -> ProjectInfo:
    """The project of a name or an id. Raises `Failed`: `project_unknown`."""
    for project in insist(api.list_projects()).data:
        if name in (project["name"], project["id"]):
            return ProjectInfo(**project)
    raise Failed("project_unknown", f"There is no project named {name!r}.", field="name")


@command
def show_audit(
    asked: Asked,
    limit: Annotated[
        int, typer.Option(min=1, max=MOST_ENTRIES, help="How many, the newest first.")
    ] = 50,
    person: Annotated[str | None, typer.Option("--user", help="Only of this user name.")] = None,
    action: Annotated[str, typer.Option(help="Only this action: spend, user.change, ...")] = "",
) -> None:
    """Show what admins did and what was spent."""
    with reached(asked) as studio:
        user_id = user_named(studio.api, person).id if person else ""
        answer = insist(studio.api.list_audit(limit=limit, user_id=user_id, action=action))
    entries: list[dict[str, Any]] = answer.data["entries"]
    if asked.as_json:
        print_json(entries)
        return
    rows = [
        [
            entry["at"],
            entry["user_name"] or entry["user"],
            entry["action"],
            f"{entry['object_kind']} {entry['object_id']}".strip(),
            json.dumps(entry["details"], ensure_ascii=False) if entry["details"] else "",
            entry["address"],
        ]
        for entry in entries
    ]
    print_table(("AT", "WHO", "ACTION", "ON", "DETAILS", "FROM"), rows, wide=("DETAILS",))
