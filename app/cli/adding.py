"""`whisk add`: texts, a file or stdin become tasks at the end of the queue."""

import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from app.api.base_api import BaseApi
from app.cli.asked import Asked, command, insist, usage
from app.cli.reaching import reached
from app.cli.reading import Drafts, add_drafts, read_drafts, store_picture
from app.models import MAX_IMAGES_PER_PROMPT, MAX_SEED

STDIN = "-"

Separator = Annotated[
    Literal["line", "blank"] | None,
    typer.Option(help="What splits prompts. Default: line on stdin, blank (lines) in a TXT file."),
]
OnlyRight = Annotated[
    bool, typer.Option("--only-right", help="Leave out the rows of a file that have problems.")
]
_Pictures = Annotated[
    list[Path] | None,
    typer.Option(metavar="FILE", help="Reference picture of this category; may be repeated."),
]


@command
def add_tasks(
    asked: Asked,
    texts: Annotated[
        list[str] | None,
        typer.Argument(metavar="[TEXT]...", help="One prompt each; - reads prompts from stdin."),
    ] = None,
    file: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", help="CSV or TXT file, with its pictures beside it; - is stdin."
        ),
    ] = None,
    separator: Separator = None,
    model: Annotated[
        str | None, typer.Option(metavar="MODEL", help="Id or label; see whisk models.")
    ] = None,
    ratio: Annotated[
        str | None, typer.Option(metavar="RATIO", help="Aspect ratio, for example 16:9.")
    ] = None,
    quality: Annotated[str | None, typer.Option(metavar="QUALITY", help="1K, 2K or 4K.")] = None,
    images: Annotated[
        int | None, typer.Option(min=1, max=MAX_IMAGES_PER_PROMPT, help="Images for each prompt.")
    ] = None,
    negative: Annotated[
        str | None, typer.Option(metavar="TEXT", help="What must not be seen.")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, max=MAX_SEED)] = None,
    name: Annotated[str | None, typer.Option(metavar="NAME", help="Name of the tasks.")] = None,
    title: _Pictures = None,
    scene: _Pictures = None,
    style: _Pictures = None,
    only_right: OnlyRight = False,
) -> None:
    """Add tasks to the end of the queue: texts, a CSV or TXT file, or prompts on stdin.

    Options fill what a row of a CSV file leaves out.
    """
    if bool(texts) == (file is not None):
        raise usage("Say what to paint: prompts, or --file FILE, or - for stdin.")
    fields: dict[str, Any] = {
        "model": model,
        "aspect_ratio": ratio,
        "quality": quality,
        "images_per_prompt": images,
        "negative_prompt": negative,
        "seed": seed,
        "task_name": name,
    }
    said = {key: value for key, value in fields.items() if value is not None}
    with reached(asked) as studio:
        references = {
            category: [store_picture(studio.api, picture) for picture in pictures]
            for category, pictures in {"title": title, "scene": scene, "style": style}.items()
            if pictures
        }
        if references:
            said["reference_images_by_cat"] = references
        if file not in (None, STDIN):
            drafts = read_drafts(
                asked,
                studio.api,
                Path(file),
                separator=separator or "blank",
                defaults=said,
                only_right=only_right,
            )
        else:
            prompts = _prompts(studio.api, texts or [STDIN], separator or "line")
            drafts = _drafts(studio.api, prompts, said)
        ids = add_drafts(studio.api, drafts)
    asked.done(f"Added {len(ids)} task(s).", {"added": len(ids), "ids": ids})


def _prompts(api: BaseApi, texts: list[str], separator: str) -> list[str]:
    if texts != [STDIN]:
        return texts
    try:
        text = sys.stdin.read()
    except UnicodeDecodeError as error:
        raise usage("What came on stdin is not text. Save it as UTF-8.") from error
    prompts: list[str] = insist(api.split_prompts(text, separator)).data
    if not prompts:
        raise usage("No prompt came on stdin.")
    return prompts


def _drafts(api: BaseApi, prompts: list[str], said: dict[str, Any]) -> Drafts:
    """Prompts that are painted as the composer would: by the chosen model."""
    chosen = {"model": insist(api.get_settings()).data["default_model"], **said}
    return [{**chosen, "prompt": prompt} for prompt in prompts]
