"""Sky, ridges, water and weather."""

# Pillow's stubs leave resize and point half typed.
# pyright: reportUnknownMemberType=false

import math
from collections.abc import Sequence

from PIL import Image, ImageChops, ImageFilter

from app.providers.painter_brush import Point, ellipse, gradient, moved, smooth, stroke
from app.providers.painter_colour import Colour, lighter, mix
from app.providers.painter_stage import Stage


def sky(stage: Stage) -> None:
    """The sky from the top edge to a little below the horizon, with what shines in it."""
    sheet, palette = stage.sheet, stage.palette
    sheet.wash(palette.sky, 0, stage.horizon + stage.unit * 2)
    if stage.hour in ("night", "neon") or stage.wishes.ask("star"):
        _stars(stage)
    _sun(stage)
    if not stage.wishes.ask("abstract"):
        _clouds(stage)


def _sun(stage: Stage) -> None:
    """Sun or moon, with three rings of light cut from thin paper."""
    sheet, palette, unit = stage.sheet, stage.palette, stage.unit
    x = stage.width * stage.dice.choice((0.28, 0.36, 0.64, 0.72))
    x += stage.near(0, 0.05) * stage.width
    high = 0.3 if stage.hour in ("night", "day") else 0.62
    y = stage.horizon * stage.near(high, 0.09)
    radius = unit * stage.near(8.5, 2)
    if stage.wishes.ask("rain"):
        sheet.glow(x, y, radius * 5, palette.glow, 0.35)
        return
    sheet.glow(x, y, max(stage.width, stage.height) * 0.55, palette.glow, 0.75)
    for ring in (2.7, 1.9, 1.4):
        sheet.cut([ellipse(x, y, radius * ring, radius * ring)], palette.glow, opacity=0.13)
    sheet.cut([ellipse(x, y, radius, radius)], (palette.sun, mix(palette.sun, palette.glow, 0.4)))
    if stage.hour == "night":
        _craters(stage, x, y, radius)


def _craters(stage: Stage, x: float, y: float, radius: float) -> None:
    spots = ((-0.35, -0.2, 0.2), (0.25, 0.3, 0.16), (0.35, -0.35, 0.1), (-0.1, 0.5, 0.09))
    shapes = [ellipse(x + a * radius, y + b * radius, c * radius, c * radius) for a, b, c in spots]
    stage.sheet.cut(shapes, mix(stage.palette.sun, stage.palette.glow, 0.6), opacity=0.55)


def _stars(stage: Stage) -> None:
    small: list[list[Point]] = []
    for _ in range(70 if stage.hour != "neon" else 30):
        y = stage.horizon * stage.dice.random() ** 1.4 * 0.9
        radius = stage.unit * stage.dice.choice((0.1, 0.13, 0.16, 0.28))
        small.append(ellipse(stage.dice.random() * stage.width, y, radius, radius))
    stage.sheet.cut(small, stage.palette.sun, opacity=0.8)


def _clouds(stage: Stage) -> None:
    """Long flat clouds, lit from below."""
    palette, dice = stage.palette, stage.dice
    heavy = stage.wishes.ask("rain")
    for index in range(dice.randint(2, 4) + 3 * heavy):
        y = stage.horizon * dice.uniform(0.06, 0.62)
        tone = mix(palette.sky[0] if heavy else palette.sky[-1], palette.paper, 0.1 * (1 - heavy))
        share = min(0.9, y / stage.horizon)
        tone = mix(tone, palette.sky[1], 0.25 * share)
        shapes = _cloud(stage, dice.uniform(-0.1, 1.1) * stage.width, y)
        stage.sheet.cut(shapes, tone, opacity=0.45 if index % 2 else 0.6)


def _cloud(stage: Stage, x: float, y: float) -> list[list[Point]]:
    """A cloud of round-ended strips."""
    dice, unit = stage.dice, stage.unit
    strips: list[list[Point]] = []
    for level in range(dice.randint(2, 4)):
        half = unit * dice.uniform(7, 20) * (1 - level * 0.15)
        tall = unit * dice.uniform(0.7, 1.3)
        strips.append(_pill(stage.near(x, unit * 9), y - level * tall * 1.7, half, tall))
    return strips


