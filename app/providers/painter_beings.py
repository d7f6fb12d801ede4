"""People and animals, cut from paper."""

import math

from app.providers.painter_brush import Outline, Point, ellipse, moved, smooth, stroke
from app.providers.painter_colour import Colour, lighter, mix
from app.providers.painter_stage import Stage


class Figure:
    """Draws around (0, 0) in hundredths of the figure's height, upwards negative."""

    def __init__(self, stage: Stage, x: float, y: float, size: float, flip: bool = False) -> None:
        self._stage = stage
        self._x, self._y, self._scale, self._flip = x, y, size / 100, flip

    def put(
        self,
        outlines: list[Outline],
        fill: Colour | tuple[Colour, ...],
        *,
        shadow: float = 0.0,
        opacity: float = 1.0,
    ) -> None:
        """Lay paper of these outlines."""
        shapes = [moved(part, self._x, self._y, self._scale, self._flip) for part in outlines]
        self._stage.sheet.cut(shapes, fill, shadow=shadow, opacity=opacity)

    def light(self, x: float, y: float, radius: float, tone: Colour, opacity: float) -> None:
        """A soft spot."""
        side = -x if self._flip else x
        place = self._x + side * self._scale, self._y + y * self._scale
        self._stage.sheet.glow(*place, radius * self._scale, tone, opacity)


def _shaded(tone: Colour) -> tuple[Colour, Colour]:
    return lighter(tone, 0.035), lighter(tone, -0.055)


def portrait(stage: Stage, x: float, base: float, size: float, flip: bool) -> None:
    """Head and shoulders; `base` is where the sheet cuts them off."""
    figure, wishes = Figure(stage, x, base, size, flip), stage.wishes
    hair = stage.palette.hair
    figure.put([smooth([(-21, -30), (-27, -62), (-20, -88), (0, -95), (20, -88), (27, -62),
                        (21, -30), (0, -22)], closed=True)], _shaded(hair), shadow=0.25)  # fmt: skip
    _shoulders(stage, figure)
    if wishes.ask("behind"):
        _back_of_head(stage, figure)
    else:
        _face(stage, figure)
    _scarf(stage, figure)
    if wishes.ask("hat"):
        _conical_hat(stage, figure, -80, 40, 25)


def _shoulders(stage: Stage, figure: Figure) -> None:
    palette = stage.palette
    cloth = palette.second
    body = smooth([(-50, 6), (-46, -14), (-34, -25), (-12, -31), (0, -29), (12, -31), (34, -25),
                   (46, -14), (50, 6)])  # fmt: skip
    figure.put([body], _shaded(cloth), shadow=0.3)
    folds = [stroke([(-27, -20), (-30, -8), (-29, 6)], 0.4, 1.2),
             stroke([(29, -20), (31, -8), (30, 6)], 0.4, 1.2)]  # fmt: skip
    figure.put(list(folds), lighter(cloth, -0.1), opacity=0.6)
    neck = smooth([(-9, -46), (-9, -32), (-14, -27), (0, -21), (14, -27), (9, -32), (9, -46)])
    figure.put([neck], (lighter(palette.skin, -0.11), lighter(palette.skin, -0.05)))


def _face(stage: Stage, figure: Figure) -> None:
    skin, hair = stage.palette.skin, stage.palette.hair
    ears = [ellipse(-20.5, -58, 3.6, 5), ellipse(20.5, -58, 3.6, 5)]
    figure.put(list(ears), lighter(skin, -0.05))
    face = smooth([(-20, -64), (-18.5, -50), (-11, -39), (0, -35), (11, -39), (18.5, -50), (20, -64),
                   (15, -80), (0, -85), (-15, -80)], closed=True)  # fmt: skip
    figure.put([face], (lighter(skin, 0.02), skin, lighter(skin, -0.03)), shadow=0.18)
    for side in (-1, 1):
        figure.light(side * 12, -49, 7.5, mix(skin, (222, 84, 76), 0.7), 0.55)
    _features(stage, figure)
    fringe = smooth([(-22, -56), (-20.5, -66), (-12, -74), (2, -77), (12, -73), (20.5, -65), (22, -56),
                     (25, -72), (17, -88), (0, -94), (-17, -88), (-25, -72)], closed=True)  # fmt: skip
    figure.put([fringe], _shaded(hair), shadow=0.2)
    strands = [stroke([(-12, -88), (-17, -80), (-20, -70)], 0.3, 0.3, 1.0),
               stroke([(5, -91), (13, -84), (18, -74)], 0.3, 0.3, 1.0)]  # fmt: skip
    figure.put(list(strands), lighter(hair, 0.1), opacity=0.7)


