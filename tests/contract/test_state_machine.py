"""Any order of calls and answers: every studio agrees with a model in plain dicts.

More of it: `WHISK_EXAMPLES=500 .venv/bin/python -m pytest tests/contract/test_state_machine.py`
(examples are then drawn anew each time).
"""

import os
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, note, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from app.api.models import ApiResponse
from app.clock import SECOND, Clock
from app.errors import NotConfigured, RateLimited, Rejected, TryLater, Uncertain
from app.store import schema
from tests.contract import stages
from tests.contract.model import MINUTE, Model
from tests.contract.promises import task
from tests.contract.stages import Kind
from tests.puppet import Asked, Puppet, small_picture

EXAMPLES = int(os.environ.get("WHISK_EXAMPLES", "0"))
PROFILE = settings(
    max_examples=EXAMPLES or 16,
    stateful_step_count=50 if EXAMPLES else 30,
    derandomize=not EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)

OUTCOMES: dict[str, Callable[[], Any]] = {
    "saved": small_picture,
    "damaged": lambda: b"no picture",
    "refused": lambda: Rejected("refused", provider="Puppet", reason="no"),
    "unknown": lambda: Uncertain("outcome_unknown", provider="Puppet", reason="timeout"),
    "soon": lambda: TryLater("overloaded", provider="Puppet", retry_after=0),
    "later": lambda: TryLater("overloaded", provider="Puppet", retry_after=MINUTE),
    "limited": lambda: RateLimited("rate_limited", provider="Puppet", retry_after=MINUTE),
    "key": lambda: NotConfigured("key_missing", provider="Puppet", variable="GEMINI_API_KEY"),
}

NOBODY = 7
places = st.integers(0, NOBODY)
some = st.lists(places, min_size=1, max_size=4)
mostly = st.sampled_from([True, True, True, False])
rarely = st.sampled_from([False, False, True])


class StoppedClock(Clock):
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.microseconds = 1_800_000_000 * SECOND

    def now(self) -> int:
        return self.microseconds


