"""Boats, houses, trees, lanterns, stalls and cities."""

import math

from app.providers.painter_brush import Point, ellipse, moved, smooth, stroke
from app.providers.painter_colour import Colour, lighter, mix
from app.providers.painter_stage import Stage

FRUIT: tuple[Colour, ...] = ((232, 92, 56), (244, 176, 62), (148, 172, 72), (214, 62, 66))

HULL = smooth(
    [(-30, -8.5), (-20, -3), (0, -1.2), (20, -3), (31, -9.5), (25, 2.5), (0, 5.2), (-24, 3)],
    closed=True,
)
RIM = smooth([(-30, -8.5), (-20, -3.4), (0, -1.6), (20, -3.4), (31, -9.5)], steps=5)


def boat(stage: Stage, x: float, y: float, size: float, flip: bool, load: str) -> None:
    """A sampan on the water; `load` is `fruit`, `roof` or empty."""
    palette = stage.palette
    scale = size / 60
    wood = mix(mix(palette.ink, (120, 78, 56), 0.55), palette.near, 0.25)

    def put(points: list[Point]) -> list[Point]:
        return moved(points, x, y, scale, flip)

    _boat_mirror(stage, x, y, scale, flip)
    if load == "fruit":
        _fruit(stage, x, y, scale)
    if load == "roof":
        roof = smooth([(-15, -2), (-13, -12), (0, -16), (13, -12), (15, -2)])
        stage.sheet.cut([put(roof)], (lighter(wood, 0.2), lighter(wood, 0.06)), shadow=0.2)
        ribs = [stroke([(i, -2), (i * 0.9, -14 + abs(i) * 0.14)], 0.5, 0.5) for i in (-9, -3, 3, 9)]
        stage.sheet.cut([put(rib) for rib in ribs], wood, opacity=0.5)
    stage.sheet.cut([put(HULL)], (lighter(wood, 0.12), wood, lighter(wood, -0.06)), shadow=0.22)
    rim = stroke(RIM[::3], 0.9, 0.9)
    stage.sheet.cut([put(rim)], mix(lighter(wood, 0.25), palette.glow, 0.35))


def _boat_mirror(stage: Stage, x: float, y: float, scale: float, flip: bool) -> None:
    """The dark reflection under a boat, and the ring of light around it."""
    upside = [(px, 7.5 - py * 0.75) for px, py in HULL]
    stage.sheet.cut(
        [moved(upside, x, y, scale, flip)], stage.palette.ink, opacity=0.3, soft=scale * 0.9
    )
    ring = stroke([(-27, 5.4), (0, 7.4), (29, 5.2)], 0, 0, 1.1)
    tone = mix(stage.palette.sky[-1], stage.palette.paper, 0.5)
    stage.sheet.cut([moved(ring, x, y, scale, flip)], tone, opacity=0.65)


def _fruit(stage: Stage, x: float, y: float, scale: float) -> None:
    """A heap of fruit, the light from one side."""
    kinds = [mix(rgb, stage.palette.accent, 0.12) for rgb in FRUIT]
    if stage.is_dark:
        kinds = [mix(rgb, stage.palette.near, 0.3) for rgb in kinds]
    for row, half in enumerate((13, 8.5, 4)):
        for step in range(int(half * 2 / 3.4) + 1):
            tone = stage.dice.choice(kinds)
            px = x + (-half + step * 3.4 + stage.near(0, 0.5)) * scale
            py = y + (-3.4 - row * 2.7 + stage.near(0, 0.4)) * scale
            radius = scale * stage.near(2.2, 0.25)
            ball = ellipse(px, py, radius, radius)
            stage.sheet.cut([ball], (lighter(tone, 0.08), lighter(tone, -0.07)))


