"""The contract: everything a page, a REST route or a command may ask for.

Plain synchronous methods; each answers an `ApiResponse`. Pages cross into it in one place
(`pages/ask.py`, a thread), so a slow disk or a distant server never freezes a browser.

"Answers" in the promises means `ApiResponse.data`; "Errors" are its codes. A `data: dict` is
refused with `unknown_field` when it names a key that no row has, and with `invalid_value` when a
value has the wrong type; `field` says which. Any method of a distant studio may also answer
`server_unreachable`, `server_answer_lost`, `server_answer_odd`, `server_token_refused` or
`body_too_large`.
"""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Self

from app.api.intake_api import IntakeApi
from app.api.models import ApiResponse, UserInfo
from app.api.people_api import PeopleApi
from app.api.pictures_api import PicturesApi
from app.api.projects_api import ProjectsApi
from app.api.queue_api import QueueApi
from app.api.settings_api import SettingsApi
from app.api.sharing_api import SharingApi
from app.api.upkeep_api import UpkeepApi
from app.api.waiting import Waiting

EDITABLE = frozenset({
    "task_name", "model", "aspect_ratio", "quality", "prompt", "negative_prompt",
    "images_per_prompt", "reference_images", "reference_images_by_cat", "seed", "project_id",
    "filename_prefix",
})  # fmt: skip
"""Fields of a task that `update_task` may change."""

FREE_WHILE_RUNNING = frozenset({"task_name", "filename_prefix", "project_id"})
"""Editable fields that a running attempt does not depend on."""


class BaseApi(
    QueueApi, IntakeApi, PicturesApi, ProjectsApi, SettingsApi, PeopleApi, SharingApi, UpkeepApi
):
    """One studio: its queue, pictures, models, providers, settings and people.

    Implementations: `LocalApi` (engine and store in this process), `MockApi` (the same studio in
    memory), `RealApi` (another Whisk server). `tests/contract/` runs one suite on all of them.
    """

    user: UserInfo
    """Who calls. The bare object acts as the local admin."""

    @abstractmethod
    def open(self) -> None:
        """Prepare for work: folders, tables, recovery of what a crash left, then the workers.

        Constructors only remember. A second call does nothing.
        """

    @abstractmethod
    def close(self) -> None:
        """Stop claiming, wait for the requests in flight, release everything.

        A request that does not end in time becomes uncertain at the next start. A second call
        does nothing.
        """

    @abstractmethod
    def acting_as(self, user: UserInfo, *, address: str = "") -> "BaseApi":
        """The same studio, with every call made on behalf of `user`.

        `address` is where the call comes from, for the audit; empty for one of this process.
        """

    def __enter__(self) -> Self:
        """`open`, for a `with` statement."""
        self.open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """`close`."""
        self.close()

    def wait_for(
        self,
        task_ids: Sequence[str] | None = None,
        *,
        timeout_seconds: float | None = None,
        on_change: Callable[[list[dict[str, Any]]], None] | None = None,
    ) -> ApiResponse:
        """Wait until none of the tasks is pending or running; None means every task of now.

        Answers the tasks as a list of dicts, in queue order; those that were deleted meanwhile are
        left out. `on_change` gets the same list whenever something changed.

        Errors: `wait_timeout`; `queue_stopped` when nothing is in flight and nothing will start;
        `waits_for_person` when every provider of what is left is paused, `params["reason"]` says
        by which code (`key_missing`, ...). `data` holds the tasks as they are then. A distant
        server that is away is waited for, up to two minutes.
        """
        return Waiting(self.get_changes, task_ids, on_change).until_done(timeout_seconds)
