"""The engine: one thread with an event loop that claims slots and runs their attempts."""

import asyncio
import logging
import threading
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from app.clock import SECOND
from app.engine.costs import estimate
from app.engine.intents import new_id
from app.engine.recovery import recover
from app.engine.studio import Studio
from app.engine.worker import Attempt
from app.errors import InvalidInput
from app.models import MAX_CONCURRENCY
from app.store import claims
from app.store.claims import Claim

log = logging.getLogger(__name__)

LEASE_SECONDS = 60
IDLE_SECONDS = 5.0
"""How long the engine sleeps when nobody wakes it; only a safety net in one process."""

SPARE_MEGABYTES = 200
MEGABYTES_PER_REQUEST = 50
"""Twice the largest picture we expect, so that what is paid for finds room."""

CRASH_PAUSE_SECONDS = 1.0


def needed_bytes(concurrency: int) -> int:
    """Room on the disk without which no request leaves."""
    return (SPARE_MEGABYTES + MEGABYTES_PER_REQUEST * concurrency) * 1_000_000


class Engine:
    """Runs what the queue holds, as many requests at once as the settings allow."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._worker = f"embedded-{new_id()}"
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake = asyncio.Event()
        self._closing = False
        self._patience_seconds = 0.0
        self._cut_off = 0
        self._attempts: dict[asyncio.Task[None], Attempt] = {}

    @property
    def started(self) -> bool:
        """Whether it was started and not stopped since."""
        return self._thread is not None

    @property
    def alive(self) -> bool:
        """Whether its thread runs."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def in_flight(self) -> int:
        """Attempts that are under way in this process."""
        return len(self._attempts)

    def start(self) -> None:
        """Recover, then work in a thread of our own. A second call does nothing."""
        if self._thread is not None:
            return
        recover(self._studio)
        ready = threading.Event()
        self._thread = threading.Thread(
            target=self._live, args=(ready,), name="whisk-engine", daemon=True
        )
        self._thread.start()
        ready.wait()

    def stop(self, wait_seconds: float) -> int:
        """Claim no more, wait for what is in flight; answers how many attempts were cut off.

        A second call does nothing.
        """
        thread, loop = self._thread, self._loop
        if thread is None or loop is None:
            return 0
        self._thread = None
        self._patience_seconds = wait_seconds
        self._closing = True
        loop.call_soon_threadsafe(self._wake.set)
        thread.join()
        return self._cut_off

    def wake(self) -> None:
        """Something may be ready to be claimed. Callable from any thread, at any time."""
        if self._loop is not None and not self._closing:
            self._loop.call_soon_threadsafe(self._wake.set)

    def _live(self, ready: threading.Event) -> None:
        asyncio.run(self._main(ready))

    async def _main(self, ready: threading.Event) -> None:
        self._loop = asyncio.get_running_loop()
        # Every attempt may sit in a thread, saving, while the claim needs one as well.
        threads = ThreadPoolExecutor(MAX_CONCURRENCY + 4, thread_name_prefix="whisk-work")
        self._loop.set_default_executor(threads)
        ready.set()
        beat = self._spawn(self._beat(), "whisk-beat")
        while not self._closing:
            try:
                await self._turn()
            except Exception:
                # The queue must outlive one bad turn.
                log.exception("the engine stumbled; it goes on in a moment")
                await self._studio.clock.sleep(CRASH_PAUSE_SECONDS)
        # Only here is the last claim surely known, so only here can it be waited for.
        self._cut_off = await self._drain()
        beat.cancel()
        for provider in self._studio.providers.values():
            await provider.close()

    async def _turn(self) -> None:
        """Claim what may be claimed, start it, then sleep until something may have changed."""
        self._wake.clear()
        claimed, sleep_seconds = await asyncio.to_thread(self._claim)
        for claim in claimed:
            attempt = Attempt(self._studio, claim, self._worker, self._wake.set)
            under_way = self._spawn(attempt.run(), f"attempt-{claim.task_id}-{claim.slot}")
            self._attempts[under_way] = attempt
            under_way.add_done_callback(self._ended)
        try:
            async with asyncio.timeout(sleep_seconds):
                await self._wake.wait()
        except TimeoutError:
            pass

    def _ended(self, attempt: asyncio.Task[None]) -> None:
        del self._attempts[attempt]
        self._wake.set()

    def _claim(self) -> tuple[list[Claim], float]:
        if self._closing:
            return [], 0
        settings = self._studio.settings()
        taken: list[Claim] = []
        sleep_seconds = IDLE_SECONDS
        # The limit is on requests that are out: a picture that is being saved is not.
        answered = {attempt.answered for attempt in list(self._attempts.values())} - {""}
        short_of_disk = self._short_of_disk(settings.output_folder, settings.concurrency)
        with self._studio.database.write() as tx:
            # Asked again here: it may have been lowered while we waited for our turn.
            limit = self._studio.concurrency(tx.connection)
            for provider in self._studio.providers:
                if short_of_disk:
                    claims.block(tx, provider, tx.now + int(IDLE_SECONDS * SECOND), "disk_full")
                found = claims.claim(
                    tx,
                    provider,
                    in_flight_limit=limit,
                    worker=self._worker,
                    lease=LEASE_SECONDS * SECOND,
                    price=self._price,
                    answered=answered,
                )
                taken += found.claims
                if found.due_at is not None:
                    sleep_seconds = min(sleep_seconds, (found.due_at - tx.now) / SECOND)
        return taken, max(sleep_seconds, 0.01)

    def _price(self, model: str, quality: str, references: int) -> int:
        """Micro-dollars for one image; 0 for a model that the catalogue does not know any more."""
        try:
            known = self._studio.catalogue.resolve(model)
        except InvalidInput:
            return 0
        return estimate(known, quality, references)

    def _short_of_disk(self, folder: str, concurrency: int) -> bool:
        """Whether a paid picture might find no room. Asked before paying, not after."""
        return self._studio.outputs(folder).free_bytes() < needed_bytes(concurrency)

    async def _beat(self) -> None:
        while True:
            await self._studio.clock.sleep(LEASE_SECONDS / 3)
            await asyncio.to_thread(self._renew)

    def _renew(self) -> None:
        with self._studio.database.write() as tx:
            claims.renew(tx, self._worker, LEASE_SECONDS * SECOND)

    async def _drain(self) -> int:
        """Let the attempts end and cut off what takes too long; answers how many that were."""
        if self._attempts:
            await asyncio.wait(set(self._attempts), timeout=self._patience_seconds)
        left = set(self._attempts)
        if left:
            log.warning("cut off %d requests; the next start looks after them", len(left))
        for attempt in left:
            attempt.cancel()
        return len(left)

    def _spawn(self, coroutine: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        """Start a coroutine, keep it alive and log its death."""
        loop = asyncio.get_running_loop()
        spawned = loop.create_task(coroutine, name=name)
        spawned.add_done_callback(_log_death)
        return spawned


def _log_death(ended: asyncio.Task[None]) -> None:
    if not ended.cancelled() and (death := ended.exception()):
        log.error("%s died", ended.get_name(), exc_info=death)
