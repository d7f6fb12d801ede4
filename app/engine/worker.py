"""One attempt, from the claim to its end.

What if the process dies on this line? Before `begin`: the slot is claimed, nothing was sent, the
next start puts it back. Between `begin` and `save`: the request may be paid; the next start finds
the intent and calls it uncertain (at a free provider: repeats it). Inside `save`: the file is
written whole or not at all and the next start adopts it.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any

from app.engine.intents import Intent, prepare
from app.engine.saving import save
from app.engine.studio import Studio
from app.engine.transitions import after_failure
from app.errors import ProviderError, Rejected, Uncertain
from app.logs import prompt_told
from app.providers.base import ProviderAnswer
from app.store import claims
from app.store.claims import Claim, LeaseLost
from app.store.states import SlotState

log = logging.getLogger(__name__)

DISK_RETRY_SECONDS = 5.0
SECOND = 1_000_000


class Attempt:
    """The work on one claimed slot."""

    def __init__(
        self, studio: Studio, claim: Claim, worker: str, on_answer: Callable[[], None]
    ) -> None:
        """`on_answer` is called when the answer is there and `answered` holds the attempt id."""
        self.answered = ""
        self._on_answer = on_answer
        self._studio = studio
        self._claim = claim
        self._worker = worker
        self._provider = studio.providers[claim.provider]
        self._sent = 0.0

    async def run(self) -> None:
        """Prepare, write the intent, send, save. Never raises but for cancellation."""
        try:
            intent = await self._begun()
            if intent is None:
                return
            answer = await self._answer(intent)
            if answer is not None:
                self.answered = intent.request.attempt_id
                self._on_answer()
                await self._save(intent, answer)
        except LeaseLost as lost:
            log.warning("gave up %s: it belongs to another worker now", lost)

    async def _begun(self) -> Intent | None:
        """The intent, written down; None when nothing is to be sent."""
        try:
            intent = await asyncio.to_thread(prepare, self._studio, self._claim, self._worker)
        except Rejected as failure:
            await asyncio.to_thread(self._fail, failure, None)
            return None
        return intent if await asyncio.to_thread(self._write, intent) else None

    def _write(self, intent: Intent) -> bool:
        with self._studio.database.write() as tx:
            return claims.begin(tx, self._claim, intent.row)

    async def _answer(self, intent: Intent) -> ProviderAnswer | None:
        self._sent = time.monotonic()
        try:
            return await self._provider.generate(intent.request)
        except ProviderError as failure:
            await asyncio.to_thread(self._fail, failure, intent)
        except Exception:
            # A bug in one adapter must not stop the whole queue.
            log.exception("attempt %s failed in an unforeseen way", intent.request.attempt_id)
            # The request may have left before the bug struck, so it counts as possibly paid.
            label = self._provider.label
            failure = Uncertain("outcome_unknown", provider=label, reason="internal error")
            await asyncio.to_thread(self._fail, failure, intent)
        return None

    def _fail(self, failure: ProviderError, intent: Intent | None) -> None:
        studio, claim = self._studio, self._claim
        verdict = after_failure(
            failure, number=claim.number, free=self._provider.recovery == "free"
        )
        self._tell("attempt failed", intent, code=failure.code, slot_is=verdict.slot)
        with studio.database.write() as tx:
            if intent is not None:
                attempt = {
                    "id": intent.request.attempt_id,
                    "error_code": failure.code,
                    "error_message": failure.message,
                }
                claims.close_attempt(tx, attempt, verdict.attempt)
            if verdict.block_seconds:
                until = tx.now + int(verdict.block_seconds * SECOND)
                claims.block(tx, claim.provider, until, failure.code)
            if verdict.pauses_provider:
                claims.pause(tx, claim.provider, failure.code)
            waits = verdict.slot == SlotState.PENDING and verdict.wait_seconds
            claims.give_back(
                tx,
                claim,
                state=verdict.slot,
                not_before=tx.now + int(verdict.wait_seconds * SECOND) if waits else 0,
                code="" if verdict.pauses_provider else failure.code,
                params=failure.params,
                counts=verdict.counts,
            )

    async def _save(self, intent: Intent, answer: ProviderAnswer) -> None:
        """Save, and wait for room on the disk if there is none: the picture is paid for."""
        while True:
            try:
                await asyncio.to_thread(save, self._studio, self._claim, intent, answer)
                break
            except OSError:
                log.exception("cannot save attempt %s; trying again", intent.request.attempt_id)
                await self._studio.clock.sleep(DISK_RETRY_SECONDS)
        size = len(answer.images[0].data)
        self._tell("attempt ended", intent, request_id=answer.request_id, cost=answer.cost,
                   bytes=size)  # fmt: skip

    def _tell(self, event: str, intent: Intent | None, **more: Any) -> None:
        """One line of the log; of the prompt only what tells two apart."""
        if not log.isEnabledFor(logging.INFO):
            return
        claim = self._claim
        told = {"provider": claim.provider, "task": claim.task_id, "slot": claim.slot, **more}
        if intent is not None:
            told |= {
                "attempt": intent.request.attempt_id,
                "model": intent.request.model.id,
                "seconds": round(time.monotonic() - self._sent, 3),
                **prompt_told(intent.request.prompt),
            }
        log.info(event, extra=told)
