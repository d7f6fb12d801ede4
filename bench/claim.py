"""One claim in front of a long queue of several people.

    python bench/claim.py [--tasks 100000] [--people 1 20 100]

Each measured transaction gives one free place away, by turns, and commits. Figures depend on the
machine; compare only those of one run.
"""

import argparse
import platform
import tempfile
import time
from pathlib import Path

from sqlalchemy import text

from app.api.local_api import LocalApi
from app.models import MAX_TASKS_PER_ADD, Role, UserInfo
from app.store import claims, queue
from app.store.claims import Claimed

PLACES = 16
ROUNDS = 300
DONE = text(
    "UPDATE slots SET state = 'done'"
    " WHERE rowid = (SELECT rowid FROM slots WHERE state = 'running' LIMIT 1)"
)


def fill(api: LocalApi, tasks: int, people: int) -> None:
    for number in range(people):
        user = UserInfo(id=f"u{number}", username=f"u{number}", role=Role.MEMBER)
        api.people.add_account(user, None)
        rows = [{"prompt": "p", "model": "gemini:gemini-3-pro-image"}] * (tasks // people)
        for start in range(0, len(rows), MAX_TASKS_PER_ADD):
            api.acting_as(user).add_many(rows[start : start + MAX_TASKS_PER_ADD])
    with api.studio.database.write() as tx:
        queue.set_running(tx, True)


def claim(api: LocalApi) -> Claimed:
    with api.studio.database.write() as tx:
        return claims.claim(
            tx, "gemini", in_flight_limit=PLACES, worker="bench", lease=60_000_000,
            price=lambda model, quality, references: 134_000,
        )  # fmt: skip


def measure(tasks: int, people: int) -> None:
    wall: list[float] = []
    cpu: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        api = LocalApi(Path(folder) / "data", Path(folder) / "output", works=False)
        with api:
            fill(api, tasks, people)
            claim(api)
            for _ in range(ROUNDS):
                with api.studio.database.write() as tx:
                    tx.connection.execute(DONE)
                started = time.perf_counter(), time.process_time()
                assert len(claim(api).claims) == 1
                wall.append(1_000 * (time.perf_counter() - started[0]))
                cpu.append(1_000 * (time.process_time() - started[1]))
    wall.sort()
    cpu.sort()
    at = ROUNDS // 2, ROUNDS * 95 // 100
    print(
        f"{tasks:,} tasks of {people} people: claim {wall[at[0]]:.2f} ms p50,"
        f" {wall[at[1]]:.2f} p95; CPU {cpu[at[0]]:.2f} p50, {cpu[at[1]]:.2f} p95"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=100_000)
    parser.add_argument("--people", type=int, nargs="*", default=[1, 20, 100])
    options = parser.parse_args()
    print(f"{platform.machine()}, Python {platform.python_version()}")
    for count in options.people:
        measure(options.tasks, count)
