import unicodedata
from contextlib import suppress
from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.errors import InvalidInput
from app.media.naming import (
    DEFAULT_PATTERN,
    TOKENS,
    NameParts,
    check_pattern,
    file_stem,
    folder_name,
    sanitised,
)
from app.media.shelf import checked

PARTS = NameParts(
    prefix="ep1", name="Lan", prompt="a market at dawn", model="Nano Banana Pro", ratio="16:9",
    quality="2K", date="2026-11-23", project="Chợ nổi", seed="42",
)  # fmt: skip

WINDOWS_RESERVED = {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"} | {
    device + digit for device in ("COM", "LPT") for digit in "0123456789¹²³"
}

nasty = st.text(max_size=120) | st.sampled_from(
    ["..", ".", "../x", "a/b", "/etc/passwd", "C:\\x", "\\\\host\\share", "NUL", "com1.png", "CON ",
     "-rf", "~", "a" * 300, "ế" * 300, "e\u0302\u0301" * 100, "👩🏽‍🚀" * 50, "‮gnp.exe", "\u200b",
     "a\0b", "trailing. . .", "{name}", "%2e%2e", "x.png:stream", "$HOME", "`id`"]
)  # fmt: skip
parts_of_anything = st.builds(NameParts, **dict.fromkeys(TOKENS, nasty))

patterns = st.lists(
    st.sampled_from([*(f"{{{token}}}" for token in TOKENS), "/", "-", "..", " ", "CON", "_"])
).map("".join)


def stem(pattern, **changed):
    return file_stem(pattern, NameParts(**changed), "k3v9", 1)


def test_a_name_lies_in_the_project_s_folder_and_ends_in_attempt_and_slot():
    assert file_stem("{prefix}-{name}", PARTS, "k3v9", 2) == "Chợ nổi/ep1-Lan-k3v9-2"


def test_every_token_means_its_part():
    pattern = "{date}/{prefix} {name} {prompt} {model} {ratio} {quality} {seed} {project}"

    assert file_stem(pattern, PARTS, "k3v9", 1) == (
        "Chợ nổi/2026-11-23/ep1 Lan a market at dawn Nano Banana Pro 16x9 2K 42 Chợ nổi-k3v9-1"
    )


@pytest.mark.parametrize(
    ("parts", "name"),
    [
        ({"prefix": "a", "name": "b", "seed": "7"}, "a_b_7"),
        ({"prefix": "a", "seed": "7"}, "a_7"),
        ({"name": "b", "seed": "7"}, "b_7"),
        ({"prefix": "a", "name": "b"}, "a_b"),
        ({"seed": "7"}, "7"),
        ({}, "image"),
        ({"prefix": " . ", "name": "\u200b"}, "image"),
    ],
)
def test_what_is_empty_goes_with_its_separator(parts, name):
    assert stem("{prefix}_{name}_{seed}", **parts) == f"images/{name}-k3v9-1"


def test_an_empty_sub_folder_is_left_out():
    assert stem("{date}/{prefix}/{name}", name="Lan") == "images/Lan-k3v9-1"


def test_dots_inside_a_name_stay():
    assert stem("{prefix}", prefix="v1.2_test") == "images/v1.2_test-k3v9-1"


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("../../etc/passwd", "_.._etc_passwd"),
        ("a/b\\c", "a_b_c"),
        ('<>:"|?*', "_______"),
        ("..hidden", "hidden"),
        ("--force", "force"),
        ("end. . ", "end"),
        ("two  \n\t lines", "two lines"),
        ("safe\u202egnp.exe", "safegnp.exe"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("a\0b", "ab"),
        ("CON", "_CON"),
        ("con.txt", "_con.txt"),
        ("Lpt9 .tar.gz", "_Lpt9 .tar.gz"),
        ("COM¹", "_COM¹"),
        ("CONSOLE", "CONSOLE"),
        ("e\u0302\u0301", "ế"),
        ("", ""),
        ("...", ""),
    ],
)
def test_a_part_is_made_legal_everywhere(text, clean):
    assert sanitised(text) == clean


