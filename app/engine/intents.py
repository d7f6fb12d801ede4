"""From a claimed slot to a request: everything that is settled before the request leaves."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row

from app.clock import SECOND
from app.engine.costs import estimate
from app.engine.studio import Studio
from app.errors import NotFound, Rejected
from app.media.naming import NameParts, file_stem
from app.models import MAX_SEED, ModelInfo
from app.providers.base import ImageRequest, ReferencePicture
from app.store import pictures, preferences, tasks
from app.store.claims import Claim

LARGEST_DRAWN_SEED = 2**31 - 1
"""Providers take 31 or 32 bits; a seed that we draw suits them all."""


@dataclass(frozen=True)
class Intent:
    """A request that is ready to leave, and the row that says so before it does."""

    request: ImageRequest
    row: Mapping[str, Any]


def new_id() -> str:
    """An attempt's or an image's id: 64 random bits, short enough for a file name."""
    return secrets.token_hex(8)


def prepare(studio: Studio, claim: Claim, worker: str) -> Intent:
    """Read what the slot's task asks for now, and its pictures.

    Raises:
        Rejected: A reference picture is gone from disk; nothing was sent.
    """
    with studio.database.read() as connection:
        task = tasks.find(connection, claim.task_id)
        if task is None:
            raise Rejected("task_not_found")
        by_category = tasks.references_of(connection, claim.task_id)
        ids = [reference_id for found in by_category.values() for reference_id in found]
        known = pictures.references(connection, ids, task.owner_id)
        project = preferences.project_name(connection, task.project_id) or ""
    references = tuple(
        _picture(studio, category, known[reference_id])
        for category in ("title", "scene", "style", "")
        for reference_id in by_category.get(category, ())
    )
    model = studio.catalogue.resolve(task.model)
    request = _request(task, claim, model, references)
    return Intent(request, _row(studio, task, claim, request, project, worker))


def _picture(studio: Studio, category: str, row: Row[Any]) -> ReferencePicture:
    try:
        data = studio.references.read(row.stored_name)
    except NotFound as error:
        raise Rejected("reference_damaged") from error
    return ReferencePicture(
        role=category,
        name=row.file_name,
        mime_type=row.mime_type,
        data=data,
        sha256=row.sha256,
    )


def _request(
    task: Row[Any], claim: Claim, model: ModelInfo, references: tuple[ReferencePicture, ...]
) -> ImageRequest:
    return ImageRequest(
        attempt_id=new_id(),
        model=model,
        prompt=task.prompt,
        negative_prompt=task.negative_prompt,
        aspect_ratio=task.aspect_ratio,
        quality=task.quality,
        size=model.sizes[task.aspect_ratio][task.quality],
        seed=_seed(task.seed, claim.slot),
        seed_is_chosen=task.seed is not None,
        slot=claim.slot,
        references=references,
    )


def _seed(chosen: int | None, slot: int) -> int:
    """The person's seed, one further for each slot: the images of one task must differ."""
    if chosen is None:
        return secrets.randbelow(LARGEST_DRAWN_SEED + 1)
    return (chosen + slot - 1) % (MAX_SEED + 1)


def _row(
    studio: Studio,
    task: Row[Any],
    claim: Claim,
    request: ImageRequest,
    project: str,
    worker: str,
) -> dict[str, Any]:
    settings = studio.settings()
    now = studio.clock.now()
    width, height = request.size
    return {
        "id": request.attempt_id,
        "number": claim.number,
        "task_id": claim.task_id,
        "generation": claim.generation,
        "slot": claim.slot,
        "provider": claim.provider,
        "model": request.model.id,
        "worker": worker,
        "fence": claim.fence,
        "prompt": request.prompt,
        "negative_prompt": request.negative_prompt,
        "aspect_ratio": request.aspect_ratio,
        "quality": request.quality,
        "width": width,
        "height": height,
        "seed": request.seed,
        "references": [
            {"role": picture.role, "sha256": picture.sha256} for picture in request.references
        ],
        "output_folder": settings.output_folder,
        "file_stem": file_stem(
            settings.naming_pattern,
            _name_parts(task, request, project, now),
            request.attempt_id,
            request.slot,
        ),
        "image_id": new_id(),
        "operation_id": "",
        "request_id": "",
        "model_version": "",
        "estimated_cost": estimate(request.model, request.quality, len(request.references)),
        "cost": 0,
        "usage": {},
        "error_code": "",
        "error_message": "",
        "sent_at": now,
    }


def _name_parts(task: Row[Any], request: ImageRequest, project: str, now: int) -> NameParts:
    return NameParts(
        prefix=task.filename_prefix,
        name=task.task_name,
        prompt=task.prompt,
        model=request.model.label,
        ratio=request.aspect_ratio,
        quality=request.quality,
        date=datetime.fromtimestamp(now / SECOND, UTC).astimezone().date().isoformat(),
        project=project,
        seed=str(request.seed),
    )
