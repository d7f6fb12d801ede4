"""The nouns of Whisk Desktop; they import nothing of ours but those about people.

All are pydantic dataclasses: keyword construction validates, `dataclasses.asdict` works.
Times are ISO 8601 strings in UTC with milliseconds (`2026-11-23T14:05:09.250Z`), durations are
float seconds, money is US dollars as a float; ids are opaque strings.
"""

from collections.abc import Callable, Iterator
from dataclasses import field
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

# Handed on, so that one import serves whoever needs nouns.
from app.people import ACTING_ROLE_HEADER as ACTING_ROLE_HEADER
from app.people import LOCAL_ADMIN as LOCAL_ADMIN
from app.people import AuditEntry as AuditEntry
from app.people import ProjectInfo as ProjectInfo
from app.people import Role as Role
from app.people import Scope as Scope
from app.people import SessionInfo as SessionInfo
from app.people import TokenInfo as TokenInfo
from app.people import UserAccount as UserAccount
from app.people import UserInfo as UserInfo

CATEGORIES = ("title", "scene", "style")
"""Roles of reference images: title is the subject, scene the place, style the look."""

ASPECT_RATIOS = ("1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9",
                 "1:4", "4:1", "1:8", "8:1")  # fmt: skip
QUALITIES = ("1K", "2K", "4K")

MAX_REFERENCES = 10
MAX_REFERENCES_PER_CATEGORY = 5
MAX_IMAGES_PER_PROMPT = 10
MAX_PROMPT_CHARS = 20_000
MAX_NAME_CHARS = 200
MAX_TASKS_PER_ADD = 10_000
MAX_SEED = 2**32 - 1
MAX_CONCURRENCY = 16
MAX_REFERENCE_MEGABYTES = 25
MAX_IMPORT_MEGABYTES = 10
MAX_PAGE = 1_000
MAX_SEARCH_CHARS = 1_000
MAX_WAIT_SECONDS = 30
"""The longest that one call waits for a change."""

_strict = ConfigDict(extra="forbid")


class TaskStatus(StrEnum):
    """What a task is doing. Cancelled, uncertain and set aside are `error` with an `error_code`."""

    PENDING = "pending"
    RUNNING = "running"
    COMPLETED = "completed"
    ERROR = "error"


def no_references_by_category() -> dict[str, list[str]]:
    """A fresh, empty answer to "which references by category"."""
    return {category: [] for category in CATEGORIES}


@dataclass(config=_strict)
class TaskItem:
    """One row of the queue.

    Attributes:
        id: Opaque and stable; never reused.
        stt: Row number, 1..n without gaps, in queue order. Derived, never stored.
        model: A model's id (`gemini:gemini-3-pro-image`), label or nickname when handed in; always
            the id when handed out.
        reference_images: Ids of reference images without a category.
        reference_images_by_cat: Ids by category; at most 5 each, at most 10 with the above.
        output_image: Id of the first saved image, or None.
        output_images: Ids of the saved images of the current generation, by slot.
        progress: 0 to 100: the share of wanted images that are saved.
        elapsed_seconds: From the first request of the current run to its end, or to now.
        attempts: Requests counted so far, over all slots and generations.
        cost: What the requests cost so far; an estimate where the provider reports usage only.
        next_attempt_at: When a waiting retry may start, or None.
        revision: Grows with every edit; a stale one can be told by it.
    """

    id: str
    stt: Annotated[int, Field(ge=1)]
    task_name: str = ""
    model: str = "Nano Banana Pro"
    aspect_ratio: str = "16:9"
    quality: str = "1K"
    reference_images: list[str] = field(default_factory=list[str])
    reference_images_by_cat: dict[str, list[str]] = field(default_factory=no_references_by_category)
    prompt: str = ""
    images_per_prompt: Annotated[int, Field(ge=1, le=MAX_IMAGES_PER_PROMPT)] = 1
    output_image: str | None = None
    status: TaskStatus = TaskStatus.PENDING
    elapsed_seconds: float = 0
    error_message: str = ""
    created_at: str = ""
    output_images: list[str] = field(default_factory=list[str])
    progress: Annotated[int, Field(ge=0, le=100)] = 0
    error_code: str = ""
    error_params: dict[str, str] = field(default_factory=dict[str, str])
    negative_prompt: str = ""
    seed: Annotated[int, Field(ge=0, le=MAX_SEED)] | None = None
    owner: str = ""
    owner_name: str = ""
    project_id: str = ""
    filename_prefix: str = ""
    attempts: int = 0
    cost: float = 0
    started_at: str | None = None
    completed_at: str | None = None
    next_attempt_at: str | None = None
    position: int = 0
    generation: int = 1
    revision: int = 1


