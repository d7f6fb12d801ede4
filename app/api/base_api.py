"""The contract: everything a page, a REST route or a command may ask for.

Plain synchronous methods; each answers an `ApiResponse`. Pages cross into it in one place
(`pages/ask.py`, a thread), so a slow disk or a distant server never freezes a browser.

"Answers" below means `ApiResponse.data`; "Errors" are its codes. A `data: dict` is refused with
`unknown_field` when it names a key that no row has, and with `invalid_value` when a value has the
wrong type; `field` says which.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from app.api.models import ApiResponse, UserInfo

EDITABLE = frozenset({
    "task_name", "model", "aspect_ratio", "quality", "prompt", "negative_prompt",
    "images_per_prompt", "reference_images", "reference_images_by_cat", "seed", "project_id",
    "filename_prefix",
})  # fmt: skip
"""Fields of a task that `update_task` may change."""

FREE_WHILE_RUNNING = frozenset({"task_name", "filename_prefix", "project_id"})
"""Editable fields that a running attempt does not depend on."""


class BaseApi(ABC):
    """One studio: its queue, pictures, models, providers and settings.

    Implementations: `LocalApi` (engine and store in this process), `MockApi` (the same studio in
    memory). `tests/contract/` runs one suite on all of them.
    """

    user: UserInfo
    """Who calls. The bare object acts as the local admin."""

    # --- life ---------------------------------------------------------------------------------

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
    def acting_as(self, user: UserInfo) -> "BaseApi":
        """The same studio, with every call made on behalf of `user`."""

    # --- the queue ----------------------------------------------------------------------------

    @abstractmethod
    def get_queue(self) -> ApiResponse:
        """Answer every task in queue order as a list of dicts (`TaskItem`); `total` is the count.

        An empty queue is a success with an empty list.
        """

    @abstractmethod
    def get_task(self, task_id: str) -> ApiResponse:
        """Answer one task as a dict. Errors: `task_not_found`."""

    @abstractmethod
    def get_changes(self, since: int) -> ApiResponse:
        """What was committed after the cursor `since`; 0 asks for everything.

        Answers `{"cursor", "reset", "rows", "removed", "queue"}`: rows are whole tasks as dicts,
        `removed` is a list of ids, `queue` a `QueueState` as a dict, or None when nothing changed.
        `reset` is true when `since` is not a cursor of this studio: forget what you hold and take
        `rows` as the whole queue. Asking twice with one cursor answers at least as much again.
        """

    @abstractmethod
    def queue_state(self) -> ApiResponse:
        """Answer the `QueueState`."""

    @abstractmethod
    def add_to_queue(self, data: Mapping[str, Any]) -> ApiResponse:
        """Create one pending task at the end; answers the task as a dict.

        Ignores `id`, `stt`, `status` and every other read-only field. `client_request_id` makes
        it safe to repeat: the same id twice by one person is the same task.
        Errors: as `add_many`.
        """

    @abstractmethod
    def add_many(self, tasks: Sequence[Mapping[str, Any]]) -> ApiResponse:
        """Create pending tasks at the end, all of them or none; answers their ids, in order.

        Errors: `prompt_empty`, `prompt_too_long`, `model_unknown`, `ratio_unsupported`,
        `quality_unsupported`, `too_many_references`, `too_many_references_in_category`,
        `reference_not_found`, `images_per_prompt_range`, `seed_range`, `unknown_field`,
        `invalid_value`, `too_many_tasks`. On failure `params["row"]` is the first bad row, from 1.
        """

    @abstractmethod
    def update_task(self, task_id: str, data: Mapping[str, Any]) -> ApiResponse:
        """Change the fields in `EDITABLE`; answers the task as a dict.

        Read-only fields of a row handed back whole are ignored; a key that no row has is refused
        by name. A `revision` in `data` makes the call fail when the row has changed since. A
        running task refuses all but `FREE_WHILE_RUNNING`. Fewer images drop slots that are not
        saved, more add pending ones. Sending the same twice changes nothing the second time.
        Errors: `task_not_found`, `task_running`, `task_changed`, and those of `add_many`.
        """

    @abstractmethod
    def delete_tasks(self, task_ids: Sequence[str]) -> ApiResponse:
        """Remove tasks and renumber the rest; `total` is how many were there.

        Images stay on disk and in the gallery. A request in flight ends and its picture is saved.
        Unknown ids are passed over.
        """

    @abstractmethod
    def start_queue(self) -> ApiResponse:
        """Start claiming pending work; answers the `QueueState`. Durable over a restart.

        Starting a running queue is a success and changes nothing.
        """

    @abstractmethod
    def stop_queue(self) -> ApiResponse:
        """Claim no more; answers the `QueueState`. Durable over a restart.

        Requests in flight end and are saved. Stopping a stopped queue changes nothing.
        """

    @abstractmethod
    def retry_tasks(
        self, task_ids: Sequence[str] | None = None, *, include_uncertain: bool = False
    ) -> ApiResponse:
        """Put the failed images of tasks back into the queue; None means every failed task.

        Saved images stay, only the missing are asked for again. Images whose request may have
        been charged are left alone unless `include_uncertain`: that is the person's word.
        `total` is the number of images put back; answers `{"tasks", "images", "uncertain_left"}`.
        """

    @abstractmethod
    def run_tasks(self, task_ids: Sequence[str]) -> ApiResponse:
        """Paint finished tasks anew: raises their generation and asks for every image again.

        Earlier images stay on disk and in the gallery. Pending and running tasks are left as they
        are. `total` is the number of tasks put back into the queue.
        """

    # --- intake -------------------------------------------------------------------------------

    @abstractmethod
    def split_prompts(self, text: str, separator: str = "line") -> ApiResponse:
        """Answer the prompts that a pasted text holds, exactly as adding it would.

        `separator` is `line` (one prompt a line) or `blank` (blocks separated by blank lines, in
        which single line breaks are kept). `total` is the count. Errors: `separator_unknown`.
        """

    @abstractmethod
    def import_tasks(
        self,
        file_name: str,
        content: bytes,
        *,
        pictures: Mapping[str, str] | None = None,
        defaults: Mapping[str, Any] | None = None,
        separator: str = "blank",
        only_check: bool = False,
        only_right: bool = False,
    ) -> ApiResponse:
        """Read a CSV or TXT file into tasks.

        Args:
            file_name: Its ending says how to read it.
            content: The bytes as they are on the person's disk, at most 10 MB.
            pictures: Reference ids by file name, for the columns title, scene and style.
            defaults: Fields for what a row leaves out.
            separator: How a TXT file is split, as in `split_prompts`.
            only_check: Read and check, add nothing.
            only_right: Add the rows that are right. Without it, one bad row adds none.

        Answers `{"right", "wrong", "added", "problems", "pictures"}`: `problems` is a list of
        `{"row", "field", "code", "params", "message"}` (row 0 concerns the whole file), `pictures`
        the file names the rows ask for. `total` is the number added.
        Errors: `import_has_problems` (nothing was added; `data` as above), `file_type_unknown`,
        `file_too_large`, `file_unreadable`, `file_empty`, `no_prompt_column`, `too_many_rows`.
        """

    # --- pictures -----------------------------------------------------------------------------

    @abstractmethod
    def add_reference(self, file_name: str, content: bytes) -> ApiResponse:
        """Store a reference picture; answers a `ReferenceImage` as a dict.

        PNG, JPEG and WebP, at most 25 MB and 40 megapixels. The same bytes twice are the same
        reference. The file name is kept as text only, never as a path.
        Errors: `picture_empty`, `picture_too_large`, `picture_type_unknown`,
        `picture_too_many_pixels`, `picture_damaged`, `picture_animated`.
        """

    @abstractmethod
    def get_references(self, reference_ids: Sequence[str]) -> ApiResponse:
        """Answer the `ReferenceImage`s of the ids as a list of dicts; unknown ids are left out."""

    @abstractmethod
    def read_reference(self, reference_id: str, *, thumbnail: bool = False) -> ApiResponse:
        """Answer a `MediaContent`; a thumbnail is WebP, at most 256 px on its longer side.

        Errors: `reference_not_found`.
        """

    @abstractmethod
    def get_images(self, image_ids: Sequence[str]) -> ApiResponse:
        """Answer the `ImageInfo`s of the ids as a list of dicts; unknown ids are left out."""

    @abstractmethod
    def read_image(self, image_id: str, *, thumbnail: bool = False) -> ApiResponse:
        """Answer a `MediaContent`, as `read_reference`. Errors: `image_not_found`, `file_missing`.

        `file_missing` means that the file is no longer where it was saved.
        """

    # --- models, providers, settings ----------------------------------------------------------

    @abstractmethod
    def list_models(self) -> ApiResponse:
        """Answer the catalogue: a list of `ModelInfo` as dicts; providers that work first."""

    @abstractmethod
    def list_providers(self) -> ApiResponse:
        """Answer a list of `ProviderInfo` as dicts."""

    @abstractmethod
    def set_provider_key(self, provider: str, key: str) -> ApiResponse:
        """Keep a key outside the database, or forget it when `key` is blank.

        Work that waited for the key starts again. Answers the `ProviderInfo` as a dict.
        Errors: `provider_unknown`, `key_not_needed`, `key_malformed`, `not_allowed`.
        """

    @abstractmethod
    def get_settings(self) -> ApiResponse:
        """Answer the `StudioSettings` of this person as a dict."""

    @abstractmethod
    def update_settings(self, data: Mapping[str, Any]) -> ApiResponse:
        """Change settings by name; answers the `StudioSettings` as a dict.

        Errors: `unknown_field`, `invalid_value`, `concurrency_range`, `folder_not_absolute`,
        `folder_not_writable`, `pattern_invalid`, `model_unknown`, `not_allowed`.
        """

    @abstractmethod
    def set_password(self, password: str, *, this_session: str = "") -> ApiResponse:
        """Set the password with which this person signs in where no launch link is.

        At least 12 characters. Every session of the person ends, but `this_session` (its id).
        Errors: `password_too_short`, `password_too_common`.
        """
