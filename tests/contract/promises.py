"""What every part of the contract suite shares."""

import io
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any, ClassVar

import pytest
from PIL import Image

from app.api.base_api import BaseApi
from app.api.local_api import LocalApi
from app.api.models import ApiResponse, UserInfo
from tests.contract.stages import Kind, Stage, Theatre
from tests.puppet import MODEL, Asked, Puppet
from tests.waiting import until_changed

PAINTER = "painter:painter"
VIEWER = UserInfo(id="local", username="local", role="viewer")
MEMBER = UserInfo(id="local", username="local", role="member")
PASSWORD = "seven grey herons"


@cache
def picture(colour: str = "red", kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 48), colour).save(buffer, kind)
    return buffer.getvalue()


def task(prompt: str = "a boat at dawn", **more: Any) -> dict[str, Any]:
    return {"prompt": prompt, "model": MODEL, **more}


class Promises:
    """A part of the contract; a suite says by `kind` on whom it is tried."""

    kind: ClassVar[Kind]

    @pytest.fixture
    def stage(self, theatre: Theatre) -> Iterator[Stage]:
        with theatre.stage(self.kind) as stage:
            yield stage

    @pytest.fixture
    def api(self, stage: Stage) -> BaseApi:
        return stage.api

    @pytest.fixture
    def studio(self, stage: Stage) -> LocalApi:
        return stage.studio

    @pytest.fixture
    def puppet(self, stage: Stage) -> Puppet:
        return stage.puppet

    def add(self, api: BaseApi, prompt: str = "a boat at dawn", **more: Any) -> dict[str, Any]:
        answer = api.add_to_queue(task(prompt, **more))
        assert answer.success, answer.message
        return answer.data

    def add_named(self, api: BaseApi, names: str) -> dict[str, str]:
        """A task for each letter; answers their ids by it."""
        ids = api.add_many([task(name) for name in names]).data
        return dict(zip(names, ids, strict=True))

    def order(self, api: BaseApi) -> str:
        """The prompts in queue order; the numbers must follow it."""
        rows = api.get_queue().data
        assert [row["stt"] for row in rows] == list(range(1, len(rows) + 1))
        return "".join(row["prompt"] for row in rows)

    def row(self, api: BaseApi, task_id: str) -> dict[str, Any]:
        return api.get_task(task_id).data

    def until_status(self, api: BaseApi, task_id: str, status: str) -> dict[str, Any]:
        until_changed(api, lambda: self.row(api, task_id)["status"] == status)
        return self.row(api, task_id)

    def until_state(self, api: BaseApi, seen: Callable[[dict[str, Any]], bool]) -> None:
        until_changed(api, lambda: seen(api.queue_state().data))

    def cursor(self, api: BaseApi) -> int:
        return api.get_changes(0).data["cursor"]

    def hold(self, api: BaseApi, puppet: Puppet, count: int = 1) -> Sequence[Asked]:
        """Start the queue and wait until so many requests are out, without an answer."""
        puppet.holds = True
        api.start_queue()
        return puppet.until_waiting(count)

    def finished(self, api: BaseApi, ids: Sequence[str] | None = None) -> list[dict[str, Any]]:
        """Run what waits to its end."""
        api.start_queue()
        answer = api.wait_for(ids, timeout_seconds=60)
        assert answer.success, answer.message
        return answer.data


class Meanwhile:
    """A call in another thread."""

    def __init__(self, call: Callable[[], ApiResponse]) -> None:
        self._call = call
        self._answer: ApiResponse | None = None
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        self._answer = self._call()

    def answer(self) -> ApiResponse:
        """Wait for the answer."""
        self._thread.join(60)
        assert self._answer is not None, "the call did not come back"
        return self._answer
