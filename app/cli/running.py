"""`whisk run`: a file in, pictures in a folder, without a browser and without paying twice."""

import hashlib
import json
import os
import signal
from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import typer

from app.api.base_api import BaseApi
from app.api.models import ApiResponse, TaskStatus
from app.cli.adding import OnlyRight, Separator
from app.cli.asked import Asked, Failed, command, insist
from app.cli.delivery import Delivery
from app.cli.exit_codes import ExitCode
from app.cli.finding import Row, every_task
from app.cli.reaching import Studio, reached
from app.cli.reading import Drafts, add_drafts, read_drafts
from app.cli.shown import print_json, say
from app.errors import InvalidInput

PAINTER = "painter:painter"
"""Paints on this machine and costs nothing: who works unless a person names another."""

_UNFINISHED = (TaskStatus.PENDING, TaskStatus.RUNNING)


@dataclass(frozen=True)
class Job:
    """What a run has to bring about.

    Attributes:
        others: Tasks in the same queue that a start would run as well.
        finished: Whether every task ended in an earlier run.
    """

    ids: list[str]
    out: Path
    timeout_seconds: float | None
    others: int
    finished: bool


@command
def run_file(
    asked: Asked,
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="CSV or TXT file of prompts.")
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the pictures go.")],
    model: Annotated[
        str,
        typer.Option(metavar="MODEL", help="Paints every row; the painter unless said otherwise."),
    ] = PAINTER,
    timeout: Annotated[
        float | None, typer.Option(min=0, metavar="SECONDS", help="Give up waiting after this.")
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Paint anew what an earlier run painted.")
    ] = False,
    with_waiting: Annotated[
        bool,
        typer.Option("--with-waiting", help="Run the other tasks that wait in this queue as well."),
    ] = False,
    separator: Separator = None,
    only_right: OnlyRight = False,
) -> ExitCode:
    """Paint a file of prompts into a folder, and wait for it.

    The same command again goes on where it was interrupted: nothing is added or paid twice.
    """
    out = out.expanduser().absolute()
    out.mkdir(parents=True, exist_ok=True)
    if not os.access(out, os.W_OK):
        raise InvalidInput("folder_not_writable", folder=out, reason="Permission denied")
    with _termination_interrupts():
        # First without working: what would be started is looked at before anything is.
        with reached(asked) as studio:
            chosen = _model(studio.api, model)
            drafts = read_drafts(
                asked,
                studio.api,
                file,
                separator=separator or "blank",
                defaults={"model": chosen["id"]},
                only_right=only_right,
            )
            drafts = _painted_by(asked, drafts, chosen)
            _make_repeatable(drafts, file, out, again=again)
            job = _job(studio, drafts, out, timeout, with_waiting=with_waiting)
            if studio.served or job.finished:
                return _bring_about(asked, studio, job)
        with reached(asked, works=True) as studio:
            return _bring_about(asked, studio, job)


def _model(api: BaseApi, named: str) -> dict[str, Any]:
    for model in insist(api.list_models()).data:
        if named in _names(model):
            return model
    raise InvalidInput("model_unknown", field="model", model=named[:80])


def _names(model: dict[str, Any]) -> set[str]:
    return {model["id"], model["label"], *model["nicknames"]}


def _painted_by(asked: Asked, drafts: Drafts, model: dict[str, Any]) -> Drafts:
    """The drafts with one model: what costs money is said on the command line, not in a file."""
    others = Counter(draft["model"] for draft in drafts if draft["model"] not in _names(model))
    for named, count in others.items():
        asked.note(f"{count} row(s) name the model {named}; {model['label']} paints them.")
    return [{**draft, "model": model["id"]} for draft in drafts]


def _make_repeatable(drafts: Drafts, file: Path, out: Path, *, again: bool) -> None:
    """Give every row an id that the same row of the same file for the same folder has again.

    Rows are told apart by what they say, not by their number, so that a picture which was missing
    the first time does not move the rows behind it; rows that say the same are counted.
    """
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    salt = uuid4().hex if again else ""
    seen = Counter[str]()
    for draft in drafts:
        told = json.dumps(draft, sort_keys=True)
        seen[told] += 1
        named = json.dumps([digest, told, seen[told], str(out), salt])
        draft["client_request_id"] = hashlib.sha256(named.encode()).hexdigest()


