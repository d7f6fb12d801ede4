"""Colours the painter mixes: in OKLab, where mixtures look the way paint does.

OKLab by Björn Ottosson, https://bottosson.github.io/posts/oklab/ (public domain).
"""

import math
from functools import lru_cache

Colour = tuple[int, int, int]
"""Red, green and blue, 0 to 255, in sRGB."""

Lab = tuple[float, float, float]
"""Lightness 0 to 1, and two axes of hue around 0."""


def _linear(value: int) -> float:
    share = value / 255
    return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4


def _encoded(value: float) -> int:
    share = max(0.0, min(1.0, value))
    curved = share * 12.92 if share <= 0.0031308 else 1.055 * share ** (1 / 2.4) - 0.055
    return round(curved * 255)


@lru_cache(maxsize=4096)
def lab(colour: Colour) -> Lab:
    """A colour as OKLab sees it."""
    r, g, b = (_linear(value) for value in colour)
    long = math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b)
    middle = math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b)
    short = math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b)
    return (
        0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short,
    )


def colour(seen: Lab) -> Colour:
    """The screen's colour for an OKLab one; what a screen cannot show is clipped."""
    lightness, a, b = seen
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        _encoded(4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short),
        _encoded(-1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short),
        _encoded(-0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short),
    )


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """The first colour with a share, 0 to 1, of the second."""
    one, two = lab(first), lab(second)
    return colour(
        (
            one[0] + (two[0] - one[0]) * share,
            one[1] + (two[1] - one[1]) * share,
            one[2] + (two[2] - one[2]) * share,
        )
    )


def lighter(of: Colour, by: float) -> Colour:
    """A colour with its lightness raised, or lowered for a negative amount."""
    lightness, a, b = lab(of)
    return colour((max(0.0, min(1.0, lightness + by)), a, b))


def chroma(of: Colour) -> float:
    """How far a colour is from grey; 0.3 is as vivid as a screen can."""
    _, a, b = lab(of)
    return math.hypot(a, b)


def tinted(of: Colour, towards: Colour, hue: float, lightness: float) -> Colour:
    """A colour drawn to the hue of another, and less to its lightness, by shares of 0 to 1."""
    one, two = lab(of), lab(towards)
    return colour(
        (
            one[0] + (two[0] - one[0]) * lightness,
            one[1] + (two[1] - one[1]) * hue,
            one[2] + (two[2] - one[2]) * hue,
        )
    )
