"""Model, ratio and quality: only what the chosen model can do is offered."""

from collections.abc import Callable
from typing import Any

from nicegui import ui

from app.api.models import ModelInfo
from pages.ask import ask
from pages.visit import Visit


class ModelFields:
    """Three selects that belong together, with a line that says what they mean."""

    def __init__(self, visit: Visit, on_change: Callable[[], None] | None = None) -> None:
        self._visit = visit
        self._words = visit.words
        self._on_change = on_change
        self._models: dict[str, ModelInfo] = {}
        self._without_key: set[str] = set()
        self._filling = False

    async def load(self) -> None:
        """Ask for the catalogue; before `build`."""
        models = (await ask(self._visit.api.list_models)).data or []
        providers = (await ask(self._visit.api.list_providers)).data or []
        self._models = {model["id"]: ModelInfo(**model) for model in models}
        self._without_key = {item["name"] for item in providers if not item["has_key"]}

    @property
    def model(self) -> ModelInfo | None:
        """The chosen model."""
        return self._models.get(str(self.model_select.value))

    @property
    def value(self) -> dict[str, str]:
        """Model id, ratio and quality, by field name."""
        return {
            "model": str(self.model_select.value),
            "aspect_ratio": str(self.ratio_select.value),
            "quality": str(self.quality_select.value),
        }

    def build(self, model: str, aspect_ratio: str = "16:9", quality: str = "1K") -> None:
        """Draw the fields into the current container."""
        words = self._words
        options = {key: self._label(found) for key, found in self._models.items()}
        self.model_select = ui.select(options, label=words("model.model")).props("outlined dense")
        self.model_select.classes("w-full").mark("model")
        with ui.element("div").classes("wd-pair"):
            self.ratio_select = ui.select([], label=words("model.ratio")).props("outlined dense")
            self.ratio_select.mark("ratio")
            self.quality_select = ui.select([], label=words("model.quality"))
            self.quality_select.props("outlined dense").mark("quality")
        self._moved = ui.label().classes("wd-note wd-note-warning")
        self._moved.props["role"] = "status"
        self._hint = ui.label().classes("wd-note")
        self.set_value(model, aspect_ratio, quality)
        for select in (self.model_select, self.ratio_select, self.quality_select):
            select.on_value_change(self._changed)

    def _label(self, model: ModelInfo) -> str:
        if model.provider in self._without_key:
            return self._words("model.needs_key", model=model.label)
        return model.label

    def set_value(self, model: str, aspect_ratio: str, quality: str) -> None:
        """Show these; what the model lacks moves to the nearest it has."""
        self._filling = True
        if model not in self._models:
            model = next(iter(self._models), model)
        self.model_select.value = model
        self._fit(aspect_ratio, quality)
        self._filling = False

    def set_enabled(self, enabled: bool) -> None:
        """Take changes, or only show."""
        for select in (self.model_select, self.ratio_select, self.quality_select):
            select.set_enabled(enabled)

    def _changed(self, _: Any) -> None:
        if self._filling:
            return
        self._filling = True
        self._fit(str(self.ratio_select.value), str(self.quality_select.value))
        self._filling = False
        if self._on_change:
            self._on_change()

    def _fit(self, ratio: str, quality: str) -> None:
        """Offer what the model has, keep the choice where it can be kept, and say what moved."""
        model = self.model
        if model is None:
            return
        fitting_ratio = ratio if ratio in model.sizes else nearest(ratio, model.aspect_ratios)
        qualities = model.qualities(fitting_ratio)
        fitting_quality = quality if quality in qualities else qualities[-1]
        self.ratio_select.set_options(model.aspect_ratios, value=fitting_ratio)
        self.quality_select.set_options(qualities, value=fitting_quality)
        moved = [
            self._words("model.moved", model=model.label, before=before, after=after)
            for before, after in ((ratio, fitting_ratio), (quality, fitting_quality))
            if before != after
        ]
        self._moved.text = " ".join(moved)
        self._moved.set_visibility(bool(moved))
        self._hint.text = self._meaning(model, fitting_ratio, fitting_quality)

    def _meaning(self, model: ModelInfo, ratio: str, quality: str) -> str:
        width, height = model.sizes[ratio][quality]
        price = model.prices.get(quality, 0)
        cost = (
            self._words("model.price", price=dollars(price)) if price else self._words("model.free")
        )
        return self._words("model.size", width=width, height=height, cost=cost)

    def estimate(self, references: int) -> float:
        """Dollars for one image by the catalogue's prices."""
        if self.model is None:
            return 0
        price = self.model.prices.get(str(self.quality_select.value), 0)
        return price + self.model.reference_price * references


def nearest(ratio: str, offered: list[str]) -> str:
    """The offered ratio whose shape is closest."""
    return min(offered, key=lambda other: abs(_shape(other) - _shape(ratio)))


def _shape(ratio: str) -> float:
    width, _, height = ratio.partition(":")
    return float(width) / float(height) if height else 1.0


def dollars(amount: float) -> str:
    """`$12.35`, with four digits after the point below a dime."""
    return f"${amount:.2f}" if amount >= 0.1 or amount == 0 else f"${amount:.4f}".rstrip("0")
