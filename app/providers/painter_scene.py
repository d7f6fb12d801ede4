"""How a picture is put together: what stands where, from the sky down to the foreground."""

from PIL import ImageFont

from app.providers import painter_beings as beings
from app.providers import painter_nature as nature
from app.providers import painter_things as things
from app.providers.painter_brush import Sheet
from app.providers.painter_colour import mix
from app.providers.painter_palette import Palette
from app.providers.painter_stage import Stage
from app.providers.painter_words import Wishes

WET = ("river", "sea", "boat", "fish", "heron", "kingfisher")
ANIMALS = ("fox", "cat", "dog")


def horizon_share(wishes: Wishes, near: float) -> float:
    """Where sky and earth meet, as a share of the height; `near` varies it."""
    if wishes.ask("above"):
        return 0.3 + near * 0.04
    if wishes.ask("low"):
        return 0.74 + near * 0.04
    return 0.54 + near * 0.06


def compose(stage: Stage) -> None:
    """Paint everything the wishes ask for onto the stage's sheet."""
    nature.sky(stage)
    _distance(stage)
    wet = stage.wishes.ask(*WET) or not stage.wishes.ask(
        "forest", "field", "desert", "city", "stall", "house", "flower", "mountain", *ANIMALS
    )
    if wet:
        _waterside(stage)
    else:
        nature.ground(stage, stage.horizon)
        _on_land(stage)
    _beings(stage, wet)
    _above(stage)
    nature.weather(stage)
    _lettering(stage)


def _distance(stage: Stage) -> None:
    rise = stage.height * (0.34 if stage.wishes.ask("mountain") else 0.16)
    nature.ridges(stage, rise, 4 if stage.wishes.ask("mountain", "wide") else 3, 0.12)
    if stage.wishes.ask("city", "neon") or stage.hour == "neon":
        things.city(stage, stage.horizon + stage.unit)


def _waterside(stage: Stage) -> None:
    wishes = stage.wishes
    if not wishes.ask("sea", "city"):
        kinds = ("house", "palm", "tree") if wishes.ask("market", "house") else ("palm", "tree")
        things.shore(stage, kinds)
    nature.water(stage)
    if wishes.ask("market", "boat", "river", "fruit"):
        _boats(stage, 5 if wishes.ask("market", "crowd") else 2)


def _boats(stage: Stage, count: int) -> None:
    """Boats from far to near, the nearest largest."""
    deep = stage.height - stage.horizon
    for index in range(count):
        near = (index + 0.7) / count
        y = stage.horizon + deep * (0.12 + 0.62 * near)
        x = stage.width * stage.dice.uniform(0.12, 0.88)
        size = stage.unit * (16 + 30 * near)
        load = "fruit" if stage.wishes.ask("market", "fruit") else stage.dice.choice(("roof", ""))
        flip = stage.dice.random() < 0.5
        things.boat(stage, x, y, size, flip, load)
        beings.villager(stage, x + size * 0.2, y - size * 0.03, size * 0.42, flip, rowing=True)


def _on_land(stage: Stage) -> None:
    wishes, unit = stage.wishes, stage.unit
    if wishes.ask("forest"):
        things.forest(stage, stage.horizon + unit * 4)
    if wishes.ask("house"):
        things.house(
            stage, stage.width * 0.7, stage.horizon + unit * 10, unit * 30, on_stilts=False
        )
    if wishes.ask("tree", "field"):
        things.round_tree(stage, stage.width * 0.22, stage.horizon + unit * 12, unit * 34)
    if wishes.ask("stall"):
        left, top, right, bottom = things.stall(
            stage, stage.width * 0.5, stage.height * 0.92, unit * 62
        )
        _write(stage, wishes.lettering, ((left + right) / 2, (top + bottom) / 2),
               (right - left) * 0.9, (bottom - top) * 0.62)  # fmt: skip
    if wishes.ask("flower"):
        for _ in range(24):
            x = stage.width * stage.dice.random()
            base = stage.horizon + (stage.height - stage.horizon) * stage.dice.uniform(0.3, 1)
            beings.flower(stage, x, base, unit * stage.dice.uniform(5, 11), stage.palette.accent)