def _features(stage: Stage, figure: Figure) -> None:
    """Eyes, brows, nose and mouth; smiling eyes are closed."""
    skin, ink = stage.palette.skin, mix(stage.palette.hair, (30, 20, 24), 0.6)
    brow = mix(stage.palette.hair, ink, 0.4)
    smiling = stage.wishes.ask("old") or stage.dice.random() < 0.4
    for side in (-1, 1):
        ex = 9.2 * side
        figure.put([stroke([(ex - 4, -65.4), (ex, -67), (ex + 4, -65.4)], 0.7, 0.7, 0.5)], brow)
        if smiling:
            lid = [(ex - 3.8, -56), (ex, -59), (ex + 3.8, -56)]
            figure.put([stroke(lid, 0.8, 0.8, 0.7)], ink)
            continue
        figure.put([ellipse(ex, -58, 2.5, 3.3)], ink)
        figure.put([ellipse(ex + 0.9, -59.3, 0.85, 0.95)], stage.palette.paper)
        figure.put([stroke([(ex - 3.8, -60), (ex, -62), (ex + 3.8, -60)], 0.6, 0.6, 0.6)], ink)
    figure.put([stroke([(-1, -53), (0.4, -50.6), (1.8, -51.6)], 0.4, 0.4, 0.5)],
               lighter(skin, -0.16))  # fmt: skip
    mouth = [(-4.8, -45.4), (0, -42.6), (4.8, -45.4)]
    figure.put([stroke(mouth, 0.5, 0.5, 1.0)], mix(lighter(skin, -0.2), (176, 50, 56), 0.6))


def _back_of_head(stage: Stage, figure: Figure) -> None:
    hair = stage.palette.hair
    head = smooth([(-22, -44), (-26, -66), (-18, -88), (0, -95), (18, -88), (26, -66), (22, -44),
                   (0, -34)], closed=True)  # fmt: skip
    figure.put([head], _shaded(hair), shadow=0.2)
    tail = stroke([(0, -66), (5, -40), (1, -14)], 10, 2, 4)
    figure.put([tail], _shaded(lighter(hair, 0.03)), shadow=0.2)
    figure.put([ellipse(0.5, -62, 6.2, 2.6)], stage.palette.accent)


def _scarf(stage: Stage, figure: Figure) -> None:
    tone = stage.palette.accent
    tail = smooth([(10, -30), (20, -26), (24, -8), (29, 9), (15, 9), (11, -8)], closed=True)
    figure.put([tail], (lighter(tone, -0.02), lighter(tone, -0.08)), shadow=0.25)
    band = smooth([(-19, -36), (-9, -31), (0, -29.5), (9, -31), (19, -36), (23, -28), (13, -20),
                   (0, -16.5), (-13, -20), (-23, -28)], closed=True)  # fmt: skip
    figure.put([band], (lighter(tone, 0.05), lighter(tone, -0.03)), shadow=0.28)
    folds = [stroke([(-17, -30), (-5, -24), (9, -24)], 0.2, 0.2, 0.9),
             stroke([(-10, -23), (2, -20), (14, -24)], 0.2, 0.2, 0.8)]  # fmt: skip
    figure.put(list(folds), lighter(tone, -0.1), opacity=0.7)
    figure.put([smooth([(8, -30), (17, -33), (22, -25), (16, -19), (9, -22)], closed=True)],
               _shaded(lighter(tone, 0.02)), shadow=0.2)  # fmt: skip


