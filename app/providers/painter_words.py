"""What the words of a prompt ask the painter for, in English, Vietnamese, Japanese and Chinese."""

import re
import unicodedata
from dataclasses import dataclass

from app.providers.painter_colour import Colour

SUBJECTS = {
    "river": "river, stream, downstream, mekong, canal, pond, lake, water, sông, kênh, rạch, hồ, "
    "suối, nước, 川, 河, 水, 湖",
    "sea": "sea, ocean, beach, coast, wave, island, harbour, harbor, biển, đảo, sóng, 海, 波, 島, 岛",
    "market": "market, stall, floating market, chợ, chợ nổi, 市場, 市场, マーケット",
    "boat": "boat, sampan, canoe, ship, sail, row, rowing, ferry, fisherman, ghe, thuyền, xuồng, đò, "
    "tàu, 船, 舟",
    "fruit": "fruit, mango, orange tree, apple, trái cây, quả, xoài, 果物, 水果",
    "forest": "forest, wood, woods, jungle, grove, rừng, 森, 林",
    "tree": "tree, branch, climb, palm, pine, garden, cây, cành, dừa, vườn, 木, 樹, 树, 庭",
    "mountain": "mountain, hill, valley, peak, cliff, canyon, núi, đồi, thung lũng, 山, 丘, 谷",
    "field": "field, meadow, rice field, rice paddy, terrace, village, farm, cánh đồng, ruộng, lúa, "
    "làng, quê, 田, 村, 野",
    "desert": "desert, dune, sand, sahara, sa mạc, cát, 砂漠, 沙漠",
    "city": "city, street, skyline, skyscraper, tower, downtown, cyberpunk, tokyo, new york, saigon, "
    "hanoi, thành phố, phố, đô thị, sài gòn, hà nội, 街, 都市, 城市, 東京",
    "house": "house, home, hut, cottage, cabin, temple, castle, nhà, chùa, đình, 家, 寺, 城",
    "stall": "sign, shop, cafe, café, restaurant, kitchen, tea, soup, noodle, quán, tiệm, biển hiệu, "
    "店, 看板, 茶",
    "lantern": "lantern, lamp, candle, đèn, đèn lồng, 提灯, 灯笼, 灯, 燈",
    "bird": "bird, birds, swallow, gull, crow, chim, 鳥, 鸟",
    "heron": "heron, egret, crane, stork, cò, hạc, 鶴, 鹤, 鷺",
    "kingfisher": "kingfisher, parrot, sparrow, bói cá, chim sẻ, カワセミ, 翠鳥",
    "cat": "cat, kitten, mèo, 猫, 貓",
    "dog": "dog, puppy, wolf, chó, cún, sói, 犬, 狗",
    "fox": "fox, cáo, 狐",
    "fish": "fish, carp, koi, cá, 魚, 鱼",
    "flower": "flower, lotus, blossom, sakura, rose, tulip, bloom, hoa, sen, 花, 蓮, 桜",
    "balloon": "balloon, airship, khinh khí cầu, bóng bay, 気球",
    "person": "girl, boy, woman, man, child, kid, lady, he, she, her, his, him, people, person, "
    "grandmother, grandma, grandfather, mother, father, old man, hero, warrior, king, queen, "
    "princess, face, hands, smile, laugh, astronaut, cô, cô bé, cô gái, bé, cậu bé, "
    "chàng trai, bà, bà ngoại, bà nội, ông, mẹ, em, anh, người, phụ nữ, 少女, 少年, 女, 男, 人, 子",
    "crowd": "everyone, everybody, crowd, people, friends, family, mọi người, gia đình, đám đông",
    "old": "old, grandmother, grandma, grandfather, elderly, bà ngoại, bà nội, cụ, già, 老",
    "scarf": "scarf, khăn, khăn quàng, マフラー, 围巾",
    "hat": "conical hat, hat, nón lá, nón, mũ, 笠",
    "poster": "poster, cover, logo, typography, lettered, title, tờ rơi, áp phích, ポスター, 海报",
    "abstract": "abstract, pattern, geometric, glitch, surreal, texture, trừu tượng, hoa văn, 抽象",
    "star": "star, stars, galaxy, space, cosmos, milky way, sao, vũ trụ, ngân hà, 星, 宇宙",
    "moon": "moon, moonlight, moonlit, trăng, mặt trăng, 月",
    "sun": "sun, sunlight, sunny, mặt trời, nắng, 太陽, 太阳",
}

TIMES = {
    "dawn": "dawn, sunrise, morning, daybreak, a.m., bình minh, sáng sớm, buổi sáng, rạng đông, "
    "朝, 夜明け, 黎明",
    "day": "noon, midday, day, daylight, afternoon, summer, trưa, ban ngày, buổi chiều, 昼, 白天",
    "dusk": "dusk, sunset, evening, twilight, golden hour, hoàng hôn, chạng vạng, chiều tà, 夕, 黄昏",
    "neon": "neon, cyberpunk, glitch, synthwave, vaporwave, ネオン, 霓虹",
    "night": "night, midnight, moonlight, moonlit, moon, star, stars, galaxy, space, đêm, ban đêm, "
    "trăng, 夜, 晚",
}

