"""The shapes of JSON that go over the wire: what a request may hold, what an answer holds.

An answer is always an `ApiResponse`; here it is spelled out for each kind of data, for the OpenAPI
document. Requests are typed dicts: what FastAPI has checked against them reaches the contract as
the plain dict that it wants, with the keys that were sent and no others.
"""

from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictFloat, StrictInt, with_config
from typing_extensions import TypedDict

from app.models import AuditEntry, QueueState, Role, Scope, TaskItem

T = TypeVar("T")

# A key that nobody knows is named and refused, as everywhere in the contract.
_known_keys = with_config(ConfigDict(extra="forbid"))

Ids = list[str]


class Answer(BaseModel, Generic[T]):
    """A success."""

    success: Literal[True]
    data: T
    message: str = Field(description="A sentence for people, in English.")
    total: int = Field(description="How many: rows of a list, rows touched.")
    code: Literal[""]
    field: Literal[""]
    params: dict[str, str]
    retry_after: None


class Failure(BaseModel):
    """A failure, with a code that stays and a sentence for people."""

    success: Literal[False]
    data: Any
    message: str
    total: int
    code: str = Field(description="Stable code of the failure.")
    field: str = Field(description="The field of the input that is wrong, where one is.")
    params: dict[str, str] = Field(description="What fills the placeholders of the sentence.")
    retry_after: float | None = Field(description="Seconds until another try may succeed.")


# --- what is sent ---------------------------------------------------------------------------------


@_known_keys
class TaskFields(TypedDict, total=False):
    """Fields of a task that a person sets, and those of a row handed back whole, ignored here."""

    prompt: str
    task_name: str
    model: str
    aspect_ratio: str
    quality: str
    negative_prompt: str
    images_per_prompt: int
    reference_images: Ids
    reference_images_by_cat: dict[str, Ids]
    seed: int | None
    project_id: str
    filename_prefix: str
    client_request_id: str
    id: Any
    stt: Any
    output_image: Any
    status: Any
    elapsed_seconds: Any
    error_message: Any
    created_at: Any
    output_images: Any
    progress: Any
    error_code: Any
    error_params: Any
    owner: Any
    owner_name: Any
    attempts: Any
    cost: Any
    started_at: Any
    completed_at: Any
    next_attempt_at: Any
    position: Any
    generation: Any
    revision: Any


@_known_keys
class Tasks(TypedDict):
    """Many tasks for one request."""

    tasks: list[TaskFields]


@_known_keys
class TaskIds(TypedDict):
    """Which tasks."""

    task_ids: Ids


@_known_keys
class Move(TypedDict):
    """Which tasks go in front of which; an empty `before` is the end of the queue."""

    task_ids: Ids
    before: str


@_known_keys
class Retry(TypedDict):
    """Which tasks to ask for again; null means every failed one."""

    task_ids: Ids | None
    include_uncertain: bool


@_known_keys
class Export(TypedDict):
    """Which tasks to write into a file of which kind; null means all."""

    file_type: str
    task_ids: Ids | None


@_known_keys
class Text(TypedDict):
    """A pasted text and how it is split."""

    text: str
    separator: str


@_known_keys
class PictureIds(TypedDict):
    """Which pictures."""

    ids: Ids


@_known_keys
class Key(TypedDict):
    """A provider's key; a blank one is forgotten."""

    key: str


@_known_keys
class SettingsFields(TypedDict, total=False):
    """Settings to change."""

    output_folder: str
    naming_pattern: str
    concurrency: int
    default_model: str
    theme: str
    language: str


@_known_keys
class Password(TypedDict):
    """A new password."""

    password: str


@_known_keys
class NewUser(TypedDict, total=False):
    """A person to let in."""

    username: str
    password: str
    display_name: str
    role: str
    max_queued: StrictInt | None
    daily_limit: StrictInt | StrictFloat | None


@_known_keys
class UserFields(TypedDict, total=False):
    """What to change of a person."""

    display_name: str
    role: str
    disabled: StrictBool
    password: str
    max_queued: StrictInt | None
    daily_limit: StrictInt | StrictFloat | None


@_known_keys
class NewProject(TypedDict, total=False):
    """A project to make."""

    name: str
    private: StrictBool


@_known_keys
class ProjectFields(TypedDict, total=False):
    """What to change of a project."""

    name: str
    private: StrictBool


@_known_keys
class NewToken(TypedDict):
    """A token to make; null days mean until it is revoked."""

    name: str
    scope: str
    days: int | None


@_known_keys
class NewBackup(TypedDict):
    """What a backup should hold besides database and references."""

    with_images: bool


# --- what comes back ------------------------------------------------------------------------------


class TaskPage(TypedDict):
    """One page of a list; `next` is empty on the last."""

    tasks: list[TaskItem]
    next: str


class Changes(TypedDict):
    """What happened since a cursor."""

    cursor: int
    reset: bool
    rows: list[TaskItem]
    removed: Ids
    queue: QueueState | None


class Cancelled(TypedDict):
    """What was given up, and how many requests were out then."""

    tasks: int
    in_flight: int


class Retried(TypedDict):
    """What was put back into the queue."""

    tasks: int
    images: int
    uncertain_left: int


class ImportReport(TypedDict):
    """What a file held."""

    rows: int
    right: int
    wrong: int
    added: int
    problems: list[dict[str, Any]]
    pictures: Ids
    preview: list[dict[str, Any]]
    tasks: list[dict[str, Any]]


class WhoAmI(TypedDict):
    """Who calls."""

    id: str
    username: str
    display_name: str
    role: Role


class AuditPage(TypedDict):
    """One page of what was done; `next` is empty on the last."""

    entries: list[AuditEntry]
    next: str


class NewTokenInfo(TypedDict):
    """A token that was just made, with the token itself, this once."""

    id: str
    name: str
    scope: Scope
    prefix: str
    owner: str
    created_at: str
    expires_at: str | None
    last_used_at: str | None
    token: str


TASK_EXAMPLE = {
    "prompt": "A floating market at dawn, lanterns on the water",
    "model": "painter:painter",
    "aspect_ratio": "16:9",
    "quality": "1K",
    "images_per_prompt": 2,
    "client_request_id": "storyboard-7-scene-1",
}