class Machine(RuleBasedStateMachine):
    """One studio and its model, step by step."""

    def __init__(self, kind: Kind, template: Path, folder: Path) -> None:
        super().__init__()
        self.kind, self.template, self.folder = kind, template, folder
        self.durable = kind is not stages.MOCK
        self.clock, self.puppet, self.model = StoppedClock(), Puppet(), Model()
        self.puppet.holds = True
        self.held: dict[str, dict[str, Any]] = {}
        self.rows: list[dict[str, Any]] = []
        self.cursor = 0
        self.open()

    # --- the studio ---------------------------------------------------------------------------

    def open(self) -> None:
        self.studio = self.kind.studio(self.template, self.folder)
        parts = self.studio.studio
        parts.clock = parts.database.clock = self.clock
        parts.providers = {**parts.providers, "gemini": self.puppet}
        self.studio.open()
        self.line = ExitStack()
        self.api = self.line.enter_context(self.kind.reach(self.studio))

    def teardown(self) -> None:
        self.line.close()
        self.studio.stop_queue()
        self.puppet.let_go()
        self.studio.close()

    def done(self, answer: ApiResponse, total: int | None = None) -> ApiResponse:
        """The call went well; then whatever the engine does about it has happened."""
        assert answer.success, answer
        assert total is None or answer.total == total
        self.rest()
        return answer

    def rest(self) -> None:
        """Wait until the engine has done what the model says, and hear what it told."""
        self.model.claim()
        wanted = [self.model.row(found) for found in self.model.tasks]
        note(f"{wanted}")
        # A request that is repeated at once changes nothing that a row shows.
        self.puppet.until_waiting(len(self.model.out()), 10)
        for _ in range(20):
            self.rows = self.api.get_queue().data
            seen = [self.seen(row) for row in self.rows]
            if seen == wanted and self.studio.engine.in_flight == len(self.model.out()):
                break
            self.listen(wait_seconds=0.5)
        assert seen == wanted
        self.listen()

    def seen(self, row: dict[str, Any]) -> dict[str, Any]:
        """Of a row what the model knows."""
        names = ("id", "status", "error_code", "generation", "images_per_prompt", "progress")
        return {
            **{name: row[name] for name in names},
            "output_images": len(row["output_images"]),
        }

    def listen(self, wait_seconds: float = 0) -> None:
        """Keep the rows as a page does, by the change feed alone."""
        changes = self.api.get_changes(self.cursor, wait_seconds=wait_seconds).data
        assert self.cursor == 0 or not changes["reset"]
        if changes["reset"]:
            self.held = {}
        self.held |= {row["id"]: row for row in changes["rows"]}
        for task_id in changes["removed"]:
            self.held.pop(task_id, None)
        self.cursor = changes["cursor"]

    def ids(self, which: list[int]) -> list[str]:
        """Tasks by place, or an id that nothing has."""
        tasks = self.model.tasks
        return [
            tasks[place % len(tasks)]["id"] if tasks and place != NOBODY else "nobody"
            for place in which
        ]

    # --- writing ------------------------------------------------------------------------------

    @initialize(images=st.lists(st.integers(1, 3), min_size=2, max_size=4), on=mostly)
    def begin(self, images: list[int], on: bool) -> None:
        self.add(images)
        self.switch(on)

    @rule(images=st.lists(st.integers(1, 3), max_size=3))
    def add(self, images: list[int]) -> None:
        if len(images) == 1:
            answer = self.api.add_to_queue(task(images_per_prompt=images[0]))
            self.model.add(answer.data["id"], images[0])
        else:
            answer = self.api.add_many([task(images_per_prompt=wanted) for wanted in images])
            for task_id, wanted in zip(answer.data, images, strict=True):
                self.model.add(task_id, wanted)
        self.done(answer)

    @precondition(lambda self: self.model.tasks)
    @rule(place=places, images=st.integers(1, 4))
    def resize(self, place: int, images: int) -> None:
        found = self.model.tasks[place % len(self.model.tasks)]
        answer = self.api.update_task(found["id"], {"images_per_prompt": images})
        if found["images"] == images:
            self.done(answer)
        elif self.model.status(found) == "running":
            assert answer.code == "task_running"
        else:
            self.model.resize(found, images)
            self.done(answer)

    @rule(which=some, before=st.none() | places)
    def move(self, which: list[int], before: int | None) -> None:
        ids = self.ids(which)
        place = "" if before is None else self.ids([before])[0]
        answer = self.api.move_tasks(ids, before=place)
        if place == "nobody":
            assert answer.code == "task_not_found"
        else:
            self.done(answer, self.model.move(ids, place))

    @rule(which=st.lists(places, min_size=1, max_size=2))
    def delete(self, which: list[int]) -> None:
        ids = self.ids(which)
        self.done(self.api.delete_tasks(ids), self.model.delete(ids))

    # --- running ------------------------------------------------------------------------------

    @rule(on=mostly)
    def switch(self, on: bool) -> None:
        answer = self.api.start_queue() if on else self.api.stop_queue()
        self.model.running = on
        self.done(answer)

    @rule(which=some)
    def cancel(self, which: list[int]) -> None:
        ids = self.ids(which)
        self.done(self.api.cancel_tasks(ids), self.model.cancel(ids))

    @rule(which=st.none() | some, uncertain=st.booleans())
    def retry(self, which: list[int] | None, uncertain: bool) -> None:
        ids = None if which is None else self.ids(which)
        answer = self.api.retry_tasks(ids, include_uncertain=uncertain)
        self.done(answer, self.model.retry(ids, uncertain))

    @rule(which=some)
    def run_again(self, which: list[int]) -> None:
        ids = self.ids(which)
        self.done(self.api.run_tasks(ids), self.model.run_again(ids))

    @precondition(lambda self: self.model.out())
    @rule(outcomes=st.lists(st.tuples(places, st.sampled_from(list(OUTCOMES))), min_size=1))
    def answer(self, outcomes: list[tuple[int, str]]) -> None:
        for place, outcome in outcomes:
            if out := self.model.out():
                key = out[place % len(out)]
                self.puppet.answer(self.asked()[key], OUTCOMES[outcome]())
                self.model.answer(key, outcome)
                self.rest()

    @precondition(lambda self: self.model.out())
    @rule(count=st.integers(1, 4))
    def paint(self, count: int) -> None:
        self.answer([(0, "saved")] * count)

    @precondition(lambda self: self.model.paused)
    @rule()
    def set_key(self) -> None:
        answer = self.api.set_provider_key("gemini", "k" * 30)
        self.model.paused, self.model.blocked = False, 0
        self.done(answer)

    @rule()
    def let_a_minute_pass(self) -> None:
        self.clock.microseconds += MINUTE * SECOND
        self.model.now += MINUTE
        self.studio.engine.wake()
        self.rest()

    # --- the end and a new beginning ----------------------------------------------------------

    @precondition(lambda self: self.durable and not self.model.out())
    @rule(really=rarely)
    def restart(self, really: bool) -> None:
        if not really:
            return
        self.line.close()
        self.studio.close()
        self._begin_anew()

    @precondition(lambda self: self.durable and self.model.out())
    @rule(really=rarely)
    def lose_power(self, really: bool) -> None:
        if not really:
            return
        self.line.close()
        self.studio.engine.stop(wait_seconds=0)
        self.studio.close()
        self.puppet.forget()
        self.model.lose_power()
        self._begin_anew()

    def _begin_anew(self) -> None:
        self.model.paused = False
        self.open()
        self.rest()

    # --- what always holds --------------------------------------------------------------------

    def keys(self) -> dict[str, tuple[str, int, int]]:
        """Task, generation and slot by the attempt that is written down."""
        columns = schema.attempts.c
        query = select(columns.id, columns.task_id, columns.generation, columns.slot)
        with self.studio.studio.database.read() as connection:
            return {row[0]: (row[1], row[2], row[3]) for row in connection.execute(query)}

    def asked(self) -> dict[tuple[str, int, int], Asked]:
        keys = self.keys()
        return {keys[asked.request.attempt_id]: asked for asked in self.puppet.waiting}

    @invariant()
    def nothing_is_paid_twice(self) -> None:
        keys = self.keys()
        sent = Counter(keys[request.attempt_id] for request in self.puppet.requests)
        assert sent == self.model.sent
        assert set(self.asked()) == set(self.model.out())

    @invariant()
    def rows_are_numbered_without_gaps(self) -> None:
        rows = self.rows
        assert [row["stt"] for row in rows] == list(range(1, len(rows) + 1))
        assert [row["id"] for row in rows] == [found["id"] for found in self.model.tasks]

    @invariant()
    def the_feed_tells_everything(self) -> None:
        held = sorted(self.held.values(), key=lambda row: (row["position"], row["id"]))
        assert [_lasting(row) for row in held] == [_lasting(row) for row in self.rows]

    @invariant()
    def the_state_adds_up(self) -> None:
        state = self.api.queue_state().data
        rows = [self.model.row(found) for found in self.model.tasks]
        slots = [slot for found in self.model.tasks for slot in found["slots"].values()]
        counts = Counter(row["status"] for row in rows)
        assert {status: count for status, count in state["counts"].items() if count} == counts
        assert state["running"] == self.model.running
        assert state["images_wanted"] == sum(row["images_per_prompt"] for row in rows)
        assert state["images_done"] == sum(row["output_images"] for row in rows)
        assert state["uncertain"] == sum(slot["state"] == "uncertain" for slot in slots)
        assert state["in_flight"] == len(self.model.out()) - len(self.model.ghosts)
        waiting = sum("pending" in _states(found) for found in self.model.tasks)
        held = self.model.paused or self.model.blocked > self.model.now
        assert sum(gate["tasks"] for gate in state["waiting"]) == (waiting if held else 0)


def _states(found: dict[str, Any]) -> set[str]:
    return {slot["state"] for slot in found["slots"].values()}


def _lasting(row: dict[str, Any]) -> dict[str, Any]:
    """Without what the clock changes and what follows from the order."""
    return {name: value for name, value in row.items() if name not in ("elapsed_seconds", "stt")}


@pytest.mark.parametrize(
    "kind",
    [stages.MOCK, stages.LOCAL, stages.REAL_IN_PROCESS],
    ids=["MockApi", "LocalApi", "RealApi"],
)
def test_every_studio_agrees_with_the_model(
    kind: Kind, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    run_state_machine_as_test(
        lambda: Machine(kind, template, tmp_path_factory.mktemp("machine")), settings=PROFILE
    )
