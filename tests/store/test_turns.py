"""Whose turn it is, and what a person may spend: both decided by the claim."""

import itertools
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from app.clock import SECOND, Clock, local_day
from app.models import Role, UserInfo
from app.store import audit, claims, queue, schema, spending, tasks, turns
from app.store.claims import Claim
from app.store.database import Database
from app.store.people import People
from app.store.states import AttemptState, SlotState
from app.store.tasks import NewTask

CENT = 10_000
COLUMNS = {
    "task_name": "", "negative_prompt": "", "aspect_ratio": "1:1", "quality": "1K",
    "images_per_prompt": 1, "seed": None, "filename_prefix": "", "project_id": "default",
}  # fmt: skip


class MovableClock(Clock):
    def __init__(self) -> None:
        self.microseconds = 1_800_000_000 * SECOND

    def now(self) -> int:
        return self.microseconds


@dataclass
class Studio:
    """A database with a queue, and what an engine would do with it."""

    database: Database
    clock: MovableClock
    price: int = 0
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def person(self, name: str, daily_limit: int | None = None) -> str:
        user = UserInfo(id=name, username=name, display_name=name.title(), role=Role.MEMBER)
        assert People(self.database).add_account(user, "")
        self.change(name, daily_limit=daily_limit)
        return name

    def change(self, name: str, **values: Any) -> None:
        with self.database.write() as tx:
            users = schema.users
            tx.connection.execute(update(users).where(users.c.id == name).values(**values))

    def add(self, owner: str, count: int, model: str = "paid:model", **columns: Any) -> list[str]:
        ids = [f"{owner}-{next(self.numbers):05}" for _ in range(count)]
        new = [
            NewTask(
                id=task_id,
                provider=model.partition(":")[0],
                columns={**COLUMNS, "prompt": task_id, "model": model, **columns},
                references={},
            )
            for task_id in ids
        ]
        with self.database.write() as tx:
            tasks.add(tx, owner, new)
            queue.set_running(tx, True)
        return ids

    def claim(self, limit: int, provider: str = "paid", worker: str = "w") -> list[Claim]:
        return list(self.claimed(limit, provider, worker).claims)

    def claimed(self, limit: int, provider: str = "paid", worker: str = "w") -> claims.Claimed:
        with self.database.write() as tx:
            return claims.claim(
                tx, provider, in_flight_limit=limit, worker=worker, lease=60 * SECOND,
                price=lambda model, quality, references: self.price,
            )  # fmt: skip

    def finish(self, held: Claim, cost: int = 0, state: AttemptState = AttemptState.SAVED) -> None:
        """Begin and end the attempt of a claim in the states that the engine gives it."""
        attempt_id = f"{held.task_id}-{held.slot}-{held.number}"
        with self.database.write() as tx:
            assert claims.begin(tx, held, intent(held, attempt_id, self.price))
            claims.close_attempt(tx, {"id": attempt_id, "cost": cost}, state)
            uncertain = state == AttemptState.UNCERTAIN
            slot = SlotState.UNCERTAIN if uncertain else SlotState.ERROR
            claims.give_back(tx, held, state=slot, code="refused")

    def order(self, limit: int, steps: int) -> str:
        """Who is served, one letter for each claim, when requests end in the order they left."""
        served, out = "", []
        while len(served) < steps:
            new = self.claim(limit)
            served += "".join(one.task_id[0] for one in new)
            out += new
            if not out:
                break
            self.finish(out.pop(0))
        return served[:steps]

    def waiting(self, **options: Any) -> list[dict[str, Any]]:
        with self.database.read() as connection:
            return queue.state(connection, self.clock.now(), **options).waiting


def intent(held: Claim, attempt_id: str, estimate: int) -> dict[str, Any]:
    columns = {column.name: "" for column in schema.attempts.c} | {
        "id": attempt_id, "number": held.number, "task_id": held.task_id, "cost": 0,
        "generation": held.generation, "slot": held.slot, "provider": held.provider,
        "fence": held.fence, "width": 1, "height": 1, "seed": 1, "references": [], "usage": {},
        "estimated_cost": estimate, "sent_at": 1, "finished_at": None,
    }  # fmt: skip
    columns.pop("state")
    return columns


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def studio(clock: MovableClock) -> Iterator[Studio]:
    database = Database(None, clock)
    database.open()
    yield Studio(database, clock)
    database.close()


# --- turns ----------------------------------------------------------------------------------------


def test_whoever_queues_two_behind_three_hundred_is_next(studio: Studio) -> None:
    studio.person("anna")
    studio.person("ben")
    studio.add("anna", 300)
    running = studio.claim(4)

    studio.add("ben", 2)
    served = []
    for held in running:
        studio.finish(held)
        served += studio.claim(4)

    assert [one.task_id[0] for one in running] == list("aaaa")
    assert [one.task_id[0] for one in served] == list("bbaa")


