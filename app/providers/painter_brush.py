"""Paper, scissors and brush: smooth outlines, cut into coloured paper and laid on a sheet.

Lengths are pixels of the sheet. Edges are smooth because every mask is cut larger and reduced.
"""

# Pillow's stubs leave resize and point half typed.
# pyright: reportUnknownMemberType=false

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

from PIL import Image, ImageDraw, ImageFilter, ImageFont

from app.providers.painter_colour import Colour, mix

Point = tuple[float, float]
Outline = Sequence[Point]

FINE_BELOW_PX = 40_000
"""Masks smaller than this are cut four times larger, others twice."""

SHADE_STEP = 8
"""Shadows and glows are soft, so they are made this many times smaller than the sheet."""


def ellipse(x: float, y: float, rx: float, ry: float, turn: float = 0.0) -> list[Point]:
    """An ellipse around a point, turned by an angle in radians."""
    count = max(12, min(72, int(max(rx, ry) * 1.2)))
    cos, sin = math.cos(turn), math.sin(turn)
    points: list[Point] = []
    for step in range(count):
        angle = math.tau * step / count
        dx, dy = rx * math.cos(angle), ry * math.sin(angle)
        points.append((x + dx * cos - dy * sin, y + dx * sin + dy * cos))
    return points


def smooth(points: Sequence[Point], closed: bool = False, steps: int = 8) -> list[Point]:
    """A curve through all points (Catmull-Rom)."""
    count = len(points)
    ends = count if closed else count - 1
    curve: list[Point] = []
    for index in range(ends):
        before, here, there, after = (
            points[(index + offset) % count]
            if closed
            else points[max(0, min(count - 1, index + offset))]
            for offset in (-1, 0, 1, 2)
        )
        curve.extend(_between(before, here, there, after, step / steps) for step in range(steps))
    return curve if closed else [*curve, points[-1]]


def _between(before: Point, here: Point, there: Point, after: Point, t: float) -> Point:
    """A point on the curve from `here` to `there`."""

    def along(axis: int) -> float:
        a, b, c, d = before[axis], here[axis], there[axis], after[axis]
        bend = 2 * a - 5 * b + 4 * c - d
        return b + 0.5 * t * (c - a + t * (bend + t * (3 * (b - c) + d - a)))

    return along(0), along(1)


def stroke(points: Sequence[Point], start: float, end: float, belly: float = 0.0) -> list[Point]:
    """A brush stroke along a curve, as wide as `start` first and `end` last."""
    path = smooth(points)
    left: list[Point] = []
    right: list[Point] = []
    for index, (x, y) in enumerate(path):
        (x0, y0), (x1, y1) = path[max(0, index - 1)], path[min(len(path) - 1, index + 1)]
        length = math.hypot(x1 - x0, y1 - y0) or 1.0
        share = index / (len(path) - 1)
        half = (start + (end - start) * share + belly * math.sin(math.pi * share)) / 2
        nx, ny = -(y1 - y0) / length * half, (x1 - x0) / length * half
        left.append((x + nx, y + ny))
        right.append((x - nx, y - ny))
    return left + right[::-1]


def moved(
    outline: Outline, x: float, y: float, scale: float = 1.0, flip: bool = False, turn: float = 0.0
) -> list[Point]:
    """An outline drawn around (0, 0), put at a place."""
    side = -scale if flip else scale
    cos, sin = math.cos(turn), math.sin(turn)
    return [
        (x + px * side * cos - py * scale * sin, y + px * side * sin + py * scale * cos)
        for px, py in outline
    ]


