"""Looking at the queue, and starting and stopping it."""

import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from app.api.models import MediaContent, TaskStatus
from app.cli.asked import Asked, command, insist, usage
from app.cli.exit_codes import ExitCode
from app.cli.files import replace
from app.cli.finding import SHOWN_OF_AN_ID, Row, every_task, tasks_named
from app.cli.reaching import reached
from app.cli.shown import plain, print_json, print_table, say
from app.models import MAX_PAGE

_COLUMNS = ("STT", "ID", "STATUS", "TASK", "MODEL", "IMAGES", "MESSAGE")
_IN_FULL = ("prompt", "negative_prompt", "error_message")


@command
def list_tasks(
    asked: Asked,
    status: Annotated[TaskStatus | None, typer.Option(help="Only tasks of this status.")] = None,
    search: Annotated[
        str, typer.Option(metavar="TEXT", help="Only tasks with this text in prompt or name.")
    ] = "",
    limit: Annotated[int, typer.Option(min=1, max=MAX_PAGE, help="Tasks on a page.")] = 50,
    after: Annotated[
        str, typer.Option(metavar="CURSOR", help="Go on behind the page before.")
    ] = "",
    everything: Annotated[bool, typer.Option("--all", help="All tasks, not one page.")] = False,
) -> None:
    """Show tasks in queue order."""
    with reached(asked) as studio:
        wanted = {"status": status.value if status else "", "search": search}
        if everything:
            rows = list(every_task(studio.api, **wanted))
            page: dict[str, Any] = {"tasks": rows, "next": ""}
            total = len(rows)
        else:
            answer = insist(studio.api.query_tasks(**wanted, after=after, limit=limit))
            page, total = answer.data, answer.total
        labels = {model["id"]: model["label"] for model in insist(studio.api.list_models()).data}
    if asked.as_json:
        print_json({**page, "total": total})
        return
    print_table(_COLUMNS, [_cells(row, labels) for row in page["tasks"]], wide=("TASK", "MESSAGE"))
    if page["next"]:
        asked.note(
            f"{len(page['tasks'])} of {total}. The next page: whisk list --after {page['next']}"
        )


def _cells(row: Row, labels: dict[str, str]) -> list[object]:
    return [
        row["stt"],
        row["id"][:SHOWN_OF_AN_ID],
        row["status"],
        row["task_name"] or row["prompt"],
        labels.get(row["model"], row["model"]),
        f"{len(row['output_images'])}/{row['images_per_prompt']}",
        row["error_message"],
    ]


@command
def show_task(
    asked: Asked,
    task: Annotated[str, typer.Argument(help="Row number, id, or how the id begins.")],
) -> None:
    """Show one task with everything that is known about it."""
    with reached(asked) as studio:
        (row,) = tasks_named(studio.api, [task])
        images = insist(studio.api.get_images(row["output_images"])).data
    if asked.as_json:
        print_json(row)
        return
    for name, value in row.items():
        if name not in _IN_FULL and (told := _told(value)):
            say(f"{name}: {told}")
    for name in _IN_FULL:
        if row[name]:
            say(f"{name}:")
            for line in plain(row[name], lines=True).split("\n"):
                say(f"  {line}")
    for image in images:
        say(f"file: {image['file_path'] or image['file_name']}")


def _told(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))  # pyright: ignore[reportUnknownArgumentType,reportUnknownVariableType] -- ids
    if isinstance(value, dict):
        return ", ".join(f"{key} {_told(inner)}" for key, inner in value.items() if inner)  # pyright: ignore[reportUnknownVariableType] -- references, parameters
    return "" if value is None else str(value)


@command
def start_queue(asked: Asked) -> None:
    """Let the queue run; this lasts over a restart."""
    with reached(asked) as studio:
        state = insist(studio.api.start_queue()).data
        served = studio.served
    asked.done(f"The queue runs; {state['counts']['pending']} task(s) wait.", state)
    if not served:
        asked.note("No server works on this folder now. Start one with: whisk serve")


@command
def stop_queue(asked: Asked) -> None:
    """Start no more requests; those that are out end and are saved."""
    with reached(asked) as studio:
        state = insist(studio.api.stop_queue()).data
    asked.done(f"The queue is stopped; {state['in_flight']} request(s) are still out.", state)


