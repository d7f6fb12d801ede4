"""From a file to drafts of tasks."""

import ast
import csv
import json
import re
import unicodedata
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

import app.intake
from app.errors import InvalidInput
from app.intake.drafts import Drafts, read_drafts
from app.intake.export import written
from app.intake.prompts import split_prompts

STATIC = Path(__file__).parents[2] / "static"
STORYBOARD = STATIC / "samples" / "storyboard.csv"
PICTURES = {"lan.png": "l", "market.jpg": "m", "watercolour.png": "w"}
CATEGORIES = ("title", "scene", "style")


def read(
    text: str, name: str = "table.csv", pictures: Mapping[str, str] = PICTURES, **defaults: object
) -> Drafts:
    return read_drafts(name, text.encode(), pictures=pictures, defaults=defaults)


def codes(found: Drafts) -> list[tuple[int, str, str]]:
    return [(problem.row, problem.field, problem.code) for problem in found.problems]


def storyboard_rows() -> list[dict[str, str]]:
    with STORYBOARD.open(encoding="utf-8-sig", newline="") as file:
        header, *rows = csv.reader(file)
    return [dict(zip(header, row, strict=True)) for row in rows]


def storyboard(pictures: Mapping[str, str] = PICTURES) -> Drafts:
    content = STORYBOARD.read_bytes()
    return read_drafts(STORYBOARD.name, content, pictures=pictures, defaults={})


def test_every_cell_of_the_storyboard_arrives_intact() -> None:
    found = storyboard()
    assert found.problems == []
    assert [draft.row for draft in found.drafts] == list(range(1, 25))
    for draft, row in zip(found.drafts, storyboard_rows(), strict=True):
        pictures = {category: [PICTURES[row[category]]] for category in CATEGORIES if row[category]}
        assert draft.data == {
            "task_name": row["name"],
            "prompt": row["prompt"].replace("\r\n", "\n"),
            "aspect_ratio": row["aspect_ratio"],
            "quality": row["quality"],
            "images_per_prompt": int(row["images"]),
        } | ({"reference_images_by_cat": pictures} if pictures else {})


def test_awkward_characters_of_the_storyboard_are_kept() -> None:
    prompts = {draft.data["task_name"]: draft.data["prompt"] for draft in storyboard().drafts}
    assert prompts["NFD"] == unicodedata.normalize("NFD", prompts["NFD"])
    assert prompts["NFD"] != unicodedata.normalize("NFC", prompts["NFD"])
    assert prompts["Two lines"].count("\n") == 1
    assert '"THE RED SCARF", 70%' in prompts["Poster"]
    assert prompts["Quoted, comma"].startswith('A sign that reads "Fish, rice, & tea"')
    assert "<img src=x onerror=alert(1)>" in prompts["Markup"]


def test_the_storyboard_says_which_pictures_it_wants() -> None:
    assert storyboard(pictures={}).wanted_pictures == ["market.jpg", "watercolour.png", "lan.png"]


def test_without_pictures_each_cell_that_wants_one_is_told() -> None:
    wanting = [
        (number, category, "picture_missing")
        for number, row in enumerate(storyboard_rows(), start=1)
        for category in CATEGORIES
        if row[category]
    ]
    found = storyboard(pictures={})
    assert codes(found) == wanting
    assert {draft.row for draft in found.drafts}.isdisjoint(row for row, _, _ in wanting)
    assert len(found.drafts) + len({row for row, _, _ in wanting}) == 24


def test_a_text_file_gives_one_draft_a_prompt() -> None:
    content = (STATIC / "samples" / "prompts.txt").read_bytes()
    found = read_drafts("prompts.TXT", content, pictures={}, defaults={"quality": "2K"})
    prompts = split_prompts(content.decode(), "blank")
    assert [draft.data for draft in found.drafts] == [
        {"quality": "2K", "prompt": prompt} for prompt in prompts
    ]
    assert len(found.drafts) == 24


def test_a_text_file_is_split_as_asked_whatever_its_line_breaks() -> None:
    content = "\ufeffa\r\nb\r\n\r\nc".encode()
    by_line = read_drafts("a.txt", content, pictures={}, defaults={}, separator="line")
    assert [draft.data["prompt"] for draft in by_line.drafts] == ["a", "b", "c"]
    by_block = read_drafts("a.txt", content, pictures={}, defaults={})
    assert [draft.data["prompt"] for draft in by_block.drafts] == ["a\nb", "c"]


