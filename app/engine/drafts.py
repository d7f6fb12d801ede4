"""What a task may be: the check that every way into the queue goes through."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from functools import cache
from typing import Any, cast

from pydantic import TypeAdapter, ValidationError

from app.api.base_api import EDITABLE
from app.clock import SECOND
from app.engine.texts import check_text
from app.errors import InvalidInput
from app.models import (
    CATEGORIES,
    MAX_IMAGES_PER_PROMPT,
    MAX_NAME_CHARS,
    MAX_PROMPT_CHARS,
    MAX_REFERENCES,
    MAX_REFERENCES_PER_CATEGORY,
    MAX_SEED,
    ModelInfo,
    TaskItem,
)
from app.providers.catalogue import Catalogue

IGNORED = {item.name for item in fields(TaskItem)} - EDITABLE | {"revision", "client_request_id"}
"""Read-only keys of a row handed back whole, and keys that a caller adds to a call."""


@dataclass
class Draft:
    """The fields of a task that a person sets, with the contract's defaults."""

    task_name: str = ""
    model: str = "Nano Banana Pro"
    aspect_ratio: str = "16:9"
    quality: str = "1K"
    prompt: str = ""
    negative_prompt: str = ""
    images_per_prompt: int = 1
    reference_images: list[str] = field(default_factory=list[str])
    reference_images_by_cat: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    seed: int | None = None
    project_id: str = ""
    filename_prefix: str = ""

    def references(self) -> dict[str, list[str]]:
        """Reference ids by category; the empty category holds the uncategorised."""
        return {"": self.reference_images, **self.reference_images_by_cat}

    def columns(self) -> dict[str, Any]:
        """The fields that are columns of the task's row."""
        return {name: getattr(self, name) for name in _COLUMNS}


_TEXTS = frozenset(item.name for item in fields(Draft) if item.type is str)
_COLUMNS = [item.name for item in fields(Draft) if not item.name.startswith("reference_images")]


@cache
def _types() -> dict[str, TypeAdapter[Any]]:
    """One check for every field; made once, because making it is slow."""
    return {item.name: TypeAdapter(cast(Any, item.type)) for item in fields(Draft)}


def read_draft(data: Mapping[str, Any], base: Draft | None = None) -> Draft:
    """A draft with the editable fields of `data`; the rest comes from `base` or the defaults.

    Raises:
        InvalidInput: `unknown_field`, `invalid_value` or `nul_character`.
    """
    given: dict[str, Any] = {}
    for name, value in data.items():
        if name in EDITABLE:
            given[name] = _typed(name, value)
        elif name not in IGNORED:
            raise InvalidInput("unknown_field", field=str(name)[:80], name=str(name)[:80])
    merged = {**(_plain(base) if base else {}), **given}
    return Draft(**merged)


def _plain(draft: Draft) -> dict[str, Any]:
    return {item.name: getattr(draft, item.name) for item in fields(Draft)}


def _typed(name: str, value: Any) -> Any:
    try:
        # Most fields are text and come as text: ten thousand tasks notice the shorter way.
        plain = type(value) is str and name in _TEXTS
        typed = value if plain else _types()[name].validate_python(value)
    except ValidationError as error:
        raise InvalidInput("invalid_value", field=name, name=name, value=str(value)[:80]) from error
    for text in (typed,) if type(typed) is str else _texts(typed):
        check_text(name, text)
    return typed


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        return [text for item in cast(list[Any], value) for text in _texts(item)]
    if isinstance(value, dict):
        return [text for item in cast(dict[str, Any], value).values() for text in _texts(item)]
    return []


def check(
    draft: Draft, catalogue: Catalogue, known_references: Collection[str], now: int
) -> ModelInfo:
    """Whether the task can work as written; answers its model and writes the model's id into it.

    Raises:
        InvalidInput: With the field that is wrong; see `BaseApi.add_many` for the codes.
    """
    _check_texts(draft)
    model = catalogue.resolve(draft.model)
    draft.model = model.id
    _check_model(draft, model, now)
    _check_numbers(draft)
    _check_references(draft, model, known_references)
    return model


def _check_texts(draft: Draft) -> None:
    if not draft.prompt.strip():
        raise InvalidInput("prompt_empty", field="prompt")
    for name, text in (("prompt", draft.prompt), ("negative_prompt", draft.negative_prompt)):
        if len(text) > MAX_PROMPT_CHARS:
            raise InvalidInput(
                "prompt_too_long", field=name, length=len(text), limit=MAX_PROMPT_CHARS
            )
    for name, text in (("task_name", draft.task_name), ("filename_prefix", draft.filename_prefix)):
        if len(text) > MAX_NAME_CHARS:
            raise InvalidInput("name_too_long", field=name, length=len(text), limit=MAX_NAME_CHARS)


def _check_model(draft: Draft, model: ModelInfo, now: int) -> None:
    today = datetime.fromtimestamp(now / SECOND, UTC).date().isoformat()
    if model.retires_on and model.retires_on < today:
        raise InvalidInput("model_retired", field="model", model=model.label, date=model.retires_on)
    if draft.aspect_ratio not in model.sizes:
        raise InvalidInput(
            "ratio_unsupported",
            field="aspect_ratio",
            model=model.label,
            ratio=draft.aspect_ratio[:20],
            offered=", ".join(model.aspect_ratios),
        )
    if draft.quality not in model.sizes[draft.aspect_ratio]:
        raise InvalidInput(
            "quality_unsupported",
            field="quality",
            model=model.label,
            quality=draft.quality[:20],
            ratio=draft.aspect_ratio,
            offered=", ".join(model.qualities(draft.aspect_ratio)),
        )
    if draft.negative_prompt.strip() and not model.supports_negative_prompt:
        raise InvalidInput(
            "negative_prompt_unsupported", field="negative_prompt", model=model.label
        )


def _check_numbers(draft: Draft) -> None:
    if not 1 <= draft.images_per_prompt <= MAX_IMAGES_PER_PROMPT:
        raise InvalidInput(
            "images_per_prompt_range", field="images_per_prompt", limit=MAX_IMAGES_PER_PROMPT
        )
    if draft.seed is not None and not 0 <= draft.seed <= MAX_SEED:
        raise InvalidInput("seed_range", field="seed", limit=MAX_SEED)


def _check_references(draft: Draft, model: ModelInfo, known: Collection[str]) -> None:
    for category, ids in draft.reference_images_by_cat.items():
        where = f"reference_images_by_cat.{category}"[:80]
        if category not in CATEGORIES:
            raise InvalidInput("unknown_field", field=where, name=category[:80])
        if len(ids) > MAX_REFERENCES_PER_CATEGORY:
            raise InvalidInput(
                "too_many_references_in_category",
                field=where,
                count=len(ids),
                limit=MAX_REFERENCES_PER_CATEGORY,
            )
    every = reference_ids([draft])
    limit = min(MAX_REFERENCES, model.max_references)
    if len(every) > limit:
        raise InvalidInput(
            "too_many_references",
            field="reference_images_by_cat",
            count=len(every),
            limit=limit,
            model=model.label,
        )
    if not set(every) <= set(known):
        raise InvalidInput("reference_not_found", field="reference_images_by_cat")


def reference_ids(drafts: Sequence[Draft]) -> list[str]:
    """Every reference that the drafts name, as often as they name it."""
    return [
        reference_id
        for draft in drafts
        for ids in draft.references().values()
        for reference_id in ids
    ]