@command
def retry_tasks(
    asked: Asked,
    tasks: Annotated[
        list[str] | None, typer.Argument(metavar="[TASK]...", help="All that failed, if none.")
    ] = None,
    include_uncertain: Annotated[
        bool,
        typer.Option(
            "--include-uncertain", help="Also images that may have been charged: they may be again."
        ),
    ] = False,
) -> None:
    """Ask again for the images that failed."""
    with reached(asked) as studio:
        ids = [row["id"] for row in tasks_named(studio.api, tasks)] if tasks else None
        answer = insist(studio.api.retry_tasks(ids, include_uncertain=include_uncertain))
    asked.done(f"{answer.message}.", answer.data)
    if left := answer.data["uncertain_left"]:
        asked.note(f"{left} image(s) may have been charged: only --include-uncertain retries them.")


@command
def cancel_tasks(
    asked: Asked,
    tasks: Annotated[
        list[str] | None, typer.Argument(metavar="[TASK]...", help="Row numbers or ids.")
    ] = None,
    all_waiting: Annotated[
        bool, typer.Option("--all-waiting", help="Every task that waits.")
    ] = False,
) -> None:
    """Give up on images that are not there yet."""
    if bool(tasks) == all_waiting:
        raise usage("Name the tasks to cancel, or say --all-waiting.")
    with reached(asked) as studio:
        rows = (
            tasks_named(studio.api, tasks)
            if tasks
            else list(every_task(studio.api, status=TaskStatus.PENDING))
        )
        answer = insist(studio.api.cancel_tasks([row["id"] for row in rows]))
    asked.done(f"{answer.message}.", answer.data)
    if answer.data["in_flight"]:
        asked.note(f"{answer.data['in_flight']} request(s) are out; their pictures are saved.")


@command
def delete_tasks(
    asked: Asked,
    tasks: Annotated[list[str], typer.Argument(metavar="TASK...", help="Row numbers or ids.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> ExitCode | None:
    """Take tasks out of the queue; their images stay."""
    with reached(asked) as studio:
        rows = tasks_named(studio.api, tasks)
        if not yes and not asked.confirmed(f"Delete {_counted(rows)}?"):
            return asked.left_alone("Nothing was deleted.")
        answer = insist(studio.api.delete_tasks([row["id"] for row in rows]))
    asked.done(f"{answer.message}.", {"deleted": answer.total})
    return None


def _counted(rows: list[Row]) -> str:
    names = [plain(row["task_name"] or row["prompt"])[:40] for row in rows[:3]]
    more = ", ..." if len(rows) > len(names) else ""
    return f"{len(rows)} task(s) ({', '.join(names)}{more})"


@command
def export_tasks(
    asked: Asked,
    file_type: Annotated[
        Literal["csv", "json"] | None,
        typer.Option("--format", help="A table, or everything. Default: csv."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write here, not to stdout.")
    ] = None,
) -> None:
    """Write the queue as a file; a CSV can be added again."""
    if asked.as_json and out is None and file_type == "csv":
        raise usage("A CSV is no JSON document. Name a file with --out.")
    with reached(asked) as studio:
        kind = file_type or ("json" if asked.as_json and out is None else "csv")
        content: MediaContent = insist(studio.api.export_tasks(kind)).data
        if out is not None:
            replace(out, content)
        elif sys.stdout.isatty():
            say_lines(content)
        else:
            typer.get_binary_stream("stdout").write(content.read())
    if out is not None:
        asked.done(f"Wrote {out}.", {"file": str(out)})


def say_lines(content: MediaContent) -> None:
    """A file on a terminal, which must not be steered by the prompts in it."""
    for line in content.read().decode("utf-8-sig").splitlines():
        say(line)


@command
def list_models(asked: Asked) -> None:
    """Show the models and what they can do."""
    with reached(asked) as studio:
        models = insist(studio.api.list_models()).data
        ready = {
            provider["name"]: not provider["needs_key"] or provider["has_key"]
            for provider in insist(studio.api.list_providers()).data
        }
    if asked.as_json:
        print_json(models)
        return
    columns = ("MODEL", "LABEL", "READY", "REFS", "US$ AN IMAGE", "RATIOS")
    rows = [
        [
            model["id"],
            model["label"],
            "yes" if ready.get(model["provider"]) else "needs a key",
            model["max_references"],
            ", ".join(f"{size} {price:g}" for size, price in model["prices"].items()),
            " ".join(model["sizes"]),
        ]
        for model in models
    ]
    print_table(columns, rows, wide=("RATIOS",))
