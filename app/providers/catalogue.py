"""What every model can do and costs: `catalogue.json`, and a person's own file over it."""

from collections.abc import Iterator
from datetime import date
from math import isfinite
from pathlib import Path

from pydantic import TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from app.errors import InvalidInput, WhiskError
from app.models import ASPECT_RATIOS, QUALITIES, ModelInfo

SHIPPED = Path(__file__).with_name("catalogue.json")
MAX_BYTES = 1_000_000
MAX_SIDE_PX = 16_384


@dataclass
class _CatalogueFile:
    models: list[object]


_catalogue_file = TypeAdapter(_CatalogueFile)
_model = TypeAdapter(ModelInfo)


class Catalogue:
    """The models on offer, in the order of the file.

    Args:
        models: No two of them answer to the same id, label or nickname.
    """

    def __init__(self, models: list[ModelInfo]) -> None:
        self.models = models
        self._by_id = {model.id: model for model in models}
        self._by_name = {name: model for model in models for name in _names(model)}

    @classmethod
    def load(cls, override: Path | None = None) -> "Catalogue":
        """The shipped catalogue, with the models of a person's own file in place of equal ids.

        Models that the shipped file lacks are added at the end. An `override` that does not exist
        changes nothing.

        Raises:
            WhiskError: `catalogue_unreadable`; `file` and `place` say where, `reason` why.
        """
        models = {model.id: model for model in _read(SHIPPED)}
        if override is not None and override.exists():
            models |= {model.id: model for model in _read(override)}
            _no_name_twice(list(models.values()), override)
        return cls(list(models.values()))

    def get(self, model_id: str) -> ModelInfo | None:
        """The model with exactly this id."""
        return self._by_id.get(model_id)

    def resolve(self, name: str) -> ModelInfo:
        """The model by id, label or nickname, in upper or lower case.

        Raises:
            InvalidInput: `model_unknown`.
        """
        found = self._by_name.get(_folded(name))
        if found is None:
            raise InvalidInput("model_unknown", field="model", model=name[:200])
        return found


def retired(model: ModelInfo, today: date) -> bool:
    """Whether the provider has switched the model off: true from the day after `retires_on`."""
    return bool(model.retires_on) and today > date.fromisoformat(model.retires_on)


def _folded(name: str) -> str:
    return name.strip().casefold()


def _names(model: ModelInfo) -> set[str]:
    return {_folded(name) for name in (model.id, model.label, *model.nicknames)}


def _read(file: Path) -> list[ModelInfo]:
    try:
        with file.open("rb") as stream:
            content = _catalogue_file.validate_json(stream.read(MAX_BYTES))
    except OSError as error:
        raise _unreadable(file, "models", error.strerror or type(error).__name__) from error
    except ValidationError as error:
        raise _unreadable(file, "models", error.errors()[0]["msg"]) from error
    models = [_checked(file, n, entry) for n, entry in enumerate(content.models)]
    _no_name_twice(models, file)
    return models


def _checked(file: Path, number: int, entry: object) -> ModelInfo:
    place = f"models[{number}]"
    try:
        model = _model.validate_python(entry)
    except ValidationError as error:
        first = error.errors()[0]
        inner = ".".join(str(part) for part in first["loc"])
        raise _unreadable(file, f"{place}.{inner}" if inner else place, first["msg"]) from error
    for field, reason in _complaints(model):
        raise _unreadable(file, f"{place}.{field}", reason)
    return model


def _complaints(model: ModelInfo) -> Iterator[tuple[str, str]]:
    """What the types do not say, as field and reason."""
    if model.id != f"{model.provider}:{model.name}":
        yield "id", "it must be provider:name"
    if not model.label.strip():
        yield "label", "it is empty"
    if model.images_per_call < 1:
        yield "images_per_call", "at least 1 is needed"
    if model.max_references < 0:
        yield "max_references", "it cannot be negative"
    yield from _complaints_about_sizes(model)
    yield from _complaints_about_prices(model)
    if model.retires_on and not _is_day(model.retires_on):
        yield "retires_on", "a day like 2027-03-15 is expected"


def _complaints_about_sizes(model: ModelInfo) -> Iterator[tuple[str, str]]:
    if not model.sizes:
        yield "sizes", "at least one ratio is needed"
    for ratio, by_quality in model.sizes.items():
        place = f"sizes.{ratio}"
        if ratio not in ASPECT_RATIOS:
            yield place, f"known ratios are {', '.join(ASPECT_RATIOS)}"
        if not by_quality or not set(by_quality) <= set(QUALITIES):
            yield place, f"known qualities are {', '.join(QUALITIES)}"
        if not all(0 < side <= MAX_SIDE_PX for size in by_quality.values() for side in size):
            yield place, f"sides are 1 to {MAX_SIDE_PX} pixels"


def _complaints_about_prices(model: ModelInfo) -> Iterator[tuple[str, str]]:
    amounts = {"reference_price": [model.reference_price],
               "prices": list(model.prices.values()),
               "rates": list(model.rates.values())}  # fmt: skip
    for field, values in amounts.items():
        if not all(isfinite(value) and value >= 0 for value in values):
            yield field, "prices are numbers from 0"


def _no_name_twice(models: list[ModelInfo], file: Path) -> None:
    owners: dict[str, ModelInfo] = {}
    for model in models:
        for name in sorted(_names(model)):
            owner = owners.setdefault(name, model)
            if owner is not model:
                raise _unreadable(file, model.id, f"{name} is already a name of {owner.id}")


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _unreadable(file: Path, place: str, reason: str) -> WhiskError:
    return WhiskError("catalogue_unreadable", file=file, place=place, reason=reason)
