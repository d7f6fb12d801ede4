"""`whisk add`: texts, files and stdin become tasks, all of them or none."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.cli.conftest import Whisk

Answered = Callable[..., Any]
SAMPLES = Path(__file__).resolve().parents[2] / "static" / "samples"


def rows(answered: Answered) -> list[dict[str, Any]]:
    return answered("list", "--all")["tasks"]


def test_every_text_is_one_prompt_however_many_lines_it_has(answered: Answered) -> None:
    added = answered("add", "a boat", "a river\nat noon")

    assert added["added"] == 2
    assert [row["id"] for row in rows(answered)] == added["ids"]
    assert [row["prompt"] for row in rows(answered)] == ["a boat", "a river\nat noon"]


def test_a_person_reads_how_many_were_added(whisk: Whisk) -> None:
    assert whisk("add", "a boat", "a river").stdout == "Added 2 task(s).\n"
    assert whisk("add", "a boat", "--quiet").stdout == ""


@pytest.mark.parametrize("words", [["-"], ["--file", "-"]])
def test_stdin_holds_one_prompt_a_line(answered: Answered, words: list[str]) -> None:
    answered("add", *words, text="a boat\n\na river\n")

    assert [row["prompt"] for row in rows(answered)] == ["a boat", "a river"]


def test_stdin_may_hold_blocks_between_blank_lines(answered: Answered) -> None:
    answered("add", "-", "--separator", "blank", text="a boat\nat dawn\n\na river\n")

    assert [row["prompt"] for row in rows(answered)] == ["a boat\nat dawn", "a river"]


@pytest.mark.parametrize("text", ["", "\n \n", b"\xff\xfe\xfa"])
def test_stdin_without_prompts_is_refused(whisk: Whisk, text: str | bytes) -> None:
    assert whisk("add", "-", text=text).exit_code == 2


def test_options_say_how_it_is_painted(answered: Answered) -> None:
    answered(
        "add", "a boat", "--model", "Painter", "--ratio", "1:1", "--quality", "2K",
        "--images", "3", "--negative", "fog", "--seed", "7", "--name", "Boat",
    )  # fmt: skip

    (row,) = rows(answered)
    assert (row["model"], row["aspect_ratio"], row["quality"]) == ("painter:painter", "1:1", "2K")
    assert (row["images_per_prompt"], row["negative_prompt"], row["seed"]) == (3, "fog", 7)
    assert row["task_name"] == "Boat"


def test_without_a_model_the_chosen_one_paints(answered: Answered) -> None:
    answered("add", "a boat")

    assert rows(answered)[0]["model"] == "painter:painter"


def test_pictures_of_this_machine_become_references(answered: Answered) -> None:
    lan, market = SAMPLES / "refs" / "lan.png", SAMPLES / "refs" / "market.jpg"

    answered("add", "a boat", "--title", str(lan), "--scene", str(market), "--scene", str(lan))

    by_category = rows(answered)[0]["reference_images_by_cat"]
    assert {name: len(ids) for name, ids in by_category.items()} == {
        "title": 1, "scene": 2, "style": 0,
    }  # fmt: skip


def test_a_picture_that_is_none_is_named_and_nothing_is_added(
    whisk: Whisk, answered: Answered, tmp_path: Path
) -> None:
    (tmp_path / "notes.png").write_text("not a picture")

    result = whisk("add", "a boat", "--title", str(tmp_path / "notes.png"))

    assert result.exit_code == 4
    assert result.stderr.startswith(f"{tmp_path / 'notes.png'}: This is not a PNG")
    assert whisk("add", "a boat", "--title", str(tmp_path / "absent.png")).exit_code == 4
    assert rows(answered) == []


def test_the_sample_storyboard_is_added_with_its_pictures(answered: Answered) -> None:
    added = answered("add", "--file", str(SAMPLES / "storyboard.csv"))

    assert added["added"] == 24
    assert rows(answered)[1]["reference_images_by_cat"]["title"] != []


def test_options_fill_what_a_row_leaves_out(answered: Answered, storyboard: Any) -> None:
    file = storyboard("prompt,aspect_ratio", "a boat,1:1", "a river,")

    answered("add", "--file", str(file), "--ratio", "4:3")

    assert [row["aspect_ratio"] for row in rows(answered)] == ["1:1", "4:3"]


def test_one_bad_row_adds_none_and_is_named(
    whisk: Whisk, answered: Answered, storyboard: Any
) -> None:
    file = storyboard("prompt,images", "a boat,1", "a river,99")

    result = whisk("add", "--file", str(file))

    assert result.exit_code == 4
    assert "Row 2: Images per prompt must be between" in result.stderr
    assert "--only-right" in result.stderr
    assert rows(answered) == []


def test_a_program_learns_which_rows_are_wrong(whisk: Whisk, storyboard: Any) -> None:
    file = storyboard("prompt,images", "a boat,1", "a river,99")

    told = json.loads(whisk("add", "--file", str(file), "--json").stdout)

    assert told["code"] == "import_has_problems"
    assert [problem["row"] for problem in told["data"]["problems"]] == [2]


def test_only_the_right_rows_may_be_added(answered: Answered, storyboard: Any) -> None:
    file = storyboard("prompt,images", "a boat,1", "a river,99")

    assert answered("add", "--file", str(file), "--only-right")["added"] == 1


def picture(file: Path) -> Path:
    file.parent.mkdir(exist_ok=True, parents=True)
    Image.new("RGB", (32, 32), "teal").save(file)
    return file


def test_a_picture_outside_the_folder_of_the_file_is_never_sent(
    whisk: Whisk, storyboard: Any, tmp_path: Path
) -> None:
    """Whoever wrote the file must not choose what else of this disk leaves it."""
    secret = picture(tmp_path / "private" / "secret.png")
    names = [str(secret), "../private/secret.png"]
    names.append("refs/link.png")
    (tmp_path / "shared" / "refs").mkdir(parents=True)
    (tmp_path / "shared" / "refs" / "link.png").symlink_to(secret)
    for name in names:
        file = storyboard("prompt,title", f"a boat,{name}", name="shared/rows.csv")

        result = whisk("add", "--file", str(file))

        assert result.exit_code == 4, name
        assert "is not among the files given" in result.stderr


def test_of_two_pictures_with_one_name_a_person_chooses(
    whisk: Whisk, storyboard: Any, tmp_path: Path
) -> None:
    picture(tmp_path / "one" / "lan.png")
    picture(tmp_path / "two" / "lan.png")
    file = storyboard("prompt,title", "a boat,lan.png")

    result = whisk("add", "--file", str(file))

    assert result.exit_code == 4
    assert "one/lan.png, two/lan.png" in result.stderr.replace("\\", "/")


def test_texts_and_a_file_together_are_refused(whisk: Whisk, storyboard: Any) -> None:
    assert whisk("add", "a boat", "--file", str(storyboard("prompt", "x"))).exit_code == 2
    assert whisk("add", "--file", "no/such/file.csv").exit_code == 4
