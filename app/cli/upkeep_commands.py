"""`whisk backup` and `whisk restore`."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from app.api.models import MediaContent
from app.cli.asked import Asked, command, insist, usage
from app.cli.exit_codes import ExitCode
from app.cli.files import keep
from app.cli.reaching import reached


@command
def back_up(
    asked: Asked,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Also write it here; a new file or a folder."),
    ] = None,
    with_images: Annotated[
        bool, typer.Option("--with-images", help="With the saved images.")
    ] = False,
) -> None:
    """Copy the studio into one file, also while it works. Provider keys are never in it."""
    if out is not None and not out.is_dir() and out.exists():
        raise usage(f"{out} exists already. Choose another name.")
    with reached(asked) as studio:
        made = insist(studio.api.create_backup(with_images=with_images)).data
        file = Path(made["path"])
        if out is not None:
            content: MediaContent = insist(studio.api.read_backup(made["name"])).data
            file = out / Path(made["name"]).name if out.is_dir() else out
            keep(file, content)
    asked.done(
        f"{file}: {made['tasks']} task(s), {made['references']} reference(s), "
        f"{made['images']} image(s).",
        {**made, "file": str(file)},
    )


@command
def restore(
    asked: Asked,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="What backup wrote.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> ExitCode | None:
    """Put a backup into the data folder; what was there is kept aside."""
    from app.bootstrap import restore_backup

    data = asked.settings.data
    if asked.settings.server:
        raise usage("A backup is restored on the machine of its data folder, without --server.")
    if not yes and not asked.confirmed(f"Put {file} into {data}, in place of what is there?"):
        return asked.left_alone("Nothing was changed.")
    report = restore_backup(file, data)
    aside = f" What was there is in {report.kept_aside}." if report.kept_aside else ""
    asked.done(
        f"Restored {report.tasks} task(s), {report.references} reference(s) and "
        f"{report.images} image(s) into {data}.{aside} The queue is "
        "stopped: what waited then may have been paid for since.",
        asdict(report),
    )
    return None