@dataclass(frozen=True)
class Box:
    """A rectangle of whole pixels."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.right - self.left, self.bottom - self.top

    @property
    def corners(self) -> tuple[int, int, int, int]:
        """As Pillow takes it."""
        return self.left, self.top, self.right, self.bottom


class Sheet:
    """The picture that is being painted."""

    def __init__(self, width: int, height: int, ground: Colour) -> None:
        self.width = width
        self.height = height
        self.unit = min(width, height, 1.25 * min(width, height) ** 0.5 * 24) / 100
        self.image = Image.new("RGB", (width, height), ground)
        self._grain: Image.Image | None = None

    def wash(
        self, colours: Sequence[Colour], top: float = 0.0, bottom: float | None = None
    ) -> None:
        """Fill a band from top to bottom with a gradient through some colours."""
        end = self.height if bottom is None else round(bottom)
        box = self._box(0, top, self.width, end)
        if box is not None:
            self.image.paste(gradient(colours, box.size), box.corners)

    def cut(
        self,
        outlines: Sequence[Outline],
        fill: Colour | Sequence[Colour],
        *,
        opacity: float = 1.0,
        shadow: float = 0.0,
        holes: Sequence[Outline] = (),
        soft: float = 0.0,
    ) -> None:
        """Lay paper of these outlines on the sheet.

        Args:
            outlines: Closed shapes; where they overlap they are one.
            fill: One colour, or several from the top of the shapes to their bottom.
            opacity: 1 covers, 0 leaves nothing.
            shadow: How dark the shadow is that the paper throws on what lies below.
            holes: Shapes that are cut out again.
            soft: Radius by which the edge is blurred.
        """
        box = self._around(outlines, soft)
        if box is None:
            return
        mask = _mask(outlines, holes, box)
        if soft:
            mask = mask.filter(ImageFilter.GaussianBlur(soft))
        if shadow:
            self._shade(mask, box, shadow)
        if opacity < 1:
            mask = mask.point(_scaled(opacity))
        self.image.paste(_paper(fill, box.size), box.corners, mask)

    def glow(self, x: float, y: float, radius: float, light: Colour, opacity: float) -> None:
        """Light that fades with the distance."""
        box = self._box(x - radius, y - radius, x + radius, y + radius)
        if box is None:
            return
        whole = Image.radial_gradient("L").point(_fading(opacity))
        scale = 128 / radius
        part = tuple(
            (edge - start) * scale
            for edge, start in zip(box.corners, (x - radius, y - radius) * 2, strict=True)
        )
        limits = (max(0.0, part[0]), max(0.0, part[1]), min(256.0, part[2]), min(256.0, part[3]))
        mask = whole.resize(box.size, Image.Resampling.BICUBIC, box=limits)
        self.image.paste(light, box.corners, mask)

    def letter(
        self,
        text: str,
        at: tuple[float, float],
        font: ImageFont.ImageFont | ImageFont.FreeTypeFont,
        ink: Colour,
    ) -> None:
        """Write one line of text; `at` is its upper left corner."""
        ImageDraw.Draw(self.image).text(at, text, fill=ink, font=font)

    def _shade(self, mask: Image.Image, box: Box, strength: float) -> None:
        """The soft shadow around a mask."""
        reach = round(self.unit * 4)
        wide = self._box(box.left - reach, box.top - reach, box.right + reach, box.bottom + reach)
        if wide is None:
            return
        step = SHADE_STEP if min(wide.size) > 12 * SHADE_STEP else 2
        small = Image.new("L", (-(-wide.size[0] // step), -(-wide.size[1] // step)))
        near = mask.resize(
            (max(1, round(box.size[0] / step)), max(1, round(box.size[1] / step))),
            Image.Resampling.BOX,
        )
        drop = self.unit * 0.5
        small.paste(
            near,
            (round((box.left - wide.left) / step), round((box.top - wide.top + drop) / step)),
        )
        dark = small.filter(ImageFilter.GaussianBlur(self.unit * 1.3 / step))
        dark = dark.point(_scaled(strength)).resize(wide.size, Image.Resampling.BILINEAR)
        below = self.image.crop(wide.corners)
        middle = cast("Colour", below.resize((1, 1), Image.Resampling.BOX).getpixel((0, 0)))
        shade = mix(middle, (24, 16, 40), 0.8)
        self.image.paste(shade, wide.corners, dark)

    def _around(self, outlines: Sequence[Outline], margin: float) -> Box | None:
        xs = [x for outline in outlines for x, _ in outline]
        ys = [y for outline in outlines for _, y in outline]
        if not xs:
            return None
        edge = 3 * margin
        return self._box(min(xs) - edge, min(ys) - edge, max(xs) + edge, max(ys) + edge)

    def _box(self, left: float, top: float, right: float, bottom: float) -> Box | None:
        """The part of a rectangle that lies on the sheet, or None."""
        box = Box(
            max(0, math.floor(left)),
            max(0, math.floor(top)),
            min(self.width, math.ceil(right)),
            min(self.height, math.ceil(bottom)),
        )
        return box if box.right > box.left and box.bottom > box.top else None


def gradient(colours: Sequence[Colour], size: tuple[int, int]) -> Image.Image:
    """Colours from top to bottom, mixed as paint."""
    rows = 32
    column = Image.new("RGB", (1, rows))
    for row in range(rows):
        place = row / (rows - 1) * (len(colours) - 1)
        index = min(int(place), len(colours) - 2)
        column.putpixel((0, row), mix(colours[index], colours[index + 1], place - index))
    tall = column.resize((1, size[1]), Image.Resampling.BICUBIC)
    return tall.resize(size, Image.Resampling.NEAREST)


def _paper(fill: Colour | Sequence[Colour], size: tuple[int, int]) -> Image.Image:
    colours = [part for part in fill if isinstance(part, tuple)]
    if colours:
        return gradient(colours, size)
    return Image.new("RGB", size, cast("Colour", fill))


def _mask(outlines: Sequence[Outline], holes: Sequence[Outline], box: Box) -> Image.Image:
    width, height = box.size
    factor = 4 if width * height < FINE_BELOW_PX else 2
    mask = Image.new("L", (width * factor, height * factor))
    draw = ImageDraw.Draw(mask)
    for shapes, value in ((outlines, 255), (holes, 0)):
        for outline in shapes:
            points = [((x - box.left) * factor, (y - box.top) * factor) for x, y in outline]
            draw.polygon(points, fill=value)
    return mask.reduce(factor)


def _scaled(share: float) -> Callable[[int], float]:
    return lambda value: value * share


def _fading(opacity: float) -> Callable[[int], float]:
    """Turn a distance of 0 to 255 into light."""
    return lambda distance: 255 * opacity * max(0.0, 1 - distance / 255 * 1.0) ** 2.2