def _beings(stage: Stage, wet: bool) -> None:
    wishes, unit, width, height = stage.wishes, stage.unit, stage.width, stage.height
    flip = stage.dice.random() < 0.5
    if wishes.ask("close"):
        beings.portrait(stage, width * 0.5, height, min(height, width * 1.1) * 0.86, flip)
        return
    for kind in ANIMALS:
        if wishes.ask(kind):
            beings.beast(stage, width * 0.5, height * 0.88, unit * 42, flip, kind)
    if wishes.ask("heron"):
        beings.heron(stage, width * 0.66, height * 0.9, unit * 46, flip)
    if wishes.ask("kingfisher"):
        beings.kingfisher(stage, width * 0.55, height * 0.36, unit * 34, flip)
    elif wishes.ask("tree") and wet:
        things.branch(stage, flip)
    if wishes.ask("fish"):
        beings.fish(stage, width * 0.4, height * 0.86, unit * 18, flip)
    if wishes.ask("person", "crowd"):
        _people(stage, wet, flip)
    elif wishes.ask("scarf"):
        beings.scarf(stage, width * 0.5, stage.horizon + (height - stage.horizon) * 0.4, unit * 44)


def _people(stage: Stage, wet: bool, flip: bool) -> None:
    unit, width, height = stage.unit, stage.width, stage.height
    base = height * 0.88
    if wet:
        things.boat(stage, width * 0.5, base, unit * 74, flip, "")
    if stage.wishes.ask("crowd"):
        for at in (0.3, 0.7):
            beings.villager(stage, width * at, base - unit * 2, unit * 30, flip, rowing=False)
    beings.child(stage, width * 0.5, base - unit * 2, unit * 36, flip)


def _above(stage: Stage) -> None:
    if stage.wishes.ask("lantern"):
        things.lanterns(stage, 6)
    if stage.wishes.ask("balloon"):
        things.balloon(stage, stage.width * 0.7, stage.height * 0.26, stage.unit * 26)
    if stage.wishes.ask("bird") or stage.hour in ("dawn", "day"):
        beings.flock(stage, 5)


def _lettering(stage: Stage) -> None:
    """What the prompt quotes, large; its first words, small, in the corner."""
    wishes, unit = stage.wishes, stage.unit
    if wishes.lettering and not wishes.ask("stall"):
        _write(stage, wishes.lettering, (stage.width / 2, stage.height * 0.12), stage.width * 0.86,
               unit * 13)  # fmt: skip
    words = " ".join(wishes.words[:4])
    if words and _can_write(words):
        font = ImageFont.load_default(size=max(9.0, unit * 2.1))
        ink = mix(stage.palette.paper, stage.palette.glow, 0.3)
        stage.sheet.letter(words, (unit * 3, stage.height - unit * 4), font, ink)


def _write(
    stage: Stage, text: str, centre: tuple[float, float], width: float, height: float
) -> None:
    """Letters as large as a box allows; none where the font lacks one of them."""
    if not text or not _can_write(text):
        return
    size = height
    while size > 6 and ImageFont.load_default(size=size).getlength(text) > width:
        size *= 0.92
    font = ImageFont.load_default(size=size)
    left = centre[0] - font.getlength(text) / 2
    on_sign = stage.wishes.ask("stall")
    ink = stage.palette.ink if on_sign or not stage.is_dark else stage.palette.paper
    stage.sheet.letter(text, (left, centre[1] - size * 0.6), font, ink)


def _can_write(text: str) -> bool:
    """Whether the font that comes with Pillow has every letter: it knows Latin without stacks."""
    return all(ord(letter) < 0x180 or letter in "–—‘’“”…" for letter in text)


def new_stage_size(size: tuple[int, int], pixels: int) -> tuple[int, int]:
    """The same shape with at most so many pixels."""
    width, height = size
    share = min(1.0, (pixels / (width * height)) ** 0.5)
    return max(1, round(width * share)), max(1, round(height * share))


def blank_sheet(size: tuple[int, int], palette: Palette) -> Sheet:
    """A sheet in the colour of the sky."""
    return Sheet(*size, palette.sky[0])