def test_a_text_file_that_had_to_be_guessed_says_so() -> None:
    content = "Un café crème près de la fenêtre".encode("latin-1")
    found = read_drafts("a.txt", content, pictures={}, defaults={})
    assert found.drafts[0].data["prompt"] == "Un café crème près de la fenêtre"
    assert codes(found) == [(0, "", "encoding_guessed")]


def test_a_row_wins_over_the_defaults_and_an_empty_cell_does_not() -> None:
    found = read("prompt,quality\na,4K\nb,\n", quality="1K", model="painter")
    assert [draft.data for draft in found.drafts] == [
        {"prompt": "a", "quality": "4K", "model": "painter"},
        {"prompt": "b", "quality": "1K", "model": "painter"},
    ]


def test_unknown_columns_are_a_notice_and_cost_no_row() -> None:
    found = read("prompt,camera,\na,wide\n")
    assert [draft.data for draft in found.drafts] == [{"prompt": "a"}]
    assert codes(found) == [(0, "", "columns_unknown")]
    assert (found.problems[0].params, found.problems[0].severity) == (
        {"columns": "camera"},
        "notice",
    )


def test_a_row_without_a_prompt_is_told_and_an_empty_row_is_not() -> None:
    found = read("name,prompt\nA,\n,\nB,b\n")
    assert codes(found) == [(1, "prompt", "prompt_empty")]
    assert [draft.row for draft in found.drafts] == [3]


@pytest.mark.parametrize("images", ["two", "1.5", "1e3", "9" * 5000])
def test_images_must_be_a_whole_number(images: str) -> None:
    found = read(f"prompt,images\na,{images}\nb, 3 \n")
    assert codes(found) == [(1, "images_per_prompt", "invalid_value")]
    assert [draft.data["images_per_prompt"] for draft in found.drafts] == [3]


@pytest.mark.parametrize(
    "cell",
    ["lan.png;market.jpg", " lan.png ; market.jpg ;", "lan.png|market.jpg", "lan.png\nmarket.jpg"],
)
def test_a_cell_may_name_several_pictures(cell: str) -> None:
    found = read(f'prompt,title\na,"{cell}"\n')
    assert found.drafts[0].data["reference_images_by_cat"] == {"title": ["l", "m"]}


def test_a_picture_whose_name_holds_a_semicolon_is_found() -> None:
    found = read('prompt,title\na,"lan; red.png"\n', pictures={"lan; red.png": "x"})
    assert found.drafts[0].data["reference_images_by_cat"] == {"title": ["x"]}


def test_more_pictures_in_a_cell_than_a_category_takes_are_told_once() -> None:
    found = read('prompt,title\na,"a;b;c;d;e;f"\n')
    assert codes(found) == [(1, "title", "too_many_references_in_category")]


NFC_NAME = unicodedata.normalize("NFC", "chợ nổi.png")
NFD_NAME = unicodedata.normalize("NFD", NFC_NAME)


@pytest.mark.parametrize(("written", "given_name"), [
    ("LAN.PNG", "lan.png"), ("lan.png", "Lan.PNG"),
    (NFD_NAME, NFC_NAME), (NFC_NAME, NFD_NAME), (NFD_NAME.upper(), NFC_NAME),
    ("refs/lan.png", "lan.png"), (r"C:\refs\Lan.png", "lan.png"), ("lan.png", "refs/lan.png"),
])  # fmt: skip
def test_a_picture_is_found_though_written_a_little_differently(
    written: str, given_name: str
) -> None:
    found = read(f"prompt,title\na,{written}\n", pictures={given_name: "x"})
    assert found.drafts[0].data["reference_images_by_cat"] == {"title": ["x"]}


def test_the_exact_name_wins_and_a_doubtful_one_is_asked_about() -> None:
    found = read("prompt,title\na,lan.png\nb,LAN.png\n", pictures={"lan.png": "x", "Lan.png": "y"})
    assert [draft.data["reference_images_by_cat"] for draft in found.drafts] == [{"title": ["x"]}]
    assert codes(found) == [(2, "title", "picture_ambiguous")]


