"""The colours of one picture: a mood for the hour, drawn to the references and the words."""

# Pillow's stubs leave resize and point half typed.
# pyright: reportUnknownMemberType=false

import io
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import cast

from PIL import Image, UnidentifiedImageError

from app.providers.base import ReferencePicture
from app.providers.painter_colour import Colour, chroma, lab, lighter, mix, tinted
from app.providers.painter_words import Wishes

SKINS: tuple[Colour, ...] = ((236, 190, 152), (222, 168, 128), (198, 140, 102), (150, 100, 72))
HAIRS: tuple[Colour, ...] = ((38, 30, 34), (52, 36, 32), (74, 46, 34))

REFERENCE_PX = 48
"""Side of the little square in which the colours of a reference are counted."""


@dataclass(frozen=True)
class Palette:
    """Who wears which colour.

    Attributes:
        sky: From the top to the horizon.
        sun: The disc of sun or moon.
        glow: The light around it.
        far: Ridges at the horizon; those before it are mixed towards `near`.
        ground: The earth at the viewer's feet.
        water: From the horizon to the viewer.
        ink: The darkest paper, for outlines and silhouettes.
        paper: The lightest.
        accent: What the eye should find first; `second` accompanies it.
        lamp: Windows and lanterns.
    """

    sky: tuple[Colour, ...]
    sun: Colour
    glow: Colour
    far: Colour
    near: Colour
    ground: Colour
    leaf: Colour
    water: tuple[Colour, ...]
    ink: Colour
    paper: Colour = (252, 244, 228)
    accent: Colour = (204, 62, 48)
    second: Colour = (44, 92, 128)
    lamp: Colour = (255, 206, 120)
    skin: Colour = SKINS[0]
    hair: Colour = HAIRS[0]