def _conical_hat(stage: Stage, figure: Figure, brim: float, half: float, tall: float) -> None:
    straw = mix((232, 206, 150), stage.palette.glow, 0.25)
    if stage.is_dark:
        straw = mix(straw, stage.palette.near, 0.25)
    cone = smooth([(-half, brim), (-half * 0.45, brim - tall * 0.55), (0, brim - tall)], steps=5)
    cone += [(half * 0.45, brim - tall * 0.55), (half, brim), (0, brim + tall * 0.26)]
    figure.put([cone], (lighter(straw, 0.03), lighter(straw, -0.08)), shadow=0.3)
    rings = [stroke([(-half * s, brim - tall * (1 - s)), (0, brim - tall * (1 - s) + tall * 0.24 * s),
                     (half * s, brim - tall * (1 - s))], tall * 0.015, tall * 0.015, tall * 0.01)
             for s in (0.35, 0.55, 0.75, 0.92)]  # fmt: skip
    figure.put(list(rings), lighter(straw, -0.16), opacity=0.6)


def villager(stage: Stage, x: float, base: float, size: float, flip: bool, rowing: bool) -> None:
    """A small person seen from afar, in a conical hat, perhaps with an oar."""
    figure, palette = Figure(stage, x, base, size, flip), stage.palette
    if rowing:
        oar = stroke([(-22, -78), (20, -30), (58, 14)], 2, 3.4)
        figure.put([oar], mix(palette.ink, (120, 80, 60), 0.5))
    cloth = stage.dice.choice(
        (palette.second, palette.accent, mix(palette.near, palette.paper, 0.2))
    )
    body = smooth([(-15, 2), (-16, -34), (-9, -60), (0, -66), (9, -60), (16, -34), (15, 2)])
    figure.put([body], _shaded(cloth), shadow=0.2)
    figure.put([stroke([(-6, -55), (8, -44), (20, -30)], 9, 6)], lighter(cloth, -0.04))
    figure.put([ellipse(0, -72, 9, 10)], palette.skin)
    _conical_hat(stage, figure, -74, 27, 20)


def child(stage: Stage, x: float, base: float, size: float, flip: bool) -> None:
    """A small person with dark hair and a scarf that flies in the wind."""
    figure, palette = Figure(stage, x, base, size, flip), stage.palette
    tone = palette.accent
    figure.put([smooth([(-4, -60), (-24, -68), (-40, -58), (-58, -66), (-56, -54), (-40, -47),
                        (-22, -54), (-3, -52)], closed=True)], _shaded(tone), shadow=0.15)  # fmt: skip
    legs = [stroke([(-6, -24), (-7, 0)], 9, 7), stroke([(6, -24), (8, 0)], 9, 7)]
    figure.put(list(legs), mix(palette.ink, palette.second, 0.3))
    body = smooth([(-17, -14), (-15, -40), (-9, -58), (9, -58), (15, -40), (17, -14), (0, -11)],
                  closed=True)  # fmt: skip
    figure.put([body], _shaded(palette.second), shadow=0.2)
    figure.put(
        [stroke([(11, -52), (18, -38), (15, -24)], 7.5, 5.5)], lighter(palette.second, -0.05)
    )
    figure.put([ellipse(0, -75, 17, 18)], _shaded(palette.hair), shadow=0.15)
    if not stage.wishes.ask("behind"):
        figure.put([smooth([(-7, -76), (-5, -64), (4, -59), (12, -64), (14.5, -75), (4, -81)],
                           closed=True)], palette.skin)  # fmt: skip
        eyes = [ellipse(1.5, -71, 1.2, 1.7), ellipse(9.5, -71, 1.2, 1.7)]
        figure.put(list(eyes), palette.hair)
        figure.put([stroke([(3, -66), (6, -64.6), (9, -66)], 0.4, 0.4, 0.7)], (170, 60, 60))
    band = smooth([(-12, -60), (0, -56), (13, -60), (12, -52), (0, -48), (-12, -52)], closed=True)
    figure.put([band], _shaded(lighter(tone, 0.02)), shadow=0.15)