def test_one_place_goes_to_each_in_turn(studio: Studio) -> None:
    for name in ("anna", "ben"):
        studio.person(name)
    studio.add("anna", 5)
    studio.add("ben", 3)

    assert studio.order(limit=1, steps=8) == "abababaa"


def test_three_share_alike_until_one_has_nothing_left(studio: Studio) -> None:
    for name, count in (("anna", 9), ("ben", 2), ("cleo", 4)):
        studio.person(name)
        studio.add(name, count)

    assert studio.order(limit=3, steps=15) == "abcabcacacaaaaa"


def test_alone_a_person_is_served_in_queue_order(studio: Studio) -> None:
    ids = studio.add("local", 7, images_per_prompt=2)

    served: list[tuple[str, int]] = []
    while found := studio.claim(3):
        served += [(one.task_id, one.slot) for one in found]
        for held in found:
            studio.finish(held)

    assert served == [(task_id, slot) for task_id in ids for slot in (1, 2)]


def test_each_person_is_served_in_the_order_of_their_own_rows(studio: Studio) -> None:
    studio.person("anna")
    studio.person("ben")
    wanted = {"a": studio.add("anna", 4), "b": studio.add("ben", 4)}

    served = [one.task_id for one in studio.claim(8)]

    for letter, ids in wanted.items():
        assert [task_id for task_id in served if task_id[0] == letter] == ids


def test_who_was_served_at_one_provider_is_not_last_at_another(studio: Studio) -> None:
    studio.person("anna")
    studio.person("ben")
    studio.add("anna", 2)
    studio.add("anna", 1, "other:model")
    studio.add("ben", 1, "other:model")
    studio.claim(2)

    assert [one.task_id[0] for one in studio.claim(1, "other")] == ["a"]


def test_what_waits_for_its_time_takes_no_turn(studio: Studio) -> None:
    studio.person("anna")
    studio.person("ben")
    studio.add("anna", 1)
    studio.add("ben", 2)
    later = studio.clock.now() + 60 * SECOND
    slots = schema.slots
    with studio.database.write() as tx:
        tx.connection.execute(
            update(slots).where(slots.c.owner_id == "anna").values(not_before=later)
        )

    found = studio.claimed(2)

    assert [one.task_id[0] for one in found.claims] == ["b", "b"]
    assert found.due_at == later


def test_the_rows_of_somebody_who_is_kept_out_wait_and_say_so(studio: Studio) -> None:
    studio.person("anna")
    studio.person("ben")
    studio.add("anna", 2)
    studio.add("ben", 1)
    studio.claim(0)
    studio.change("anna", disabled_at=studio.clock.now())

    assert [one.task_id[0] for one in studio.claim(3)] == ["b"]
    assert studio.waiting() == [
        {"provider": "paid", "code": "owner_disabled", "until": None, "tasks": 2,
         "owner": "anna", "owner_name": "Anna"},
    ]  # fmt: skip
    assert studio.waiting(only_of="ben") == []
    studio.change("anna", disabled_at=None)
    assert [one.task_id[0] for one in studio.claim(3)] == ["a", "a"]


def test_a_new_place_looks_at_no_waiting_row_but_the_first(studio: Studio) -> None:
    """The plan reads one index by provider and owner; however many rows wait."""
    studio.add("local", 3)
    wanted = {"provider": "paid", "now": 1, "owner_id": "local", "places": 1}
    plans: list[str] = []
    with studio.database.read() as connection:
        for statement in (turns._WAITING, turns._READY):
            compiled = statement.compile(connection)
            values = compiled.construct_params(wanted)
            order = tuple(values[name] for name in compiled.positiontup or ())
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}", order)
            plans += [row.detail for row in rows]

    about_slots = [plan for plan in plans if "slots" in plan]
    assert len(about_slots) == 2
    assert all("ix_slots_claim (provider=? AND owner_id=?)" in plan for plan in about_slots)


# --- limits of the day ----------------------------------------------------------------------------


def test_a_claim_that_would_pass_the_limit_is_not_made(studio: Studio) -> None:
    studio.price = 30 * CENT
    studio.person("anna", daily_limit=100 * CENT)
    studio.add("anna", 9)

    assert len(studio.claim(8)) == 3
    assert studio.claim(8) == []


def test_what_others_may_spend_does_not_hang_on_it(studio: Studio) -> None:
    studio.price = 30 * CENT
    studio.person("anna", daily_limit=10 * CENT)
    studio.person("ben")
    studio.add("anna", 2)
    studio.add("ben", 2)

    assert [one.task_id[0] for one in studio.claim(4)] == ["b", "b"]


def test_what_was_spent_counts_as_it_was_and_not_as_estimated(studio: Studio) -> None:
    studio.price = 40 * CENT
    studio.person("anna", daily_limit=100 * CENT)
    studio.add("anna", 5)
    first, second = studio.claim(8)

    studio.finish(first, cost=10 * CENT)
    studio.finish(second, cost=5 * CENT)

    assert len(studio.claim(8)) == 2


