"""From bytes to rows of cells: delimiters, encodings, limits, damage."""

import codecs
import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as some

from app.errors import InvalidInput
from app.intake.tables import MAX_CELL_CHARS, MAX_ROWS, Table, read_table

MEGABYTE = 1024 * 1024
VIETNAMESE = "Toàn cảnh chợ nổi lúc bình minh, sương mù trên sông, ánh sáng cam dịu"
# Windows-1258 lacks many vowels with a tone, and writes the tone as a letter of its own.
TONES_APART = {"ả": "a\u0309", "ợ": "ơ\u0323", "ổ": "ô\u0309", "ì": "i\u0300", "ị": "i\u0323"}


def table(text: str) -> Table:
    return read_table("table.csv", text.encode())


def cells(found: Table) -> list[tuple[str, ...]]:
    return [row.cells for row in found.rows]


def codes(found: Table) -> list[tuple[int, str, str]]:
    return [(problem.row, problem.field, problem.code) for problem in found.problems]


def refusal(content: bytes) -> InvalidInput:
    with pytest.raises(InvalidInput) as refused:
        read_table("table.csv", content)
    return refused.value


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_header_tells_the_delimiter(delimiter: str) -> None:
    found = table(f"name{delimiter}prompt\nA{delimiter}a red boat\n")
    assert cells(found) == [("A", "a red boat")]


def test_delimiters_inside_cells_do_not_confuse() -> None:
    assert cells(table("name;prompt\nA;fish, rice, tea\n")) == [("A", "fish, rice, tea")]


def test_the_line_that_excel_writes_decides_the_delimiter() -> None:
    assert cells(table("sep=;\nname;prompt\nA;b\n")) == [("A", "b")]


def test_in_a_single_column_nothing_splits() -> None:
    found = table("prompt\nfish, rice; tea\tand more\n")
    assert cells(found) == [("fish, rice; tea\tand more",)]


def test_line_breaks_within_quotes_stay_and_crlf_ends_rows() -> None:
    assert cells(table('prompt\r\n"a\r\nb"\r\nc\r\n')) == [("a\nb",), ("c",)]


def test_blank_rows_are_skipped_but_counted() -> None:
    found = table("\n,\nname,prompt\n\nA,a\n,\n \nB,b\n")
    assert [(row.number, row.cells[0]) for row in found.rows] == [(2, "A"), (5, "B")]


def test_missing_cells_are_empty_and_blank_extra_ones_ignored() -> None:
    assert cells(table("prompt,style\na\nb,c,,\n")) == [("a", ""), ("b", "c")]


def test_an_unquoted_comma_in_a_text_is_told_and_not_cut_off() -> None:
    found = table("name,prompt\nA,fish, rice\nB,tea\n")
    assert codes(found) == [(1, "", "too_many_cells")]
    assert cells(found) == [("B", "tea")]


@pytest.mark.parametrize(
    "header",
    ["tên,mô tả,tỉ lệ,chất lượng,số ảnh,chủ thể,bối cảnh,phong cách",
     "TÊN,MÔ TẢ,TỶ LỆ,CHẤT LƯỢNG,SỐ ẢNH,CHỦ THỂ,BỐI CẢNH,PHONG CÁCH",
     "ten,mo_ta,ti_le,chat-luong,so anh,chu the,boi canh,phong cach",
     "Name,Prompt,Aspect Ratio,QUALITY,images,Title,scene, Style "],
)  # fmt: skip
def test_columns_are_known_in_both_languages_whatever_case_and_accents(header: str) -> None:
    assert list(table(f"{header}\nA,b\n").columns.position) == [
        "task_name", "prompt", "aspect_ratio", "quality", "images_per_prompt",
        "title", "scene", "style",
    ]  # fmt: skip


def test_a_table_without_prompts_names_the_columns_it_has() -> None:
    error = refusal(b"shot,camera\n1,wide\n")
    assert error.code == "no_prompt_column"
    assert "shot, camera" in error.message


def test_two_columns_of_one_meaning_are_refused() -> None:
    assert refusal("prompt,mô tả\na,b\n".encode()).code == "column_twice"


