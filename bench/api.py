"""What the REST interface costs: a real server process, beside its route that does nothing.

    python bench/api.py

Wall times are the least of several tries, CPU is the server's own, from /proc, on average over
them. Bodies are ready before the clock starts and answers are not decoded.
"""

import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from tests.browser.server import Server

TASKS = 10_000
TICKS = os.sysconf("SC_CLK_TCK")


def task(number: int) -> dict[str, object]:
    return {
        "prompt": f"A floating market at dawn, boat {number}, lanterns on the water",
        "model": "painter:painter",
        "images_per_prompt": 1 + number % 3,
    }


class Measured:
    """A running server, its address and its clock."""

    def __init__(self, server: Server) -> None:
        note = json.loads((server.data / "server.json").read_text(encoding="utf-8"))
        self._stat = Path(f"/proc/{note['pid']}/stat")
        self.client = httpx.Client(
            base_url=server.url, headers={"Authorization": f"Bearer {note['token']}"}, timeout=60
        )

    def cpu(self) -> float:
        fields = self._stat.read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory_megabytes(self) -> float:
        status = self._stat.with_name("status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / 1024

    def say(self, name: str, call: Callable[[], httpx.Response], times: int) -> None:
        call()
        walls: list[float] = []
        before = self.cpu()
        for _ in range(times):
            start = time.perf_counter()
            answer = call()
            walls.append(time.perf_counter() - start)
            assert answer.status_code == 200, answer.text
        cpu = (self.cpu() - before) / times
        size = len(answer.content)
        print(f"{name:38} {1000 * min(walls):8.1f} ms {1000 * cpu:8.1f} ms CPU {size:12,} bytes")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder) / "data")
        server.start()
        try:
            measure(Measured(server))
        finally:
            server.stop()


def measure(server: Measured) -> None:
    get = server.client.get
    body = json.dumps({"tasks": [task(number) for number in range(TASKS)]}).encode()
    headers = {"Content-Type": "application/json"}

    def add() -> httpx.Response:
        return server.client.post("/api/v1/tasks/bulk", content=body, headers=headers)

    print(f"server at rest: {server.memory_megabytes():.0f} MB")
    server.say("a route that does nothing", lambda: get("/healthz"), 200)
    server.say(f"add {TASKS:,} tasks in one request", add, 1)
    add_more(add, 10 * TASKS - 2 * TASKS)
    cursor = get("/api/v1/changes?since=1").json()["data"]["cursor"]
    server.say("page of 50 of 100,000", lambda: get("/api/v1/tasks?limit=50"), 200)
    server.say("page of 50 of 100,000, by status", lambda: get("/api/v1/tasks?status=pending"), 200)
    server.say("nothing changed", lambda: get(f"/api/v1/changes?since={cursor}"), 200)
    print(f"server with 100,000 tasks: {server.memory_megabytes():.0f} MB")


def add_more(add: Callable[[], httpx.Response], tasks: int) -> None:
    walls: list[float] = []
    for _ in range(tasks // TASKS):
        start = time.perf_counter()
        assert add().status_code == 200
        walls.append(1000 * (time.perf_counter() - start))
    print(f"{'  and again, eight times':38} {min(walls):8.1f} to {max(walls):.1f} ms")


if __name__ == "__main__":
    main()