def _pill(x: float, y: float, half: float, tall: float) -> list[Point]:
    """A strip with round ends."""
    ends: list[Point] = []
    for side, start in ((1, -math.pi / 2), (-1, math.pi / 2)):
        for step in range(9):
            angle = start + math.pi * step / 8
            ends.append((x + side * half + tall * math.cos(angle), y + tall * math.sin(angle)))
    return ends


def skyline(stage: Stage, base: float, rise: float, bumps: int, rough: float) -> list[Point]:
    """The upper edge of a ridge across the whole sheet."""
    dice, span = stage.dice, stage.width * 1.1
    points: list[Point] = []
    phase = dice.random() * math.tau
    for index in range(bumps + 1):
        x = -0.05 * stage.width + span * index / bumps
        swell = 0.5 + 0.5 * math.sin(phase + index / bumps * math.tau * 1.15)
        points.append((x, base - rise * (0.25 + 0.5 * swell + dice.uniform(-rough, rough))))
    return points


def ridges(stage: Stage, rise: float, count: int, rough: float) -> None:
    """Ridges behind each other, paler with distance, with mist in the valleys."""
    palette, unit = stage.palette, stage.unit
    thick = stage.wishes.ask("mist", "rain")
    for index in range(count):
        share = (index + 1) / (count + 0.6)
        tone = mix(palette.far, palette.near, share * 0.85)
        edge = skyline(stage, stage.horizon, rise * (1.15 - 0.75 * share), 5 + 3 * index, rough)
        closed = [*smooth(edge), (stage.width * 1.1, stage.horizon + unit * 3)]
        closed.append((-stage.width * 0.1, stage.horizon + unit * 3))
        foot = mix(tone, palette.sky[-1], 0.6 if thick else 0.4)
        stage.sheet.cut([closed], (tone, tone, foot), shadow=0.16)
        if thick:
            mist(stage, stage.horizon - rise * 0.12 * (count - index), 0.5)


def mist(stage: Stage, y: float, opacity: float) -> None:
    """A bank of mist across the sheet."""
    unit = stage.unit
    banks = [
        _pill(stage.near(0.5, 0.5) * stage.width, stage.near(y, unit * 2), unit * 30, unit * 1.6)
        for _ in range(3)
    ]
    tone = mix(stage.palette.sky[-1], stage.palette.paper, 0.35)
    stage.sheet.cut(banks, tone, opacity=opacity, soft=unit * 1.5)


def ground(stage: Stage, top: float, folds: int = 3) -> None:
    """Earth from a height to the lower edge, in folds like laid paper."""
    palette = stage.palette
    depth = stage.height - top
    for index in range(folds):
        share = index / folds
        base = top + depth * share**1.25
        edge = skyline(stage, base + stage.unit, stage.unit * (2 + 4 * share), 4, 0.35)
        tone = mix(mix(palette.near, palette.leaf, 0.65), palette.ground, share)
        closed = [*smooth(edge), (stage.width * 1.1, stage.height), (-9, stage.height)]
        stage.sheet.cut([closed], (lighter(tone, 0.07), tone), shadow=0.3)


def water(stage: Stage) -> None:
    """Water below the horizon that mirrors all that is above, drawn out by small waves."""
    sheet, top = stage.sheet, round(stage.horizon)
    depth = stage.height - top
    if depth < 4:
        return
    seen = min(top, round(depth * 1.15))
    mirror = sheet.image.crop((0, top - seen, stage.width, top))
    mirror = mirror.transpose(Image.Transpose.FLIP_TOP_BOTTOM).resize((stage.width, depth))
    mirror = _rippled(stage, mirror.filter(ImageFilter.BoxBlur((1, stage.unit * 0.4))))
    body = gradient(stage.palette.water, mirror.size)
    clear = gradient([(180, 180, 180), (120, 120, 120), (30, 30, 30)], mirror.size).convert("L")
    sheet.image.paste(Image.composite(mirror, body, clear), (0, top))
    _waves(stage, top, depth)