def house(stage: Stage, x: float, base: float, size: float, on_stilts: bool) -> None:
    """A house with a deep roof; its windows are lit when it is dark."""
    palette, sheet, dice = stage.palette, stage.sheet, stage.dice
    wide, tall = size * stage.near(0.5, 0.06), size * stage.near(0.42, 0.06)
    floor = base - size * (0.28 if on_stilts else 0)
    share = dice.uniform(0.35, 0.6)
    wall = mix(mix(palette.far, palette.paper, 0.35), palette.near, share)
    if on_stilts:
        posts = [stroke([(x + i * wide * 0.8, floor), (x + i * wide * 0.84, base + size * 0.1)],
                        size * 0.03, size * 0.03) for i in (-1, -0.35, 0.35, 1)]  # fmt: skip
        sheet.cut(posts, palette.ink, opacity=0.85)
    box = [(x - wide, floor), (x - wide, floor - tall), (x + wide, floor - tall), (x + wide, floor)]
    sheet.cut([box], (wall, mix(wall, palette.ink, 0.2)))
    _windows(stage, x, floor, wide, tall)
    peak = floor - tall - size * stage.near(0.4, 0.05)
    eave, lip = wide * 1.28, floor - tall * 0.86
    top = [(x - eave, lip), (x - wide * 0.5, peak), (x + wide * 0.5, peak), (x + eave, lip)]
    tile = mix(dice.choice((palette.accent, palette.second, palette.near)), palette.near, 0.5)
    sheet.cut([top], (lighter(tile, 0.07), lighter(tile, -0.03)), shadow=0.25)


def _windows(stage: Stage, x: float, floor: float, wide: float, tall: float) -> None:
    panes: list[list[Point]] = []
    for place in (-0.55, 0.0, 0.55):
        half, mid = wide * 0.15, x + place * wide
        low = floor if place == 0 else floor - tall * 0.25
        high = floor - tall * 0.7
        panes.append([(mid - half, low), (mid - half, high), (mid + half, high), (mid + half, low)])
    lit = stage.is_dark or stage.wishes.ask("rain")
    tone = stage.palette.lamp if lit else mix(stage.palette.ink, stage.palette.near, 0.4)
    stage.sheet.cut(panes, tone, opacity=0.92 if lit else 0.7)
    if lit:
        stage.sheet.glow(x, floor - tall * 0.4, wide * 2, stage.palette.lamp, 0.35)


def shore(stage: Stage, kinds: tuple[str, ...]) -> None:
    """What stands along the horizon: trees, palms, houses."""
    x = -stage.unit * 4
    while x < stage.width + stage.unit * 4:
        kind = stage.dice.choice(kinds)
        size = stage.unit * stage.dice.uniform(8, 14)
        base = stage.horizon + stage.unit * 0.4
        if kind == "house":
            house(stage, x, base, size * 0.8, on_stilts=True)
        elif kind == "palm":
            palm(stage, x, base, size * 1.7)
        elif kind == "tree":
            round_tree(stage, x, base, size * 1.2)
        x += size * stage.dice.uniform(0.6, 1.5)


def foliage(stage: Stage, share: float) -> Colour:
    """The tone of leaves, from 0 at the horizon to 1 before the viewer."""
    return mix(mix(stage.palette.far, stage.palette.leaf, 0.55), stage.palette.leaf, share)


def round_tree(stage: Stage, x: float, base: float, size: float) -> None:
    """A tree of three heaps of leaves, each lighter than the one before."""
    trunk = stroke([(x, base), (x + size * 0.02, base - size * 0.5)], size * 0.09, size * 0.04)
    stage.sheet.cut([trunk], mix(stage.palette.ink, stage.palette.near, 0.3))
    tone = foliage(stage, min(1.0, size / (stage.unit * 40)))
    for layer in range(3):
        blobs: list[list[Point]] = []
        for _ in range(6):
            angle = stage.dice.random() * math.tau
            reach = size * 0.2 * stage.dice.random()
            radius = size * stage.near(0.19 - layer * 0.035, 0.03)
            px = x - layer * size * 0.04 + math.cos(angle) * reach * 1.3
            py = base - size * (0.62 + layer * 0.07) + math.sin(angle) * reach
            blobs.append(ellipse(px, py, radius, radius * 0.9))
        stage.sheet.cut(blobs, lighter(tone, 0.045 * layer))