@dataclass(frozen=True, config=_strict)
class ReferenceImage:
    """An input picture, stored once by the hash of the bytes that came in.

    Attributes:
        sha256: Hash of the upload; the same picture twice is the same reference.
        width: Pixels of the stored picture, after its rotation was applied.
        size: Bytes of the stored file.
    """

    id: str
    file_name: str
    sha256: str
    mime_type: str
    width: int
    height: int
    size: int
    created_at: str = ""


@dataclass(frozen=True, config=_strict)
class ImageInfo:
    """One saved output.

    Attributes:
        file_path: Where the file lies on the server's disk; empty where there is no disk.
        source_sha256: Hash of the bytes the provider sent.
        file_sha256: Hash of the bytes on disk, which carry our metadata as well.
        seed: The seed that was really used, or None when the provider does not tell.
    """

    id: str
    task_id: str
    generation: int
    slot: int
    attempt_id: str
    file_name: str
    file_path: str
    mime_type: str
    width: int
    height: int
    size: int
    source_sha256: str
    file_sha256: str
    model: str
    model_version: str
    prompt: str
    aspect_ratio: str
    quality: str
    seed: int | None
    cost: float
    created_at: str


@dataclass(frozen=True, config=_strict)
class ModelInfo:
    """What a model can do, as data: read by the form, by validation, by estimates and by tests.

    Attributes:
        id: `provider:model`.
        name: The model's own name in its provider's words.
        sizes: Pixels by ratio and quality: `sizes["16:9"]["2K"] == [2752, 1376]`. What is absent
            the model cannot do.
        max_references: Ceiling of reference images for one request.
        images_per_call: Images that one request can answer with.
        prices: US dollars for one image, by quality.
        reference_price: US dollars for one reference image sent along.
        rates: US dollars for a million tokens, by kind: `text_in`, `image_in`, `text_out`,
            `image_out`. Empty where the provider does not report tokens.
        price_as_of: Day the prices were read, ISO; `price_source` says where.
        retires_on: Day the provider switches the model off, ISO, or empty.
    """

    id: str
    label: str
    provider: str
    name: str
    sizes: dict[str, dict[str, tuple[int, int]]]
    nicknames: list[str] = field(default_factory=list[str])
    max_references: int = 0
    images_per_call: int = 1
    supports_seed: bool = False
    supports_negative_prompt: bool = False
    prices: dict[str, float] = field(default_factory=dict[str, float])
    reference_price: float = 0
    rates: dict[str, float] = field(default_factory=dict[str, float])
    price_as_of: str = ""
    price_source: str = ""
    retires_on: str = ""
    notes: str = ""

    @property
    def aspect_ratios(self) -> list[str]:
        """Ratios the model offers, in the catalogue's order."""
        return list(self.sizes)

    def qualities(self, aspect_ratio: str) -> list[str]:
        """Qualities the model offers at a ratio; empty for a ratio it lacks."""
        return list(self.sizes.get(aspect_ratio, {}))