def scarf(stage: Stage, x: float, y: float, size: float) -> None:
    """A scarf alone, drifting."""
    figure, tone = Figure(stage, x, y, size), stage.palette.accent
    lower = smooth([(-50, -6), (-26, -18), (0, -4), (26, -16), (52, -6), (54, 8), (28, -2), (0, 12),
                    (-26, -3), (-50, 9)], closed=True)  # fmt: skip
    figure.put([lower], (lighter(tone, 0.06), tone, lighter(tone, -0.08)), shadow=0.3)
    folds = [stroke([(-44, 0), (-25, -10), (0, 4), (26, -8), (46, 0)], 0.3, 0.3, 1.4)]
    figure.put(list(folds), lighter(tone, -0.1), opacity=0.7)
    fringe = [stroke([(52, i), (60, i + 2)], 1.2, 0.4) for i in (-5, -1, 3, 7)]
    fringe += [stroke([(-49, i), (-57, i + 2)], 1.2, 0.4) for i in (-5, -1, 3, 7)]
    figure.put(list(fringe), lighter(tone, -0.03))


def heron(stage: Stage, x: float, base: float, size: float, flip: bool) -> None:
    """A wading bird with one wing half open."""
    figure, palette = Figure(stage, x, base, size, flip), stage.palette
    white = mix(palette.paper, (255, 255, 255), 0.3)
    dark = mix(palette.ink, palette.near, 0.2)
    legs = [
        stroke([(-2, -38), (-3, -18), (-2, 2)], 1.3, 0.9),
        stroke([(5, -38), (8, -20), (5, 2)], 1.3, 0.9),
    ]
    figure.put(list(legs), dark)
    wing = smooth([(-2, -54), (-18, -74), (-42, -84), (-36, -74), (-42, -70), (-31, -64), (-34, -58),
                   (-22, -54), (-10, -44)], closed=True)  # fmt: skip
    figure.put([wing], (lighter(white, -0.02), mix(white, palette.sky[0], 0.3)), shadow=0.25)
    body = smooth([(-26, -34), (-10, -52), (8, -54), (15, -46), (8, -38), (-8, -34)], closed=True)
    figure.put([body], (white, mix(white, palette.sky[0], 0.25)), shadow=0.2)
    neck = stroke([(10, -48), (20, -60), (9, -74), (13, -90), (22, -93)], 7, 4.6)
    figure.put([neck, ellipse(23, -93, 5.6, 4.4)], white)
    figure.put([[(27, -95), (46, -90.5), (27, -90.6)]], mix((240, 170, 60), palette.glow, 0.2))
    figure.put(
        [ellipse(25, -94, 0.9, 0.9), stroke([(22, -96), (12, -98), (4, -95)], 1.2, 0.2)], dark
    )


def kingfisher(stage: Stage, x: float, y: float, size: float, flip: bool) -> None:
    """A kingfisher in flight, with a scarf in its beak if the prompt has one."""
    figure, palette = Figure(stage, x, y, size, flip), stage.palette
    blue = mix((22, 138, 160), palette.sky[0], 0.15)
    tail = smooth([(-22, 4), (-52, 10), (-50, 18), (-20, 14)], closed=True)
    figure.put([tail], lighter(blue, -0.1))
    _wing(figure, 1.0, lighter(blue, -0.08))
    body = smooth([(-26, 8), (-8, -8), (14, -12), (26, -6), (20, 8), (0, 17)], closed=True)
    figure.put([body], (blue, mix((236, 140, 60), blue, 0.1), (236, 140, 60)), shadow=0.25)
    figure.put([ellipse(24, -8, 12.5, 11)], (lighter(blue, 0.03), blue), shadow=0.1)
    figure.put([ellipse(29, -2, 5.5, 3.6)], (240, 150, 70))
    figure.put([ellipse(18, -1, 3.4, 2.6)], palette.paper)
    figure.put([[(34, -11), (66, -3), (34, -3)]], mix(palette.ink, blue, 0.15))
    figure.put([ellipse(29, -10, 1.9, 1.9)], palette.ink)
    figure.put([ellipse(29.6, -10.6, 0.6, 0.6)], palette.paper)
    _wing(figure, 0.86, lighter(blue, 0.05))
    if stage.wishes.ask("scarf", "person") or stage.palette.accent:
        _stolen(stage, figure)


