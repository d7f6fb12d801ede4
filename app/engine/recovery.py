"""What a crash left behind, put in order before new work is taken.

Runs while nobody else can work on the database: every running slot is an orphan. For each:
the file is there -> adopt it; the provider is free -> ask again; no request had left -> ask
again; otherwise -> uncertain, for a person to decide.
"""

import logging
from typing import Any

from sqlalchemy import RowMapping

from app.engine.saving import adopt
from app.engine.studio import Studio
from app.engine.transitions import MAX_TAKEOVERS
from app.errors import Uncertain
from app.store import claims, schema
from app.store.claims import Claim
from app.store.database import Transaction
from app.store.states import AttemptState, SlotState

log = logging.getLogger(__name__)

_slots = schema.slots.c
_attempts = schema.attempts.c


def recover(studio: Studio) -> None:
    """Bring every orphan to a state that is true. A second call finds nothing to do."""
    with studio.database.read() as connection:
        found = claims.orphans(connection)
    folders = {row[_attempts.output_folder] for row in found} - {None}
    for folder in folders:
        studio.outputs(folder).sweep()
    for row in found:
        _recover(studio, row)
    with studio.database.write() as tx:
        for provider in studio.providers:
            # Perhaps the key was mended while we were down; one attempt will tell.
            claims.unpause(tx, provider)


def _recover(studio: Studio, found: RowMapping) -> None:
    claim = Claim(
        found[_slots.task_id],
        found[_slots.generation],
        found[_slots.slot],
        found[_slots.provider],
        found[_slots.fence],
        found[_slots.attempts],
    )
    attempt_id = found[_attempts.id]
    if attempt_id is not None and adopt(studio, claim, _attempt(found)):
        log.info("adopted the picture of attempt %s", attempt_id)
        return
    provider = studio.providers.get(claim.provider)
    free = provider is not None and provider.recovery == "free"
    with studio.database.write() as tx:
        if attempt_id is None or free:
            _ask_again(tx, claim, attempt_id)
        else:
            label = provider.label if provider else claim.provider
            _ask_a_person(tx, claim, attempt_id, label)


def _attempt(found: RowMapping) -> dict[str, Any]:
    return {column.name: found[column] for column in _attempts}


def _ask_again(tx: Transaction, claim: Claim, attempt_id: str | None) -> None:
    """Nothing was paid: the slot waits again, unless it keeps taking its worker down."""
    if attempt_id is not None:
        claims.close_attempt(tx, {"id": attempt_id}, AttemptState.ABANDONED)
    takeovers = claims.count_takeover(tx, claim)
    if takeovers < MAX_TAKEOVERS:
        claims.give_back(tx, claim, state=SlotState.PENDING)
    else:
        params = {"times": str(takeovers)}
        claims.give_back(tx, claim, state=SlotState.ERROR, code="set_aside", params=params)


def _ask_a_person(tx: Transaction, claim: Claim, attempt_id: str, label: str) -> None:
    """The request had left and may be paid: only a person may send it again."""
    reason = "the program ended before the answer came"
    failure = Uncertain("outcome_unknown", provider=label, reason=reason)
    attempt = {"id": attempt_id, "error_code": failure.code, "error_message": failure.message}
    claims.close_attempt(tx, attempt, AttemptState.UNCERTAIN)
    claims.give_back(tx, claim, state=SlotState.UNCERTAIN, code=failure.code, params=failure.params)
