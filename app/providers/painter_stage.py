"""What every part of a picture shares while it is painted."""

import random
from dataclasses import dataclass

from app.providers.painter_brush import Sheet
from app.providers.painter_palette import Palette
from app.providers.painter_words import Wishes


@dataclass
class Stage:
    """A sheet, the colours on the table, the wishes, and the dice.

    Attributes:
        hour: A key of `painter_words.TIMES`.
        horizon: Where sky and earth meet, in pixels from the top.
        unit: A hundredth of the length by which figures are measured, in pixels.
    """

    sheet: Sheet
    palette: Palette
    wishes: Wishes
    dice: random.Random
    hour: str
    horizon: float
    unit: float

    @property
    def width(self) -> int:
        """Pixels of the sheet."""
        return self.sheet.width

    @property
    def height(self) -> int:
        """Pixels of the sheet."""
        return self.sheet.height

    @property
    def is_dark(self) -> bool:
        """Whether lamps are lit."""
        return self.hour in ("night", "neon", "dusk")

    def near(self, value: float, spread: float) -> float:
        """A number around another, at most `spread` away."""
        return value + self.dice.uniform(-spread, spread)