def _wing(figure: Figure, reach: float, tone: Colour) -> None:
    tip = smooth([(14, -6), (6, -34 * reach), (-16, -66 * reach), (-20, -52 * reach), (-30, -50 * reach),
                  (-28, -38 * reach), (-36, -32 * reach), (-28, -20 * reach), (-30, -12), (-14, 2)],
                 closed=True)  # fmt: skip
    figure.put([tip], (lighter(tone, 0.05), lighter(tone, -0.04)), shadow=0.2)


def _stolen(stage: Stage, figure: Figure) -> None:
    tone = stage.palette.accent
    cloth = smooth([(52, -8), (60, -4), (56, 16), (64, 34), (50, 52), (56, 74), (40, 72), (38, 50),
                    (48, 32), (42, 14), (48, 0)], closed=True)  # fmt: skip
    figure.put([cloth], (lighter(tone, 0.04), tone, lighter(tone, -0.07)), shadow=0.2)


def flock(stage: Stage, count: int) -> None:
    """Birds far away in the sky."""
    wings: list[Outline] = []
    x0 = stage.width * stage.dice.uniform(0.15, 0.7)
    y0 = stage.horizon * stage.dice.uniform(0.2, 0.5)
    for index in range(count):
        x = x0 + stage.unit * (index * 4.2 + stage.near(0, 2))
        y = y0 + stage.unit * (abs(index - count / 3) * 1.7 + stage.near(0, 1.2))
        half = stage.unit * stage.near(1.7, 0.4)
        lift = half * stage.near(0.5, 0.15)
        for side in (-1, 1):
            arc: list[Point] = [
                (x, y),
                (x + side * half * 0.5, y - lift),
                (x + side * half, y - lift * 0.5),
            ]
            wings.append(stroke(arc, half * 0.16, 0))
    stage.sheet.cut(wings, stage.palette.ink, opacity=0.75)


def beast(stage: Stage, x: float, base: float, size: float, flip: bool, kind: str) -> None:
    """A cat, a dog or a fox that sits and looks at the viewer."""
    figure, palette = Figure(stage, x, base, size, flip), stage.palette
    coat = {"fox": (220, 106, 48), "dog": (186, 134, 86), "cat": (74, 70, 84)}[kind]
    coat = mix(coat, palette.accent, 0.25 if kind != "fox" else 0.1)
    light = mix(palette.paper, coat, 0.1)
    _tail(figure, kind, coat, light)
    body = smooth([(-24, 0), (-25, -22), (-14, -48), (0, -56), (14, -48), (25, -22), (24, 0)])
    figure.put([body], _shaded(coat), shadow=0.3)
    figure.put(
        [smooth([(-10, -50), (0, -54), (10, -50), (8, -26), (0, -16), (-8, -26)], closed=True)],
        light,
    )
    paws = [ellipse(-9, -2, 7, 4.5), ellipse(9, -2, 7, 4.5)]
    figure.put(list(paws), lighter(coat, 0.05))
    ear = 30 if kind == "fox" else 24
    for side in (-1, 1):
        outer = [
            (side * 22, -66),
            (side * (24 if kind == "dog" else 20), -66 - ear),
            (side * 5, -80),
        ]
        figure.put([outer], lighter(coat, -0.05), shadow=0.1)
        inner = [(side * 18, -70), (side * 18, -62 - ear * 0.85), (side * 9, -78)]
        figure.put([inner], mix(light, (220, 120, 120), 0.45))
    head = smooth([(-27, -62), (-18, -80), (0, -84), (18, -80), (27, -62), (13, -47), (0, -42),
                   (-13, -47)], closed=True)  # fmt: skip
    figure.put([head], _shaded(lighter(coat, 0.02)), shadow=0.22)
    _muzzle(figure, light, palette.ink)


