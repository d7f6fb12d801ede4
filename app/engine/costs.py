"""What a request will probably cost. Integer micro-dollars, so that sums are exact."""

from app.models import ModelInfo

MICRO = 1_000_000


def micro(dollars: float) -> int:
    """Dollars as micro-dollars, rounded."""
    return round(dollars * MICRO)


def estimate(model: ModelInfo, quality: str, references: int) -> int:
    """Micro-dollars for one image of a quality with so many reference images.

    By the catalogue's price table; 0 where it has no price.
    """
    return micro(model.prices.get(quality, 0) + model.reference_price * references)