def palm(stage: Stage, x: float, base: float, size: float) -> None:
    """A coconut palm that leans."""
    lean = size * stage.near(0.0, 0.2)
    top = (x + lean, base - size * 0.72)
    trunk = stroke([(x, base), (x + lean * 0.25, base - size * 0.4), top], size * 0.05, size * 0.03)
    tone = foliage(stage, min(1.0, size / (stage.unit * 46)))
    stage.sheet.cut([trunk], mix(stage.palette.ink, tone, 0.35))
    fronds: list[list[Point]] = []
    for index in range(9):
        angle = math.pi * (1.12 * index / 8 - 0.06) + stage.near(0, 0.1)
        dx, dy = math.cos(angle) * size * 0.32, -math.sin(angle) * size * 0.2
        middle = (top[0] + dx * 0.62, top[1] + dy - size * 0.02)
        tip = (top[0] + dx * 1.1, top[1] + dy * 0.7 + size * 0.1)
        fronds.append(stroke([top, middle, tip], size * 0.02, 0, size * 0.055))
    stage.sheet.cut(fronds[::2], lighter(tone, -0.04))
    stage.sheet.cut(fronds[1::2], lighter(tone, 0.03))


def pine(stage: Stage, x: float, base: float, size: float, tone: Colour) -> None:
    """A conifer of stacked skirts."""
    skirts: list[list[Point]] = []
    for level in range(5):
        half = size * (0.2 - level * 0.034)
        low, tip = base - size * (0.1 + level * 0.16), base - size * (0.4 + level * 0.15)
        skirts.append([(x - half, low), (x, low + size * 0.03), (x + half, low), (x, tip)])
    trunk = stroke([(x, base), (x, base - size * 0.3)], size * 0.04, size * 0.03)
    stage.sheet.cut([*skirts, trunk], (lighter(tone, 0.05), tone, lighter(tone, -0.03)))


def forest(stage: Stage, base: float) -> None:
    """Three rows of conifers, paler with distance, with mist between them."""
    for row in range(3):
        share = row / 2
        tone = mix(mix(stage.palette.far, stage.palette.leaf, 0.4), stage.palette.near, share)
        x = -stage.unit * 5
        while x < stage.width + stage.unit * 5:
            size = stage.unit * (22 + 16 * row) * stage.dice.uniform(0.7, 1.2)
            pine(stage, x, base + stage.unit * (1 + 5 * row), size, tone)
            x += size * stage.dice.uniform(0.22, 0.4)
            if row == 2 and 0.3 < x / stage.width < 0.62:
                x = stage.width * 0.64


def branch(stage: Stage, flip: bool) -> tuple[Point, Point]:
    """A branch that reaches in from an upper corner; answers where its twig and its fork are."""
    unit, tone = stage.unit, mix(stage.palette.ink, stage.palette.near, 0.15)
    side = stage.width if flip else 0.0
    way = -1 if flip else 1
    y = stage.height * 0.2
    reach = min(stage.width * 0.52, unit * 62)
    tip = (side + way * reach, y + unit * 5)
    fork = (side + way * reach * 0.55, y + unit * 2)
    bough = stroke([(side - way * unit * 4, y - unit * 5), fork, tip], unit * 3.4, unit * 0.7)
    twig = stroke([fork, (fork[0] + way * unit * 10, y - unit * 8)], unit * 1.4, unit * 0.4)
    _leaves(stage, [(side, y - unit * 6), (fork[0], y - unit * 5)], 26, unit * 9)
    stage.sheet.cut([bough, twig], (lighter(tone, 0.08), tone), shadow=0.2)
    _leaves(stage, [tip, (fork[0] + way * unit * 10, y - unit * 8), (side, y)], 22, unit * 5)
    return tip, fork


LEAF = smooth([(0, 0), (0.28, -0.5), (0, -1.15), (-0.28, -0.5)], closed=True, steps=4)