WEATHERS = {
    "rain": "rain, rainy, storm, drizzle, monsoon, mưa, bão, giông, 雨, 嵐",
    "snow": "snow, snowy, winter, frost, ice, tuyết, mùa đông, 雪, 冬",
    "mist": "mist, misty, fog, foggy, haze, steam, smoke, sương, sương mù, khói, 霧, 雾, 湯気",
    "petals": "spring, blossom, sakura, petals, mùa xuân, hoa đào, 春, 桜",
    "leaves": "autumn, fall leaves, mùa thu, lá rụng, 秋",
}

VIEWS = {
    "close": "close-up, close up, closeup, macro, portrait, headshot, 85mm, cận cảnh, chân dung, "
    "mỉm cười, クローズアップ, 特写",
    "wide": "wide, establishing, panorama, panoramic, extreme wide, toàn cảnh, 全景",
    "low": "low angle, from below, góc thấp",
    "above": "bird's-eye, bird’s-eye, bird's eye, birds-eye, aerial, top-down, from above, drone, "
    "trên cao, flycam, 俯瞰",
    "tilted": "dutch angle, tilted, nghiêng",
    "behind": "from behind, back view, sau lưng, phía sau",
    "shoulder": "over the shoulder, over-the-shoulder, qua vai",
    "window": "through a window, window, cửa sổ, 窓, 窗",
    "profile": "profile, side view, nhìn nghiêng, 横顔",
}

COLOURS: dict[str, tuple[Colour, str]] = {
    "red": ((196, 38, 40), "red, crimson, scarlet, đỏ, 赤, 赤い, 红"),
    "orange": ((236, 128, 40), "orange, amber, cam, 橙, オレンジ"),
    "yellow": ((240, 196, 66), "yellow, gold, golden, vàng, 黄, 金"),
    "green": ((70, 140, 84), "green, emerald, jade, xanh lá, lục, 緑, 绿"),
    "teal": ((28, 140, 142), "teal, turquoise, cyan, aqua, xanh ngọc, 青緑"),
    "blue": ((52, 104, 176), "blue, azure, navy, indigo, xanh dương, xanh lam, lam, 青, 蓝"),
    "purple": ((120, 76, 160), "purple, violet, lavender, lilac, tím, 紫"),
    "pink": ((232, 130, 158), "pink, rose, magenta, hồng, 桃色, ピンク, 粉"),
    "brown": ((128, 84, 54), "brown, sepia, coffee, nâu, 茶色, 棕"),
    "white": ((244, 240, 230), "white, ivory, cream, trắng, 白"),
    "black": ((34, 32, 40), "black, charcoal, noir, đen, 黒, 黑"),
}

WORD = re.compile(r"[^\W_]+(?:['’\-][^\W_]+)*")
QUOTED = re.compile(r"[\"“「『«]([^\"”」』»\n]{1,60})[\"”」』»]")


@dataclass(frozen=True)
class Wishes:
    """What a prompt asks for.

    Attributes:
        subjects: Keys of `SUBJECTS`, `WEATHERS` and `VIEWS` that its words name.
        time: A key of `TIMES`, or empty when the words do not tell.
        colours: Colours that it names, in the order of `COLOURS`.
        words: Its words as written.
        lettering: The text it quotes, to be written large on a sign or a poster.
    """

    subjects: frozenset[str]
    time: str
    colours: tuple[Colour, ...]
    words: tuple[str, ...]
    lettering: str

    def ask(self, *names: str) -> bool:
        """Whether any of these is asked for."""
        return not self.subjects.isdisjoint(names)


def _is_continuous(word: str) -> bool:
    """Whether a word is of a script that is written without spaces."""
    return any(ord(letter) >= 0x2E80 for letter in word)


def _pattern(words: str) -> re.Pattern[str]:
    """A pattern that finds any of some words, in the singular or the plural."""
    listed = [word.strip() for word in words.split(",")]
    continuous = [re.escape(word) for word in listed if _is_continuous(word)]
    spaced = [re.escape(word) for word in listed if not _is_continuous(word)]
    whole = rf"(?<!\w)(?:{'|'.join(spaced)})(?:e?s)?(?!\w)"
    return re.compile("|".join([whole, *continuous]))


_NAMED = {name: _pattern(words) for name, words in {**SUBJECTS, **WEATHERS, **VIEWS}.items()}
_TIMED = {name: _pattern(words) for name, words in TIMES.items()}
_COLOURED = {name: (colour, _pattern(words)) for name, (colour, words) in COLOURS.items()}


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()


def _named(text: str) -> set[str]:
    return {name for name, pattern in _NAMED.items() if pattern.search(text)}


def understand(prompt: str, negative_prompt: str = "") -> Wishes:
    """Read a prompt; what the negative prompt names is not wished for."""
    text = _plain(prompt)
    unwanted = _named(_plain(negative_prompt))
    times = [name for name, pattern in _TIMED.items() if pattern.search(text)]
    quoted = QUOTED.search(prompt)
    return Wishes(
        subjects=frozenset(_named(text) - unwanted),
        time=times[-1] if times else "",
        colours=tuple(colour for colour, pattern in _COLOURED.values() if pattern.search(text)),
        words=tuple(WORD.findall(unicodedata.normalize("NFC", prompt))),
        lettering=quoted.group(1).strip() if quoted else "",
    )
