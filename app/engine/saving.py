"""From received bytes to a saved image: file first, row second.

A crash between the two leaves a file that the next start adopts. The other order would leave a
row whose picture was never written.
"""

from collections.abc import Mapping
from typing import Any

from app.clock import iso
from app.engine.costs import micro
from app.engine.intents import Intent
from app.engine.studio import Studio
from app.errors import InvalidInput
from app.media.metadata import ImageRecord
from app.media.saving import SavedPicture, adopt_output, keep_rejected, save_output
from app.providers.base import ProviderAnswer
from app.store import claims
from app.store.claims import Claim
from app.store.states import AttemptState, SlotState


def save(studio: Studio, claim: Claim, intent: Intent, answer: ProviderAnswer) -> None:
    """Keep the picture of an answer; what cannot be shown is kept as it came.

    Raises:
        OSError: The disk is full or away: nothing was written, the bytes are still ours.
        LeaseLost: The file is on disk, for whoever continues.
    """
    painted = answer.images[0]
    cost = intent.row["estimated_cost"] if answer.cost is None else micro(answer.cost)
    told = {
        "id": intent.request.attempt_id,
        "cost": cost,
        "usage": answer.usage,
        "request_id": answer.request_id,
        "model_version": answer.model_version,
    }
    try:
        saved = save_output(
            studio.outputs(intent.row["output_folder"]),
            studio.thumbnails,
            stem=intent.row["file_stem"],
            data=painted.data,
            record=_record(studio, intent, answer),
            image_id=intent.row["image_id"],
        )
    except InvalidInput as flaw:
        _reject(studio, claim, intent, told, painted.data, flaw)
        return
    with studio.database.write() as tx:
        claims.finish(tx, claim, told, image_row(intent.row, saved, painted.seed, cost))


def _record(studio: Studio, intent: Intent, answer: ProviderAnswer) -> ImageRecord:
    request = intent.request
    return ImageRecord(
        prompt=request.prompt,
        negative_prompt=request.negative_prompt,
        model=request.model.id,
        model_version=answer.model_version,
        aspect_ratio=request.aspect_ratio,
        quality=request.quality,
        seed=answer.images[0].seed,
        task_id=intent.row["task_id"],
        attempt_id=request.attempt_id,
        slot=request.slot,
        generation=intent.row["generation"],
        created_at=iso(studio.clock.now()) or "",
    )


def _reject(
    studio: Studio,
    claim: Claim,
    intent: Intent,
    told: Mapping[str, Any],
    data: bytes,
    flaw: InvalidInput,
) -> None:
    """The provider sent, and probably charged for, something that is no picture."""
    kept = keep_rejected(studio.rejected, attempt_id=intent.request.attempt_id, data=data)
    attempt = {**told, "error_code": flaw.code, "error_message": flaw.message}
    with studio.database.write() as tx:
        claims.close_attempt(tx, attempt, AttemptState.FAILED)
        claims.give_back(
            tx,
            claim,
            state=SlotState.ERROR,
            code="answer_damaged",
            params={"model": intent.request.model.label, "kept": kept},
        )


def image_row(
    attempt: Mapping[str, Any], saved: SavedPicture, seed: int | None, cost: int
) -> dict[str, Any]:
    """The row of a picture that is on disk."""
    return {
        "id": attempt["image_id"],
        "task_id": attempt["task_id"],
        "generation": attempt["generation"],
        "slot": attempt["slot"],
        "attempt_id": attempt["id"],
        "output_folder": attempt["output_folder"],
        "file_name": saved.file_name,
        "mime_type": saved.mime_type,
        "width": saved.width,
        "height": saved.height,
        "size": saved.size,
        "source_sha256": saved.source_sha256,
        "file_sha256": saved.file_sha256,
        "seed": seed,
        "cost": cost,
    }


def adopt(studio: Studio, claim: Claim, attempt: Mapping[str, Any]) -> bool:
    """Take over the file that an interrupted attempt had already written; false if there is none.

    The answer's usage went down with the process, so the estimate stands for the cost.
    """
    saved = adopt_output(
        studio.outputs(attempt["output_folder"]),
        studio.thumbnails,
        stem=attempt["file_stem"],
        attempt_id=attempt["id"],
        image_id=attempt["image_id"],
    )
    if saved is None:
        return False
    cost = attempt["estimated_cost"]
    image = image_row(attempt, saved, attempt["seed"], cost)
    with studio.database.write() as tx:
        claims.finish(tx, claim, {"id": attempt["id"], "cost": cost}, image)
    return True