def _leaves(stage: Stage, around: list[Point], count: int, spread: float) -> None:
    for layer in range(2):
        shapes: list[list[Point]] = []
        for _ in range(count):
            x, y = stage.dice.choice(around)
            angle = stage.dice.random() * math.tau
            far = spread * stage.dice.random() ** 0.6
            x, y = x + math.cos(angle) * far, y + math.sin(angle) * far * 0.7
            turn = math.pi + stage.near(0, 1.1)
            shapes.append(moved(LEAF, x, y, stage.unit * stage.near(3.4, 0.8), turn=turn))
        stage.sheet.cut(shapes, lighter(stage.palette.leaf, 0.06 * layer - 0.05), shadow=0.1)


def lanterns(stage: Stage, count: int) -> None:
    """Two strings of paper lanterns across the upper part, glowing."""
    for row in range(2):
        high = stage.height * (0.08 + 0.1 * row)
        sag = stage.unit * stage.near(9, 3)
        ends = [(-9.0, high - sag * 0.4), (stage.width * stage.near(0.5, 0.12), high + sag),
                (stage.width + 9.0, high - sag * 0.6)]  # fmt: skip
        line = smooth(ends, steps=24)
        stage.sheet.cut(
            [stroke(line[::6], stage.unit * 0.25, stage.unit * 0.25)], stage.palette.ink
        )
        each = max(1, len(line) // count)
        for x, y in line[row * each // 2 + 1 :: each]:
            lantern(stage, x, y, stage.unit * stage.near(3.4 - 0.9 * (1 - row), 0.4))


def lantern(stage: Stage, x: float, y: float, size: float) -> None:
    """One paper lantern that hangs from a point."""
    palette = stage.palette
    tone = stage.dice.choice((palette.accent, (232, 120, 56), (244, 170, 70), palette.accent))
    bright = mix(tone, palette.lamp, 0.45)
    mid = y + size * 1.5
    stage.sheet.glow(x, mid, size * 4.2, bright, 0.6)
    stage.sheet.cut(
        [ellipse(x, mid, size, size * 0.95)], (tone, bright, lighter(bright, 0.08), tone)
    )
    ribs = [ellipse(x, mid, size * 0.45, size * 0.93)]
    stage.sheet.cut(ribs, lighter(bright, 0.06), opacity=0.4)
    caps = [_block(x, mid - size, size * 0.42, size * 0.13)]
    caps.append(_block(x, mid + size, size * 0.42, size * 0.13))
    tassel = stroke([(x, mid + size), (x, mid + size * 2)], size * 0.22, size * 0.05)
    stage.sheet.cut([*caps, tassel], mix(palette.ink, tone, 0.35))
    stage.sheet.cut([_block(x, y + size * 0.25, size * 0.05, size * 0.3)], palette.ink)


def _block(x: float, y: float, half: float, tall: float) -> list[Point]:
    return [(x - half, y - tall), (x + half, y - tall), (x + half, y + tall), (x - half, y + tall)]


def city(stage: Stage, base: float) -> None:
    """Three rows of towers with lit windows."""
    for row in range(3):
        share = row / 2
        tone = mix(stage.palette.far, stage.palette.near, 0.25 + 0.75 * share)
        x = -stage.unit * 3
        while x < stage.width:
            wide = stage.unit * stage.dice.uniform(6, 13)
            tall = stage.unit * stage.dice.uniform(18, 46) * (1.25 - 0.35 * row)
            tall = min(tall, base * 0.86)
            tower = [(x, base + 9), (x, base - tall), (x + wide, base - tall), (x + wide, base + 9)]
            haze = mix(tone, stage.palette.sky[-1], 0.35)
            stage.sheet.cut([tower], (tone, haze), shadow=0.12)
            _tower_windows(stage, x, base - tall, wide, tall, row)
            x += wide * stage.dice.uniform(1.0, 1.35)


def _tower_windows(stage: Stage, x: float, top: float, wide: float, tall: float, row: int) -> None:
    lit: list[list[Point]] = []
    gap = stage.unit * 1.9
    for column in range(1, int(wide / gap)):
        for level in range(1, int(tall / (gap * 1.25))):
            if stage.dice.random() < (0.42 if stage.is_dark else 0.3):
                mid = x + wide * column / int(wide / gap)
                lit.append(_block(mid, top + level * gap * 1.25, gap * 0.2, gap * 0.33))
    tones = (stage.palette.lamp, stage.palette.accent, stage.palette.second)
    tone = stage.dice.choices(tones, (6, 1, 1))[0]
    if not stage.is_dark:
        tone = mix(stage.palette.sky[-1], stage.palette.near, 0.15)
    stage.sheet.cut(lit, tone, opacity=0.5 + 0.2 * row)


def stall(stage: Stage, x: float, base: float, size: float) -> tuple[float, float, float, float]:
    """A stall with a striped awning; answers the box of its sign: left, top, right, bottom."""
    palette, sheet = stage.palette, stage.sheet
    wide, wood = size * 0.52, mix(palette.ink, (130, 84, 60), 0.5)
    inside = _block(x, base - size * 0.36, wide * 0.94, size * 0.36)
    sheet.cut([inside], (mix(palette.lamp, palette.accent, 0.3), mix(palette.near, wood, 0.5)))
    sheet.glow(x, base - size * 0.5, wide * 1.2, palette.lamp, 0.6)
    posts = [
        _block(x + i * wide * 0.94, base - size * 0.4, size * 0.018, size * 0.42) for i in (-1, 1)
    ]
    sheet.cut(posts, wood)
    counter = _block(x, base - size * 0.12, wide * 1.02, size * 0.14)
    sheet.cut([counter], (lighter(wood, 0.14), wood), shadow=0.3)
    _fruit(stage, x - wide * 0.5, base - size * 0.24, size / 60)
    _fruit(stage, x + wide * 0.45, base - size * 0.24, size / 66)
    _awning(stage, x, base - size * 0.78, wide * 1.12, size * 0.17)
    sign = _block(x, base - size * 0.98, wide * 0.92, size * 0.11)
    sheet.cut(
        [sign], (lighter(palette.paper, 0.02), mix(palette.paper, palette.glow, 0.4)), shadow=0.35
    )
    left, top, right, bottom = *sign[0], *sign[2]
    return left, top, right, bottom


def _awning(stage: Stage, x: float, top: float, wide: float, tall: float) -> None:
    """Striped cloth with a scalloped hem."""
    count = 9
    for kind in range(2):
        shapes: list[list[Point]] = []
        for index in range(kind, count, 2):
            a, b = (index / count * 2 - 1), ((index + 1) / count * 2 - 1)
            hem = ellipse(x + (a + b) / 2 * wide, top + tall, wide / count, tall * 0.28)
            shapes += [[(x + a * wide * 0.84, top), (x + b * wide * 0.84, top),
                        (x + b * wide, top + tall), (x + a * wide, top + tall)], hem]  # fmt: skip
        tone = stage.palette.accent if kind == 0 else stage.palette.paper
        stage.sheet.cut(shapes, (tone, lighter(tone, -0.06)), shadow=0.15 * (1 - kind))


def balloon(stage: Stage, x: float, y: float, size: float) -> None:
    """A hot-air balloon."""
    tones = (stage.palette.accent, stage.palette.paper, stage.palette.second)
    for step, half in enumerate((1.0, 0.72, 0.4)):
        bag = smooth(
            [(0, -1), (0.8 * half, -0.75), (half, 0), (0.5 * half, 0.75), (0.16 * half, 1.1),
             (-0.16 * half, 1.1), (-0.5 * half, 0.75), (-half, 0), (-0.8 * half, -0.75)],
            closed=True,
        )  # fmt: skip
        tone = tones[step]
        fill = (lighter(tone, 0.05), lighter(tone, -0.07))
        stage.sheet.cut([moved(bag, x, y, size)], fill, shadow=0.15 * (step == 0))
    ropes = [stroke([(x + i * size * 0.14, y + size), (x + i * size * 0.1, y + size * 1.4)], 1, 1)
             for i in (-1, 1)]  # fmt: skip
    basket = _block(x, y + size * 1.5, size * 0.14, size * 0.11)
    stage.sheet.cut([*ropes, basket], mix(stage.palette.ink, (140, 90, 60), 0.5))