def _rippled(stage: Stage, mirror: Image.Image) -> Image.Image:
    """Shift strips of a mirror image sideways, the nearer the further."""
    moved_strips = mirror.copy()
    y, phase = 0, stage.dice.random() * 9
    while y < mirror.height:
        share = y / mirror.height
        tall = max(2, round(stage.unit * (0.25 + 0.6 * share)))
        shift = round(stage.unit * (0.2 + 1.6 * share) * math.sin(phase + y * 1.7))
        strip = mirror.crop((0, y, mirror.width, min(mirror.height, y + tall)))
        moved_strips.paste(ImageChops.offset(strip, shift, 0), (0, y))
        y += tall
    return moved_strips


def _waves(stage: Stage, top: int, depth: float) -> None:
    """Thin strips of light and shade, longer and further apart towards the viewer."""
    light: list[list[Point]] = []
    dark: list[list[Point]] = []
    for index in range(64):
        share = stage.dice.random() ** 1.3
        y = top + depth * (0.02 + 0.96 * share)
        half = stage.unit * (0.8 + 6 * share) * stage.dice.uniform(0.4, 1.2)
        x = stage.dice.uniform(-0.05, 1.05) * stage.width
        tall = stage.unit * (0.05 + 0.16 * share)
        line = stroke([(x - half, y), (x, stage.near(y, tall)), (x + half, y)], 0, 0, tall * 2)
        (light if index % 5 < 3 else dark).append(line)
    stage.sheet.cut(light, mix(stage.palette.sky[-1], stage.palette.paper, 0.4), opacity=0.42)
    stage.sheet.cut(dark, stage.palette.water[-1], opacity=0.4)


def weather(stage: Stage) -> None:
    """Rain, snow, petals or leaves in front of everything."""
    if stage.wishes.ask("rain"):
        _rain(stage)
    if stage.wishes.ask("snow"):
        _flakes(stage, stage.palette.paper, 150)
    if stage.wishes.ask("petals"):
        _petals(stage, (250, 190, 204))
    if stage.wishes.ask("leaves"):
        _petals(stage, (216, 116, 48))


def _rain(stage: Stage) -> None:
    drops: list[list[Point]] = []
    for _ in range(130):
        x, y = stage.dice.uniform(-0.1, 1.1) * stage.width, stage.dice.random() * stage.height
        length = stage.unit * stage.dice.uniform(2.5, 8)
        drops.append(stroke([(x, y), (x - length * 0.22, y + length)], 0, stage.unit * 0.2))
    stage.sheet.cut(drops, mix(stage.palette.paper, stage.palette.sky[-1], 0.3), opacity=0.38)


def _flakes(stage: Stage, tone: Colour, count: int) -> None:
    flakes: list[list[Point]] = []
    for _ in range(count):
        radius = stage.unit * stage.dice.uniform(0.15, 0.6) ** 1.3
        x, y = stage.dice.random() * stage.width, stage.dice.random() * stage.height
        flakes.append(ellipse(x, y, radius, radius))
    stage.sheet.cut(flakes, tone, opacity=0.85)


def _petals(stage: Stage, tone: Colour) -> None:
    petal: Sequence[Point] = smooth([(0, -1), (0.55, 0), (0, 1), (-0.45, 0)], closed=True, steps=4)
    shapes: list[list[Point]] = []
    for _ in range(46):
        x, y = stage.dice.random() * stage.width, stage.dice.random() * stage.height
        size = stage.unit * stage.dice.uniform(0.5, 1.3)
        shapes.append(moved(petal, x, y, size, turn=stage.dice.random() * math.tau))
    stage.sheet.cut(shapes[:23], tone, opacity=0.9)
    stage.sheet.cut(shapes[23:], lighter(tone, 0.07), opacity=0.85)