def _job(
    studio: Studio, drafts: Drafts, out: Path, timeout: float | None, *, with_waiting: bool
) -> Job:
    """Add the tasks, unless a start would run what this person did not ask for."""
    before = {row["id"]: row["status"] for row in every_task(studio.api)}
    ids = add_drafts(studio.api, drafts)
    mine = set(ids)
    others = sum(status in _UNFINISHED for task_id, status in before.items() if task_id not in mine)
    finished = all(before.get(task_id, TaskStatus.PENDING) not in _UNFINISHED for task_id in ids)
    runs_already = studio.served and insist(studio.api.queue_state()).data["running"]
    if others and not (with_waiting or runs_already or finished):
        insist(studio.api.delete_tasks([task_id for task_id in ids if task_id not in before]))
        raise Failed(
            "others_wait",
            f"{others} other task(s) wait in this queue and would run, and perhaps cost money, as "
            "well. Say --with-waiting to run them too, or use another folder with --data. Nothing "
            "was added.",
            params={"count": str(others)},
        )
    return Job(ids, out, timeout, others, finished)


def _bring_about(asked: Asked, studio: Studio, job: Job) -> ExitCode:
    """Start, wait, deliver; leaves the queue as it was found."""
    api = studio.api
    if job.finished:
        with Delivery(asked, api, job.out) as delivery:
            delivery(insist(api.wait_for(job.ids)).data)
            return _told(asked, delivery, job)
    ran = insist(api.queue_state()).data["running"]
    # On a folder that nobody serves and where nothing else waits, a queue that runs is what a
    # killed run left behind.
    stops = not ran or (not studio.served and not job.others)
    with Delivery(asked, api, job.out) as delivery:
        try:
            insist(api.start_queue())
            answer = api.wait_for(
                job.ids, timeout_seconds=job.timeout_seconds, on_change=delivery.on_change
            )
        except KeyboardInterrupt:
            if stops:
                _wind_down(asked, api, job, delivery)
            raise Failed("interrupted", _how_to_go_on(stops)) from None
        finally:
            if stops:
                api.stop_queue()
        delivery(answer.data or [])
    return _told(asked, delivery, job, answer)


def _wind_down(asked: Asked, api: BaseApi, job: Job, delivery: Delivery) -> None:
    """Start nothing more and take delivery of what is on its way; it may be paid."""
    state = insist(api.stop_queue()).data
    if state["in_flight"]:
        asked.note(f"Stopping; {state['in_flight']} request(s) are out and are waited for.")
    api.wait_for(job.ids, on_change=delivery.on_change)


def _how_to_go_on(stopped: bool) -> str:
    if stopped:
        return "Interrupted; the queue is stopped. The same command goes on from here."
    return "Interrupted; the server goes on. The same command waits for it again."


def _told(
    asked: Asked, delivery: Delivery, job: Job, answer: ApiResponse | None = None
) -> ExitCode:
    if answer is not None and not answer.success:
        message = f"{answer.message} {delivery.summary(job.out)}"
        raise Failed(answer.code, message, params=answer.params, data=delivery.report(job.out))
    failed = [row for row in delivery.rows if row["status"] == TaskStatus.ERROR]
    if asked.as_json:
        print_json(delivery.report(job.out))
    elif not asked.quiet:
        say(delivery.summary(job.out))
    _tell_failed(asked, failed)
    return ExitCode.PROBLEM if failed else ExitCode.OK


def _tell_failed(asked: Asked, failed: Sequence[Row]) -> None:
    if asked.as_json:
        return
    for row in failed:
        name = row["task_name"] or row["prompt"][:60]
        say(f"Row {row['stt']} of the queue ({name}): {row['error_message']}", error=True)
    if failed:
        asked.note("Ask for them again with: whisk retry, then run the same command.")


@contextmanager
def _termination_interrupts() -> Generator[None]:
    """Let SIGTERM end a run as Ctrl+C does: what is paid is waited for."""
    before: Any = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
