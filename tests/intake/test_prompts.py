"""One text, many prompts."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from app.errors import InvalidInput
from app.intake.prompts import split_prompts

SAMPLES = Path(__file__).parents[2] / "static" / "samples"

# What a prompt may hold without being split or trimmed: no line break, no white space around it.
LINES = some.text(
    some.characters(exclude_categories=["Cs"], exclude_characters="\n\r\u2028\u2029\ufeff")
).filter(lambda line: line and line == line.strip())
BLOCKS = some.lists(LINES, min_size=1, max_size=4).map("\n".join)
LINE_BREAKS = some.sampled_from(["\n", "\r\n", "\r"])


def test_the_sample_holds_twenty_four_prompts_of_which_one_has_two_lines() -> None:
    text = (SAMPLES / "prompts.txt").read_text(encoding="utf-8")
    prompts = split_prompts(text, "blank")
    assert len(prompts) == 24
    assert [prompt for prompt in prompts if "\n" in prompt] == [
        "A quiet river at noon.\nIn the foreground: one white heron, wings half open."
    ]


def test_nothing_of_the_sample_is_lost() -> None:
    text = (SAMPLES / "prompts.txt").read_text(encoding="utf-8")
    written = [line for line in text.split("\n") if line]
    assert split_prompts(text, "line") == written
    assert "\n".join(split_prompts(text, "blank")).split("\n") == written


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r", "\u2028", "\u2029"])
def test_every_kind_of_line_break_splits(line_break: str) -> None:
    text = line_break.join(["one", "two", "", " \t ", "three", ""])
    assert split_prompts(text, "line") == ["one", "two", "three"]
    assert split_prompts(text, "blank") == ["one\ntwo", "three"]


@pytest.mark.parametrize("inside", ["\v", "\f", "\x85", "\x1c", "\xa0", "\u200b", "\t"])
def test_what_only_python_takes_for_a_line_break_stays_in_the_prompt(inside: str) -> None:
    assert split_prompts(f"a{inside}b", "line") == [f"a{inside}b"]


def test_a_byte_order_mark_is_dropped_at_the_start_and_kept_inside() -> None:
    assert split_prompts("\ufeffa\ufeffb", "line") == ["a\ufeffb"]


def test_lines_inside_a_block_keep_their_indentation() -> None:
    assert split_prompts("  a\n    b  \n", "blank") == ["a\n    b"]


@pytest.mark.parametrize("text", ["", "\ufeff", "\n\n", " \r\n\t"])
@pytest.mark.parametrize("separator", ["line", "blank"])
def test_a_text_without_words_holds_no_prompt(text: str, separator: str) -> None:
    assert split_prompts(text, separator) == []


def test_an_unknown_separator_is_refused_by_name() -> None:
    with pytest.raises(InvalidInput) as refused:
        split_prompts("a", "comma")
    assert (refused.value.code, refused.value.field) == ("separator_unknown", "separator")
    assert "comma" in refused.value.message


@given(some.lists(BLOCKS), LINE_BREAKS, some.integers(1, 3))
def test_blocks_joined_by_blank_lines_come_apart_again(
    blocks: list[str], line_break: str, blank_lines: int
) -> None:
    text = ("\n" * (blank_lines + 1)).join(blocks).replace("\n", line_break)
    assert split_prompts(text, "blank") == blocks


@given(some.lists(LINES), LINE_BREAKS)
def test_joined_lines_come_apart_again(lines: list[str], line_break: str) -> None:
    assert split_prompts(line_break.join(lines), "line") == lines