@pytest.mark.parametrize("name", ["storyboard.xlsx", "a.pdf", "csv", "", ".csv.exe"])
def test_other_kinds_of_files_are_refused(name: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read("prompt\na\n", name=name)
    assert refused.value.code == "file_type_unknown"


def test_the_ending_may_be_in_capitals_and_behind_folders() -> None:
    assert len(read("prompt\na\n", name=r"C:\work\TABLE.CSV").drafts) == 1
    assert len(read("name\tprompt\nA\ta\n", name="table.tsv").drafts) == 1


def test_many_different_pictures_are_listed_without_delay() -> None:
    names = [f"{number}.png" for number in range(30_000)]
    rows = [",".join(["a", *names[at : at + 3]]) for at in range(0, len(names), 3)]
    found = read("\n".join(["prompt,title,scene,style", *rows]))
    assert found.wanted_pictures == names


@given(some.sampled_from(["a.csv", "a.tsv", "a.txt"]), some.booleans(), some.binary(max_size=300))
def test_random_bytes_are_read_or_refused_and_never_crash(
    name: str, with_header: bool, noise: bytes
) -> None:
    content = (b"name,prompt\n" if with_header else b"") + noise
    _read_or_refuse(name, content)


@given(
    some.text('sep=;,\t\n\r "\ufeffprompt\0é', max_size=40),
    some.sampled_from(["utf-8", "utf-16", "cp1252"]),
)
def test_broken_tables_are_read_or_refused_and_never_crash(text: str, encoding: str) -> None:
    _read_or_refuse("a.csv", text.encode(encoding, errors="replace"))


def _read_or_refuse(name: str, content: bytes) -> None:
    try:
        found = read_drafts(name, content, pictures={}, defaults={})
    except InvalidInput:
        return
    assert all(draft.data["prompt"].strip() for draft in found.drafts)


def _failing(text: str, name: str = "a.csv") -> Callable[[], Drafts]:
    return lambda: read(text, name=name, pictures={"lan.png": "x", "Lan.png": "y"})


def _many(content: bytes) -> Callable[[], Drafts]:
    return lambda: read_drafts("a.csv", content, pictures={}, defaults={})


FAILURES = {
    "file_type_unknown": _failing("a", name="a.xlsx"),
    "file_empty": _failing(""),
    "file_too_large": _many(b"a" * 11 * 1024 * 1024),
    "file_unreadable": _many(b"\0\xff"),
    "too_many_rows": _many(b"prompt\n" + b"a\n" * 10_001),
    "too_many_columns": _failing("prompt" + ",a" * 64),
    "column_twice": _failing("prompt,prompts\n"),
    "no_prompt_column": _failing("shot\n"),
    "nul_character": _failing("prompt\na\0\n"),
    "quote_unbalanced": _failing('prompt\n"a\n'),
    "too_many_cells": _failing("name,prompt\nA,b,c\n"),
    "cell_too_large": _failing("prompt\n" + "a" * 33_000),
    "columns_unknown": _failing("prompt,camera\n"),
    "encoding_guessed": _many("prompt\nUn café crème près de là\n".encode("latin-1")),
    "prompt_empty": _failing("name,prompt\nA,\n"),
    "invalid_value": _failing("prompt,seed\na,b\n"),
    "picture_missing": _failing("prompt,title\na,b.png\n"),
    "picture_ambiguous": _failing("prompt,title\na,LAN.png\n"),
    "too_many_references_in_category": _failing("prompt,title\na,1|2|3|4|5|6\n"),
    "separator_unknown": lambda: read_drafts(
        "a.txt", b"a", pictures={}, defaults={}, separator="comma"
    ),
    "export_type_unknown": lambda: _written("xlsx"),
}


def _written(file_type: str) -> Drafts:
    written(file_type, [], {})
    return Drafts([], [], [])


def _params_of(code: str) -> Mapping[str, str]:
    try:
        found = FAILURES[code]()
    except InvalidInput as refused:
        params = {refused.code: refused.params}
    else:
        params = {problem.code: problem.params for problem in found.problems}
    return params[code]


@pytest.mark.parametrize("code", FAILURES)
@pytest.mark.parametrize("language", ["en", "vi"])
def test_every_failure_has_a_sentence_that_says_all_it_knows(code: str, language: str) -> None:
    words = json.loads((STATIC / "i18n" / f"{language}.json").read_text(encoding="utf-8"))
    placeholders = set(re.findall(r"{(\w+)}", words[f"error.{code}"]))
    assert placeholders == set(_params_of(code))


def test_no_failure_of_the_intake_is_missing_from_the_list() -> None:
    (folder,) = app.intake.__path__
    used = {code for file in Path(folder).glob("*.py") for code in _codes_in(file)}
    assert used == set(FAILURES)


def _codes_in(file: Path) -> set[str]:
    """The texts in a file's code that are codes of failures."""
    words = json.loads((STATIC / "i18n" / "en.json").read_text(encoding="utf-8"))
    parts = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    texts = {part.value for part in parts if isinstance(part, ast.Constant)}
    return {text for text in texts if isinstance(text, str) and f"error.{text}" in words}