def test_a_request_that_may_have_been_charged_counts_as_charged(studio: Studio) -> None:
    studio.price = 60 * CENT
    studio.person("anna", daily_limit=100 * CENT)
    studio.add("anna", 2)
    (held,) = studio.claim(8)

    studio.finish(held, state=AttemptState.UNCERTAIN)

    assert studio.claim(8) == []
    with studio.database.read() as connection:
        (entry,) = audit.entries(connection, before=None, limit=9, user_id="", action="")
    assert (entry.action, entry.user_id, entry.details["dollars"]) == (
        "spend.uncertain", "anna", 0.6,
    )  # fmt: skip


def test_what_costs_nothing_goes_on(studio: Studio) -> None:
    studio.person("anna", daily_limit=0)
    studio.add("anna", 2)

    assert len(studio.claim(8)) == 2


def test_at_the_limit_the_queue_says_until_when_and_goes_on_at_midnight(studio: Studio) -> None:
    studio.price = 60 * CENT
    studio.person("anna", daily_limit=100 * CENT)
    studio.add("anna", 3)
    (held,) = studio.claim(8)
    assert studio.claimed(8).due_at is None, "what is out may still leave room"
    studio.finish(held, cost=60 * CENT)

    found = studio.claimed(8)

    _, midnight = local_day(studio.clock.now())
    assert (found.claims, found.due_at) == ((), midnight)
    until = datetime.fromtimestamp(midnight / SECOND, UTC).isoformat(timespec="milliseconds")
    assert studio.waiting() == [
        {"provider": "paid", "code": "daily_limit", "until": until.replace("+00:00", "Z"),
         "tasks": 2, "owner": "anna", "owner_name": "Anna"},
    ]  # fmt: skip
    studio.clock.microseconds = midnight
    assert studio.waiting() == []
    assert len(studio.claim(8)) == 1


def test_a_raised_limit_counts_at_the_next_claim(studio: Studio) -> None:
    studio.price = 60 * CENT
    studio.person("anna", daily_limit=50 * CENT)
    studio.add("anna", 1)
    assert studio.claim(8) == []
    assert len(studio.waiting()) == 1

    studio.change("anna", daily_limit=60 * CENT)

    assert len(studio.claim(8)) == 1
    assert studio.waiting() == []


def test_every_spend_is_written_down_with_its_owner(studio: Studio) -> None:
    studio.price = 60 * CENT
    studio.person("anna")
    studio.add("anna", 1)
    (held,) = studio.claim(8)

    studio.finish(held, cost=13 * CENT)

    with studio.database.read() as connection:
        (entry,) = audit.entries(connection, before=None, limit=9, user_id="", action="")
        assert spending.spent_today(connection, "anna", studio.clock.now()) == 13 * CENT
    assert (entry.user_id, entry.action, entry.object_id) == ("anna", "spend", held.task_id)
    assert entry.details["dollars"] == 0.13


def test_one_limit_holds_for_all_providers_and_engines(tmp_path: Path, clock: MovableClock) -> None:
    """Two engines on one database, claiming and paying at once at two providers."""
    path = tmp_path / "whisk.sqlite"
    first, second = Database(path, clock), Database(path, clock)
    first.open()
    second.open()
    engines = [Studio(database, clock, price=7 * CENT) for database in (first, second)]
    engines[0].person("anna", daily_limit=100 * CENT)
    engines[0].person("ben")
    for name, count in (("anna", 60), ("ben", 10)):
        engines[0].add(name, count, "one:model")
        engines[0].add(name, count, "two:model")
    passed: list[int] = []

    def work(engine: Studio, provider: str) -> None:
        while found := engine.claim(4, provider, worker=provider):
            with engine.database.read() as connection:
                spent = spending.spent_today(connection, "anna", clock.now())
                passed.append(spent + spending.reserved(connection, "anna"))
            for held in found:
                engine.finish(held, cost=6 * CENT)

    threads = [
        threading.Thread(target=work, args=pair)
        for pair in zip(engines, ("one", "two"), strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    slots = schema.slots
    with first.read() as connection:
        paid = connection.execute(
            select(func.count()).where(slots.c.owner_id == "anna", slots.c.state == "error")
        ).scalar_one()
        spent = spending.spent_today(connection, "anna", clock.now())
    first.close()
    second.close()
    assert max(passed) <= 100 * CENT
    assert spent == paid * 6 * CENT
    # One more image, at its estimate, would have passed the limit.
    assert 93 * CENT < spent <= 100 * CENT


@pytest.mark.parametrize("hours", [0, 11, 23.9])
def test_a_day_ends_at_the_next_midnight_of_the_machine(hours: float) -> None:
    start = datetime(2026, 11, 23).astimezone()
    moment = start + timedelta(hours=hours)

    day, midnight = local_day(int(moment.timestamp()) * SECOND)

    assert day == "2026-11-23"
    assert datetime.fromtimestamp(midnight / SECOND, UTC).astimezone() == (
        datetime(2026, 11, 24).astimezone()
    )