@pytest.mark.parametrize("mark_and_encoding", [
    (codecs.BOM_UTF8, "utf-8"), (b"", "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"),
    (codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be"),
])  # fmt: skip
def test_unicode_is_read_without_a_guess(mark_and_encoding: tuple[bytes, str]) -> None:
    mark, encoding = mark_and_encoding
    found = read_table("table.csv", mark + f'prompt\n"{VIETNAMESE}"\n'.encode(encoding))
    assert cells(found) == [(VIETNAMESE,)]
    assert found.problems == []


@pytest.mark.parametrize(("text", "encoding", "told"), [
    (VIETNAMESE.translate(str.maketrans(TONES_APART)), "cp1258", "windows-1258"),
    ("Un café crème près de la fenêtre, lumière dorée", "latin-1", "windows-1252"),
])  # fmt: skip
def test_older_encodings_are_guessed_and_told(text: str, encoding: str, told: str) -> None:
    found = read_table("table.csv", f'prompt\n"{text}"\n'.encode(encoding))
    assert cells(found) == [(text,)]
    (notice,) = found.problems
    assert (notice.code, notice.severity) == ("encoding_guessed", "notice")
    assert notice.params == {"encoding": told}


@pytest.mark.parametrize("content", [
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\xff\xfe\x80",
    codecs.BOM_UTF16_LE + b"p",
    codecs.BOM_UTF8 + b"prompt\n\xff",
    f"prompt\n{VIETNAMESE}".encode()[:-2] + b"\xff\n",
])  # fmt: skip
def test_what_is_no_text_is_refused_and_not_garbled(content: bytes) -> None:
    assert refusal(content).code == "file_unreadable"


@pytest.mark.parametrize(
    "content", [b"", b" \n", codecs.BOM_UTF8, codecs.BOM_UTF16_LE, b",,\n", b";;", b"sep=;\n"]
)
def test_a_file_without_anything_is_empty(content: bytes) -> None:
    assert refusal(content).code == "file_empty"


def test_a_nul_is_told_where_it_stands() -> None:
    found = table("name,prompt\nA,a\0b\nB,b\n")
    assert codes(found) == [(1, "prompt", "nul_character")]
    assert cells(found) == [("B", "b")]
    assert refusal(b"na\0me,prompt\nA,b\n").code == "nul_character"


def test_a_quote_that_never_closes_ends_the_reading_at_its_line() -> None:
    found = table('name,prompt\nA,a\nB,"b\nC,c\n')
    assert cells(found) == [("A", "a")]
    assert codes(found) == [(2, "", "quote_unbalanced")]
    assert found.problems[0].params == {"line": "3"}
    assert refusal(b'"prompt\na\n').code == "quote_unbalanced"


def test_a_cell_of_ten_megabytes_is_told_and_the_others_are_read() -> None:
    found = table(f"name,prompt\nA,{'a' * (10 * MEGABYTE - 100)}\nB,b\n")
    assert codes(found) == [(1, "prompt", "cell_too_large")]
    assert cells(found) == [("B", "b")]


def test_the_longest_cell_is_read_whole() -> None:
    assert cells(table(f"prompt\n{'a' * MAX_CELL_CHARS}\n")) == [("a" * MAX_CELL_CHARS,)]


def test_eleven_megabytes_are_refused() -> None:
    assert refusal(b"prompt\n" + b"a" * 11 * MEGABYTE).code == "file_too_large"


def test_ten_thousand_rows_are_read_and_one_more_is_refused() -> None:
    rows = b"prompt\n" + b"a\n" * MAX_ROWS
    assert len(read_table("table.csv", rows).rows) == 10_000
    assert refusal(rows + b"a\n").code == "too_many_rows"


def test_a_guessed_encoding_does_not_count_as_a_row() -> None:
    rows = b"prompt\n" + "café crème brûlée\n".encode("cp1252") * MAX_ROWS
    assert len(read_table("table.csv", rows).rows) == 10_000
    assert refusal(rows + b"a\n").code == "too_many_rows"


def test_a_header_of_megabytes_is_refused_quickly() -> None:
    assert refusal(b"prompt" + b",a" * MEGABYTE).code == "too_many_columns"


def test_sixty_four_columns_are_the_most() -> None:
    assert len(table("prompt" + ",a" * 63 + "\nb\n").columns.names) == 64
    assert refusal(b"prompt" + b",a" * 64).code == "too_many_columns"


WORDS = some.text(some.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60)


@given(some.lists(WORDS, max_size=6), some.sampled_from([",", ";", "\t"]), some.booleans())
def test_whatever_the_csv_module_writes_is_read_back(
    prompts: list[str], delimiter: str, with_mark: bool
) -> None:
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=delimiter)
    writer.writerows([["name", "prompt"], *(["A", prompt] for prompt in prompts)])
    content = file.getvalue().encode("utf-8-sig" if with_mark else "utf-8")
    found = read_table("table.csv", content)
    assert [prompt.strip() for _, prompt in cells(found)] == [
        prompt.replace("\r\n", "\n").replace("\r", "\n").strip() for prompt in prompts
    ]
    assert found.problems == []
