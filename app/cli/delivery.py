"""Pictures on their way from the studio into a person's folder, and how far they are."""

import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from app.api.base_api import BaseApi
from app.api.models import MediaContent, TaskStatus
from app.cli.asked import Asked, Failed, insist
from app.cli.files import deliver
from app.cli.finding import Row

if TYPE_CHECKING:
    from rich.progress import Progress

_FINISHED = (TaskStatus.COMPLETED, TaskStatus.ERROR)


class Delivery:
    """Puts every image into the folder as soon as it is saved; called with the tasks as they are.

    On a terminal it draws a bar, elsewhere it writes a line for each task that ends.

    Attributes:
        rows: The tasks as they were last seen.
    """

    def __init__(self, asked: Asked, api: BaseApi, out: Path) -> None:
        self.rows: Sequence[Row] = []
        self._asked = asked
        self._api = api
        self._out = out
        self._files: dict[str, Path] = {}
        self._told: set[str] = set()
        hidden = asked.as_json or asked.quiet or not sys.stderr.isatty()
        self._bar = _bar(disable=hidden)
        self._line = self._bar.add_task("", total=None, told="")

    def __enter__(self) -> Self:
        """Show the bar."""
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take the bar away."""
        self._bar.stop()

    def __call__(self, rows: Sequence[Row]) -> None:
        """Take delivery of what is new in these tasks. Raises `Failed` or OSError."""
        self.rows = rows
        new = [
            image_id
            for row in rows
            for image_id in row["output_images"]
            if image_id not in self._files
        ]
        for info in insist(self._api.get_images(new)).data if new else ():
            content: MediaContent = insist(self._api.read_image(info["id"])).data
            self._files[info["id"]] = deliver(
                self._out, content, info["file_name"], info["file_sha256"]
            )
        done, wanted = len(self._files), sum(row["images_per_prompt"] for row in rows)
        told = f"{done} of {wanted} images"
        self._bar.update(self._line, completed=done, total=wanted, told=told)
        self._tell_finished(rows)

    def on_change(self, rows: Sequence[Row]) -> None:
        """As calling it, but a server that is away for a while is asked again later."""
        try:
            self(rows)
        except Failed as failure:
            if failure.code != "server_unreachable":
                raise

    def _tell_finished(self, rows: Sequence[Row]) -> None:
        for row in rows:
            if row["status"] in _FINISHED and row["id"] not in self._told:
                self._told.add(row["id"])
                if self._bar.disable and row["status"] == TaskStatus.COMPLETED:
                    names = ", ".join(path.name for path in self._of(row))
                    self._asked.note(f"{len(self._told)}/{len(rows)} {names}")

    def _of(self, row: Row) -> list[Path]:
        return [self._files[one] for one in row["output_images"] if one in self._files]

    def summary(self, out: Path) -> str:
        """What has come about, for people."""
        done = sum(row["status"] == TaskStatus.COMPLETED for row in self.rows)
        return (
            f"{len(self._files)} image(s) of {done} finished task(s), "
            f"{len(self.rows)} in all, are in {out}."
        )

    def report(self, out: Path) -> dict[str, Any]:
        """What has come about, for programs."""
        tasks = [
            {
                "id": row["id"],
                "task_name": row["task_name"],
                "status": row["status"],
                "error_code": row["error_code"],
                "error_message": row["error_message"],
                "files": [str(path) for path in self._of(row)],
            }
            for row in self.rows
        ]
        counts = {
            str(status): sum(row["status"] == status for row in self.rows) for status in TaskStatus
        }
        return {"out": str(out), "images": len(self._files), "counts": counts, "tasks": tasks}


def _bar(*, disable: bool) -> "Progress":
    # Here, because it takes some 40 ms that only this command needs.
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    return Progress(
        BarColumn(),
        TextColumn("{task.fields[told]}"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        disable=disable,
    )