@dataclass(frozen=True, config=_strict)
class ProviderInfo:
    """A provider as the settings page shows it; the key itself never leaves the server.

    Attributes:
        key_source: `environment`, `settings` or empty.
        key_hint: The last four characters of the key, or empty.
        key_origin: Scheme, host and port that the key is bound to, or empty.
        key_place: Where a key from Settings is kept: `keyring`, `file`, `memory`, or empty where
            none is needed.
        paused_reason: Why the provider takes no work now, as an error code, or empty.
    """

    name: str
    label: str
    needs_key: bool
    has_key: bool
    key_source: str = ""
    key_hint: str = ""
    key_origin: str = ""
    key_place: str = ""
    key_variable: str = ""
    paused_reason: str = ""


@dataclass(frozen=True, config=_strict)
class QueueState:
    """The whole queue in a few numbers.

    Attributes:
        running: Whether slots are being claimed; survives a restart.
        counts: Tasks by status, every status present.
        images_done: Images saved for the tasks that are in the queue.
        images_wanted: Images those tasks want in all.
        in_flight: Requests that are out now.
        uncertain: Images whose request may have been charged and that wait for a person's word.
        cancelled: Tasks among the failed ones on which a person gave up.
        waiting: Why pending work does not start though the queue runs: a list of
            `{"provider", "code", "until", "tasks"}`; where it is because of one person, also
            `"owner"` and `"owner_name"`.
    """

    running: bool
    counts: dict[str, int]
    images_done: int = 0
    images_wanted: int = 0
    in_flight: int = 0
    uncertain: int = 0
    cancelled: int = 0
    cost: float = 0
    waiting: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])


@dataclass(config=_strict)
class StudioSettings:
    """What a person may set. `theme` and `language` belong to the person, the rest to the studio.

    Attributes:
        output_folder: Absolute folder on the server; images go to `<output>/<project>/<name>`.
        naming_pattern: Text with `{prefix} {name} {prompt} {model} {ratio} {quality} {date}
            {project} {seed}`; every file name ends in the attempt's id and the slot besides.
        concurrency: Requests in flight for each provider, 1 to 16.
        theme: `light`, `dark` or `system`.
        language: `en` or `vi`.
        default_model: Model id that the composer starts with.
    """

    output_folder: str
    naming_pattern: str
    concurrency: int
    default_model: str
    theme: str = "system"
    language: str = "en"


@dataclass(frozen=True, config=_strict)
class HealthCheck:
    """One thing that was looked at.

    Attributes:
        name: Stable name: `database`, `engine`, `disk`, `output_folder`, `keys`, ...
        ok: False when the studio cannot do its work because of it.
        message: What was found and, where it is not well, what to do; in English.
    """

    name: str
    ok: bool
    message: str


@dataclass(frozen=True, config=_strict)
class Health:
    """Whether the studio can do its work, and what that was judged by."""

    ready: bool
    version: str
    checks: list[HealthCheck]


@dataclass(frozen=True, config=_strict)
class BackupInfo:
    """A safety copy: one file.

    Attributes:
        path: Where it lies on the studio's disk.
        size: Bytes.
        tasks: Rows of the queue in it.
        images: Saved images whose files are in it.
    """

    name: str
    path: str
    size: int
    created_at: str
    tasks: int
    references: int
    images: int


@dataclass(frozen=True, config=ConfigDict(arbitrary_types_allowed=True))
class MediaContent:
    """The bytes of a stored file: on disk, in memory, or on their way from another server.

    Exactly one of `path`, `data` and `chunks` is set. `sha256` names the content and serves as its
    ETag. `chunks` asks for the bytes when it is called, so that nothing travels unless it is read.
    """

    mime_type: str
    file_name: str
    sha256: str
    path: Path | None = None
    data: bytes | None = None
    chunks: Callable[[], Iterator[bytes]] | None = None

    def iterate(self, size: int = 1 << 16) -> Iterator[bytes]:
        """The bytes in pieces. Raises OSError when they cannot be had any more."""
        if self.chunks is not None:
            yield from self.chunks()
        elif self.path is not None:
            with self.path.open("rb") as file:
                while piece := file.read(size):
                    yield piece
        else:
            yield self.data or b""

    def read(self) -> bytes:
        """All bytes at once. Raises OSError when they cannot be had any more."""
        return b"".join(self.iterate())
