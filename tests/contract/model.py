"""The queue as it should be, in plain dicts."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

LIMIT = 2
"""Requests that may be out at once."""

MOST_ATTEMPTS = 6
MINUTE = 60

LATER = {
    "soon": ("overloaded", 0),
    "later": ("overloaded", MINUTE),
    "limited": ("rate_limited", MINUTE),
}
FAILED = {"refused": "refused", "damaged": "answer_damaged", "unknown": "outcome_unknown"}


def fresh() -> dict[str, Any]:
    return {"state": "pending", "code": "", "due": 0, "attempts": 0, "image": False}


class Model:
    """Tasks in queue order, each with a slot for every image."""

    def __init__(self) -> None:
        self.tasks: list[dict[str, Any]] = []
        self.ghosts: list[tuple[str, int, int]] = []  # requests of deleted tasks that are out
        self.sent: Counter[tuple[str, int, int]] = Counter()
        self.running = self.paused = False
        self.now = self.blocked = 0

    def add(self, task_id: str, images: int) -> None:
        slots = {slot: fresh() for slot in range(1, images + 1)}
        self.tasks.append(
            {"id": task_id, "images": images, "gen": 1, "given_up": False, "slots": slots}
        )

    def named(self, ids: Sequence[str]) -> list[dict[str, Any]]:
        return [task for task in self.tasks if task["id"] in ids]

    def out(self) -> list[tuple[str, int, int]]:
        """Requests without an answer."""
        mine = [
            (task["id"], task["gen"], number)
            for task in self.tasks
            for number, slot in task["slots"].items()
            if slot["state"] == "running"
        ]
        return mine + self.ghosts

    def claim(self) -> None:
        """What the engine does by itself."""
        for task in (
            self.tasks if self.running and not self.paused and self.blocked <= self.now else ()
        ):
            for number, slot in sorted(task["slots"].items()):
                if (
                    slot["state"] == "pending"
                    and slot["due"] <= self.now
                    and len(self.out()) < LIMIT
                ):
                    slot.update(state="running", code="", due=0, attempts=slot["attempts"] + 1)
                    self.sent[task["id"], task["gen"], number] += 1

    def answer(self, key: tuple[str, int, int], outcome: str) -> None:
        task = next((task for task in self.tasks if task["id"] == key[0]), None)
        slot = task["slots"][key[2]] if task else fresh()
        if outcome == "saved":
            slot.update(state="done", image=True)
        elif outcome in FAILED:
            state = "uncertain" if outcome == "unknown" else "error"
            slot.update(state=state, code=FAILED[outcome])
        elif outcome == "key":
            self.paused = True
            slot.update(state="pending", attempts=slot["attempts"] - 1)
        else:
            code, wait = LATER[outcome]
            last = slot["attempts"] >= MOST_ATTEMPTS
            slot.update(state="error" if last else "pending", code=code, due=self.now + wait)
            if outcome == "limited" and not last:
                self.blocked = max(self.blocked, self.now + wait)
        if task is None:
            self.ghosts.remove(key)
        elif slot["state"] == "pending" and task["given_up"]:
            slot.update(state="error", code="cancelled")

    def resize(self, task: dict[str, Any], images: int) -> None:
        for number in range(1, max(images, *task["slots"]) + 1):
            slot = task["slots"].setdefault(number, fresh())
            if number > images:
                slot["state"] = "removed"
            elif slot["state"] == "removed":
                slot.update({**fresh(), "image": slot["image"]})
                slot["state"] = "done" if slot["image"] else "pending"
        task.update(images=images, given_up=False)

    def move(self, ids: Sequence[str], before: str) -> int:
        moved = [task for task in self.named(ids) if task["id"] != before]
        rest = [task for task in self.tasks if task not in moved]
        place = [task["id"] for task in rest].index(before) if before else len(rest)
        self.tasks = [*rest[:place], *moved, *rest[place:]]
        return len(moved)

    def delete(self, ids: Sequence[str]) -> int:
        gone = self.named(ids)
        self.ghosts += [key for key in self.out() if key[0] in ids and key not in self.ghosts]
        self.tasks = [task for task in self.tasks if task not in gone]
        return len(gone)

    def cancel(self, ids: Sequence[str]) -> int:
        wanted = [task for task in self.named(ids) if not task["given_up"]]
        touched = [task for task in wanted if self.status(task) in ("pending", "running")]
        for task in touched:
            task["given_up"] = True
            self._each(
                task, ("pending",), lambda slot: slot.update(state="error", code="cancelled")
            )
        return len(touched)

    def retry(self, ids: Sequence[str] | None, uncertain: bool) -> int:
        tasks = (
            [task for task in self.tasks if not task["given_up"]]
            if ids is None
            else self.named(ids)
        )
        states = ("error", "uncertain") if uncertain else ("error",)
        images = 0
        for task in tasks:
            images += self._each(task, states, lambda slot: slot.update(fresh()))
            task["given_up"] = False
        return images

    def run_again(self, ids: Sequence[str]) -> int:
        ended = [task for task in self.named(ids) if self.status(task) in ("completed", "error")]
        for task in ended:
            slots = {slot: fresh() for slot in range(1, task["images"] + 1)}
            task.update(gen=task["gen"] + 1, given_up=False, slots=slots)
        return len(ended)

    def lose_power(self) -> None:
        """What was out may be paid: a person must say."""
        lost = {"state": "uncertain", "code": "outcome_unknown"}
        for task in self.tasks:
            self._each(task, ("running",), lambda slot: slot.update(lost))
        self.ghosts = []

    def _each(
        self, task: dict[str, Any], states: Sequence[str], do: Callable[[dict[str, Any]], None]
    ) -> int:
        found = [slot for slot in task["slots"].values() if slot["state"] in states]
        for slot in found:
            do(slot)
        return len(found)

    def status(self, task: dict[str, Any]) -> str:
        states = {slot["state"] for slot in task["slots"].values()}
        for state, status in (
            ("running",) * 2,
            ("pending",) * 2,
            ("uncertain", "error"),
            ("error",) * 2,
        ):
            if state in states:
                return status
        return "error" if task["given_up"] else "completed"

    def row(self, task: dict[str, Any]) -> dict[str, Any]:
        """What must be seen of a task."""
        status = self.status(task)
        slots = [slot for _, slot in sorted(task["slots"].items()) if slot["state"] != "removed"]
        codes = [slot["code"] for slot in slots if slot["state"] == "uncertain"]
        codes += [slot["code"] for slot in slots if slot["code"]]
        code = next(iter(codes), "") if status != "running" else ""
        if status == "error" and not code:
            code = "cancelled"
        done = sum(slot["state"] == "done" for slot in slots)
        return {
            "id": task["id"],
            "status": status,
            "error_code": code,
            "generation": task["gen"],
            "images_per_prompt": task["images"],
            "output_images": done,
            "progress": 100 * done // task["images"],
        }