def _tail(figure: Figure, kind: str, coat: Colour, light: Colour) -> None:
    belly = 12 if kind == "fox" else 1
    curve = [(18, -4), (42, -8), (48, -30), (38, -48)]
    figure.put([stroke(curve, 8, 3, belly)], _shaded(coat), shadow=0.25)
    if kind == "fox":
        figure.put([stroke([(48, -28), (44, -42), (38, -50)], 11, 1, 2)], light)


def _muzzle(figure: Figure, light: Colour, ink: Colour) -> None:
    cheeks = smooth([(-20, -58), (-8, -60), (0, -66), (8, -60), (20, -58), (10, -47), (0, -43.5),
                     (-10, -47)], closed=True)  # fmt: skip
    figure.put([cheeks], light)
    figure.put([ellipse(-10.5, -66, 2.6, 3.1), ellipse(10.5, -66, 2.6, 3.1)], ink)
    figure.put([ellipse(-9.7, -67.2, 0.9, 0.9), ellipse(11.3, -67.2, 0.9, 0.9)], light)
    figure.put([smooth([(-3.4, -54), (0, -55.4), (3.4, -54), (0, -50.6)], closed=True)], ink)
    smile = [
        stroke([(0, -50.4), (side * 3, -47.8), (side * 5.6, -49)], 0.6, 0.4) for side in (-1, 1)
    ]
    figure.put(list(smile), ink)


def fish(stage: Stage, x: float, y: float, size: float, flip: bool) -> None:
    """A carp that leaps."""
    figure, tone = Figure(stage, x, y, size, flip), stage.palette.accent
    body = smooth([(-38, 16), (-20, -8), (6, -18), (32, -10), (44, 4), (26, 8), (0, 8), (-22, 20)],
                  closed=True)  # fmt: skip
    tail = smooth([(-28, 14), (-54, 12), (-48, 24), (-56, 38), (-34, 26)], closed=True)
    figure.put(
        [body, tail], (lighter(tone, 0.04), mix(tone, stage.palette.paper, 0.5)), shadow=0.25
    )
    spots = [ellipse(-8, -4, 8, 5, 0.4), ellipse(14, -9, 7, 4, -0.2)]
    figure.put(list(spots), stage.palette.paper, opacity=0.85)
    figure.put([ellipse(33, -2, 1.8, 1.8)], stage.palette.ink)


def flower(stage: Stage, x: float, base: float, size: float, tone: Colour) -> None:
    """A flower on a stalk, seen from the side."""
    figure = Figure(stage, x, base, size)
    figure.put([stroke([(0, 0), (stage.near(0, 8), -30), (0, -62)], 3, 2)], stage.palette.leaf)
    for turn in (-1.15, 1.15, -0.62, 0.62, 0.0):
        petal = smooth([(0, 0), (9, -16), (0, -34), (-9, -16)], closed=True, steps=5)
        shade = lighter(tone, 0.07 - abs(turn) * 0.05)
        figure.put([moved(petal, 0, -60, 1.0, turn=turn)], _shaded(shade), shadow=0.1)
    figure.put([ellipse(0, -63, 4.4, 3.2)], mix(tone, (250, 210, 90), 0.7))


def sway(stage: Stage, share: float) -> float:
    """An angle between -1 and 1 for what bends in the wind."""
    return math.sin(share * math.tau + stage.dice.random())