MOODS: dict[str, tuple[Palette, ...]] = {
    "dawn": (
        Palette(
            sky=((92, 116, 156), (174, 160, 184), (246, 190, 158), (255, 222, 174)),
            sun=(255, 244, 216), glow=(255, 214, 150), far=(196, 160, 170), near=(74, 82, 116),
            ground=(46, 54, 84), leaf=(60, 94, 96), ink=(34, 34, 58),
            water=((250, 204, 166), (190, 158, 172), (78, 102, 140)),
        ),
        Palette(
            sky=((96, 158, 172), (176, 202, 190), (248, 220, 182), (255, 230, 190)),
            sun=(255, 250, 226), glow=(255, 226, 160), far=(166, 186, 176), near=(56, 96, 104),
            ground=(36, 64, 76), leaf=(64, 118, 98), ink=(26, 42, 56), accent=(222, 90, 54),
            water=((250, 222, 184), (150, 188, 182), (56, 118, 132)),
        ),
        Palette(
            sky=((122, 110, 160), (206, 150, 176), (252, 190, 170), (255, 226, 190)),
            sun=(255, 248, 226), glow=(255, 204, 164), far=(198, 146, 166), near=(86, 70, 112),
            ground=(52, 44, 80), leaf=(74, 96, 104), ink=(38, 30, 58), second=(60, 96, 140),
            water=((255, 214, 184), (196, 152, 178), (88, 88, 140)),
        ),
    ),
    "day": (
        Palette(
            sky=((78, 152, 190), (142, 196, 208), (214, 230, 214), (246, 238, 208)),
            sun=(255, 250, 230), glow=(255, 244, 200), far=(152, 186, 190), near=(62, 116, 108),
            ground=(52, 92, 76), leaf=(72, 138, 92), ink=(28, 48, 58), accent=(222, 82, 52),
            water=((206, 226, 212), (104, 170, 182), (38, 108, 132)),
        ),
        Palette(
            sky=((226, 190, 138), (240, 216, 172), (250, 236, 204)),
            sun=(255, 252, 236), glow=(255, 240, 200), far=(190, 184, 150), near=(92, 112, 88),
            ground=(72, 80, 60), leaf=(98, 126, 78), ink=(48, 44, 42), second=(46, 104, 112),
            water=((244, 226, 188), (160, 184, 164), (72, 116, 116)),
        ),
        Palette(
            sky=((108, 176, 172), (180, 214, 196), (240, 236, 208)),
            sun=(255, 246, 214), glow=(255, 240, 196), far=(160, 196, 178), near=(58, 122, 112),
            ground=(44, 90, 84), leaf=(86, 150, 96), ink=(28, 50, 56), accent=(232, 104, 72),
            water=((222, 236, 212), (120, 188, 180), (36, 118, 124)),
        ),
    ),
    "dusk": (
        Palette(
            sky=((46, 44, 92), (122, 72, 124), (228, 114, 104), (255, 188, 118)),
            sun=(255, 232, 176), glow=(255, 168, 100), far=(160, 86, 112), near=(58, 40, 82),
            ground=(36, 26, 58), leaf=(62, 60, 84), ink=(26, 18, 42), second=(70, 80, 150),
            water=((255, 176, 116), (176, 84, 112), (52, 42, 92)),
        ),
        Palette(
            sky=((38, 72, 106), (112, 116, 146), (226, 152, 124), (254, 206, 142)),
            sun=(255, 238, 196), glow=(255, 192, 120), far=(150, 118, 128), near=(48, 62, 86),
            ground=(30, 42, 62), leaf=(50, 80, 82), ink=(22, 28, 44), accent=(214, 76, 48),
            water=((254, 194, 138), (150, 116, 132), (36, 68, 100)),
        ),
    ),
    "night": (
        Palette(
            sky=((12, 20, 48), (24, 48, 88), (54, 90, 128), (104, 136, 156)),
            sun=(252, 244, 212), glow=(150, 186, 206), far=(52, 84, 116), near=(18, 36, 66),
            ground=(12, 24, 46), leaf=(26, 58, 70), ink=(8, 14, 30), accent=(222, 66, 54),
            water=((96, 128, 150), (32, 66, 104), (12, 26, 56)),
        ),
        Palette(
            sky=((20, 16, 48), (48, 36, 92), (98, 72, 132), (170, 118, 150)),
            sun=(255, 240, 216), glow=(200, 150, 190), far=(84, 64, 120), near=(34, 26, 68),
            ground=(22, 18, 48), leaf=(48, 52, 86), ink=(12, 10, 30), second=(70, 110, 170),
            water=((158, 112, 148), (66, 50, 106), (22, 20, 54)),
        ),
    ),
    "neon": (
        Palette(
            sky=((14, 10, 40), (58, 22, 92), (168, 42, 130), (255, 118, 124)),
            sun=(255, 214, 120), glow=(255, 90, 150), far=(96, 36, 116), near=(30, 16, 62),
            ground=(18, 12, 44), leaf=(20, 70, 92), ink=(10, 8, 28), accent=(255, 70, 130),
            second=(40, 208, 220), lamp=(120, 240, 236),
            water=((236, 96, 132), (96, 30, 112), (18, 18, 62)),
        ),
        Palette(
            sky=((6, 20, 44), (12, 60, 92), (30, 130, 140), (130, 220, 190)),
            sun=(236, 255, 226), glow=(70, 220, 200), far=(22, 84, 108), near=(12, 34, 62),
            ground=(8, 22, 44), leaf=(16, 80, 84), ink=(6, 12, 26), accent=(255, 84, 120),
            second=(255, 190, 70), lamp=(255, 220, 130),
            water=((110, 200, 180), (20, 92, 112), (8, 28, 58)),
        ),
    ),
}  # fmt: skip

Paint = Callable[[Colour], Colour]


def _counted(reference: ReferencePicture) -> list[tuple[float, Colour]]:
    """The main colours of a reference, the most striking first; none if it is no picture."""
    try:
        with Image.open(io.BytesIO(reference.data)) as picture:
            picture.draft("RGB", (4 * REFERENCE_PX, 4 * REFERENCE_PX))
            seen = picture.convert("RGBA").resize((REFERENCE_PX,) * 2, Image.Resampling.BOX)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return []
    paper = Image.new("RGBA", seen.size, (255, 255, 255, 255))
    few = Image.alpha_composite(paper, seen).convert("RGB").quantize(8, kmeans=2).convert("RGB")
    colours = cast("list[tuple[int, Colour]]", few.getcolors(8) or [])
    return sorted(
        ((count**0.5 * (0.02 + chroma(rgb)), rgb) for count, rgb in colours), reverse=True
    )


def _of_role(references: Sequence[ReferencePicture], role: str) -> list[Colour]:
    found = [pair for item in references if item.role == role for pair in _counted(item)]
    return [rgb for _, rgb in sorted(found, reverse=True)]