def test_a_part_has_at_most_80_characters_and_keeps_marks_with_their_letter():
    marked_letter = "x\u0323\u0307"

    name = sanitised("a" + marked_letter * 50)

    assert name == unicodedata.normalize("NFC", "a" + marked_letter * 39)[: len(name)]
    assert len(name) <= 80
    assert unicodedata.combining(name[-1])


def test_a_flag_and_a_skin_tone_are_not_cut_in_half():
    assert sanitised("🇻🇳" * 50, max_chars=7) == "🇻🇳" * 3
    assert sanitised("👍🏽" * 50, max_chars=7) == "👍🏽" * 3


def test_a_long_prompt_gives_way_to_what_follows_it():
    name = stem("{prompt}-{ratio}-{seed}", prompt="word " * 100, ratio="16:9", seed="42")

    assert name.endswith("-16x9-42-k3v9-1")
    assert len(name) == len("images/") + 80 + len("-k3v9-1")


def test_a_project_without_a_usable_name_has_a_folder_all_the_same():
    assert folder_name("../..") == "_"
    assert folder_name(" . ") == "images"


@settings(max_examples=500, deadline=None)
@given(pattern=nasty | patterns, parts=parts_of_anything, slot=st.integers(1, 10))
@example(pattern="{name}.{seed}", parts=NameParts(name="CON"), slot=1)
def test_no_text_leaves_the_folder_and_every_name_is_legal(pattern, parts, slot):
    attempt_id = "0190f3d2-7c1e-7abc-8def-0123456789ab"

    name = file_stem(pattern, parts, attempt_id, slot) + ".webp"

    assert checked(name) == name
    assert name.endswith(f"-{attempt_id}-{slot}.webp")
    posix, windows = PurePosixPath(name), PureWindowsPath(name)
    assert not posix.is_absolute()
    assert not windows.is_absolute()
    assert not windows.drive
    assert posix.parts == windows.parts
    assert 2 <= len(posix.parts) <= 7
    assert name == unicodedata.normalize("NFC", name)
    for part in posix.parts:
        assert len(part.encode()) <= 240
        assert part[0] not in ".- "
        assert part[-1] not in ". "
        assert part.split(".")[0].rstrip(" ").upper() not in WINDOWS_RESERVED
        assert not any(unicodedata.category(sign).startswith("C") for sign in part)
        assert not set(part) & set('<>:"/\\|?*')
    for folder in posix.parts[:-1]:
        assert len(folder) <= 80


@given(pattern=nasty | patterns, parts=parts_of_anything)
def test_a_pattern_that_is_accepted_makes_no_more_folders_than_it_shows(pattern, parts):
    with suppress(InvalidInput):
        check_pattern(pattern)

        folders = file_stem(pattern, parts, "k3v9", 1).split("/")[:-1]
        assert len(folders) <= pattern.count("/") + 1


@pytest.mark.parametrize(
    "pattern",
    [DEFAULT_PATTERN, "{name}", "{date}/{prefix}_{name}", "shots/v1.2 {seed}", "ảnh {ratio}", ""],
)
def test_a_good_pattern_is_accepted(pattern):
    check_pattern(pattern)


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("{nmae}-{seed}", "{nmae}"),
        ("{}", "{}"),
        ("{name", "{"),
        ("name}", "}"),
        ("../{name}", ".."),
        ("/{name}", "/"),
        ("{name}/", "/"),
        ("a//{name}", "//"),
        ("a\\{name}", "\\"),
        ("C:{name}", ":"),
        ("{name}?", "?"),
        ("{name}\0", "\0"),
        ("a/b/c/d/e/f/{name}", "{name}"),
        ("x" * 201, "x"),
    ],
)
def test_a_bad_pattern_is_refused_by_the_part_that_is_wrong(pattern, name):
    with pytest.raises(InvalidInput, match=r"Use \{prefix\} \{name\} \{prompt\}") as caught:
        check_pattern(pattern)

    assert (caught.value.code, caught.value.field) == ("pattern_invalid", "naming_pattern")
    assert caught.value.params["name"] == name