def drawn_to(colours: Sequence[Colour], hue: float, lightness: float) -> Paint:
    """Repaint a colour with the one of these that stands at the same place from dark to light."""
    by_light = sorted(colours, key=lambda rgb: lab(rgb)[0])
    low, high = lab(by_light[0])[0], lab(by_light[-1])[0]

    def distance(place: float, other: Colour) -> float:
        seen = (lab(other)[0] - low) / (high - low) if high - low > 0.05 else place
        return abs(seen - place) - chroma(other)

    def paint(rgb: Colour) -> Colour:
        nearest = min(by_light, key=lambda other: distance(lab(rgb)[0], other))
        return tinted(rgb, nearest, hue, lightness)

    return paint


def _everywhere(palette: Palette, paint: Paint) -> Palette:
    """The whole palette repainted, people's skin and hair excepted."""
    return replace(
        _outside(palette, paint, paint),
        accent=paint(palette.accent),
        second=paint(palette.second),
        ink=paint(palette.ink),
        paper=paint(palette.paper),
    )


def _outside(palette: Palette, above: Paint, below: Paint) -> Palette:
    """Sky and earth repainted."""
    return replace(
        palette,
        sky=tuple(above(rgb) for rgb in palette.sky),
        sun=mix(palette.sun, above(palette.sun), 0.5),
        glow=above(palette.glow),
        far=mix(above(palette.far), below(palette.far), 0.5),
        near=below(palette.near),
        ground=below(palette.ground),
        leaf=below(palette.leaf),
        water=tuple(
            mix(above(rgb), below(rgb), index / 2) for index, rgb in enumerate(palette.water)
        ),
    )


def _with_references(palette: Palette, references: Sequence[ReferencePicture]) -> Palette:
    scene, style, subject, loose = (
        _of_role(references, role) for role in ("scene", "style", "title", "")
    )
    if loose:
        palette = _everywhere(palette, drawn_to(loose, 0.45, 0.1))
    if scene:
        paint = drawn_to(scene, 0.65, 0.2)
        palette = _outside(palette, paint, paint)
    if style:
        palette = _everywhere(palette, drawn_to(style, 0.8, 0.25))
    if subject:
        palette = replace(palette, accent=subject[0], second=_other_than(subject, palette.second))
    return palette


def _other_than(colours: Sequence[Colour], spare: Colour) -> Colour:
    """The next colour whose hue is not that of the first."""
    _, a, b = lab(colours[0])
    for rgb in colours[1:]:
        _, other_a, other_b = lab(rgb)
        if abs(a - other_a) + abs(b - other_b) > 0.12:
            return rgb
    return spare


def _with_words(palette: Palette, wishes: Wishes) -> Palette:
    """Named colours go to the light, or to the clothes when clothes are named."""
    if wishes.ask("leaves"):
        palette = replace(palette, leaf=mix(palette.leaf, (206, 110, 44), 0.75))
    if wishes.ask("snow"):
        snow = mix(palette.paper, palette.sky[0], 0.25)
        palette = replace(palette, ground=snow, near=mix(palette.near, snow, 0.45))
    if not wishes.colours:
        return palette
    share = 0.1 if wishes.ask("scarf", "person") else 0.4
    paint = drawn_to(wishes.colours[-1:], share, share / 4)
    return replace(_outside(palette, paint, paint), accent=wishes.colours[0])


def _under_clouds(palette: Palette) -> Palette:
    """Rain takes the colour out of the light."""
    grey = mix(palette.sky[0], (96, 112, 128), 0.5)
    return _outside(
        palette,
        lambda rgb: lighter(mix(rgb, grey, 0.5), -0.03),
        lambda rgb: lighter(mix(rgb, grey, 0.3), -0.03),
    )


def choose(
    wishes: Wishes, references: Sequence[ReferencePicture], dice: random.Random
) -> tuple[str, Palette]:
    """The hour of the picture and its colours."""
    hour = wishes.time or dice.choice(("dawn", "day", "day", "dusk"))
    palette = dice.choice(MOODS[hour])
    palette = replace(palette, skin=dice.choice(SKINS[:3]), hair=dice.choice(HAIRS))
    if wishes.ask("old"):
        palette = replace(palette, hair=(206, 202, 200))
    palette = _with_references(_with_words(palette, wishes), references)
    return hour, _under_clouds(palette) if wishes.ask("rain") else palette
