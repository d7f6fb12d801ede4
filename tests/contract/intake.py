"""Texts and files that become tasks, and tasks that become files."""

import csv
import io
import json
from typing import Any

import pytest

from app.api.base_api import BaseApi
from app.api.models import MediaContent
from tests.contract.promises import PAINTER, Promises, picture
from tests.contract.running import refused
from tests.puppet import MODEL, Puppet

FIELDS = ("task_name", "prompt", "aspect_ratio", "quality", "images_per_prompt", "model",
          "negative_prompt", "seed", "filename_prefix", "reference_images_by_cat")  # fmt: skip


class Intake(Promises):
    """`split_prompts`, `import_tasks`."""

    def test_prompts_are_split_by_line_or_by_blank_line(self, api: BaseApi) -> None:
        text = "one\ntwo\n\n  three  \n"

        assert api.split_prompts(text).data == ["one", "two", "three"]
        assert api.split_prompts(text, "blank").data == ["one\ntwo", "three"]
        assert api.split_prompts(text, "comma").code == "separator_unknown"

    def test_a_file_with_a_bad_row_adds_none_unless_told_to(self, api: BaseApi) -> None:
        table = b"prompt,aspect_ratio\na boat,16:9\na fox,5:3\n"

        refused = api.import_tasks("a.csv", table, defaults={"model": MODEL})
        assert refused.code == "import_has_problems"
        assert refused.data["problems"][0]["code"] == "ratio_unsupported"
        assert api.get_queue().total == 0

        added = api.import_tasks("a.csv", table, defaults={"model": MODEL}, only_right=True)
        assert (added.total, added.data["wrong"]) == (1, 1)
        assert [row["prompt"] for row in api.get_queue().data] == ["a boat"]

    def test_only_checking_adds_nothing(self, api: BaseApi) -> None:
        answer = api.import_tasks("a.txt", b"one\n\ntwo", only_check=True)

        assert (answer.data["right"], answer.data["added"]) == (2, 0)
        assert [row["prompt"] for row in answer.data["tasks"]] == ["one", "two"]
        assert api.get_queue().total == 0

    def test_pictures_are_found_by_file_name(self, api: BaseApi) -> None:
        reference = api.add_reference("lan.png", picture()).data["id"]

        answer = api.import_tasks(
            "a.csv", b"prompt,style\na boat,lan.png\n", pictures={"lan.png": reference}
        )

        assert (answer.total, answer.data["pictures"]) == (1, ["lan.png"])
        (row,) = api.get_queue().data
        assert row["reference_images_by_cat"]["style"] == [reference]

    @pytest.mark.parametrize(
        ("name", "content", "code"),
        [
            ("a.docx", b"x", "file_type_unknown"),
            ("a.csv", b"", "file_empty"),
            ("a.csv", b"a,b\n1,2\n", "no_prompt_column"),
            ("a.txt", b"x" * (10 * 1024 * 1024 + 1), "file_too_large"),
        ],
        ids=["kind", "empty", "columns", "size"],
    )
    def test_a_file_that_cannot_be_read_says_why(
        self, api: BaseApi, name: str, content: bytes, code: str
    ) -> None:
        assert api.import_tasks(name, content).code == code


class Export(Promises):
    """`export_tasks`."""

    def exported(self, api: BaseApi, *args: Any, **options: Any) -> MediaContent:
        answer = api.export_tasks(*args, **options)
        assert answer.success, answer.message
        return answer.data

    def table(self, api: BaseApi) -> list[dict[str, str]]:
        text = self.exported(api).read().decode("utf-8-sig")
        return list(csv.DictReader(io.StringIO(text, newline="")))

    def test_json_is_the_queue_as_it_is(self, api: BaseApi) -> None:
        self.add_named(api, "ab")
        self.finished(api)

        content = self.exported(api, "json")

        assert json.loads(content.read()) == api.get_queue().data
        assert (content.mime_type, content.file_name) == ("application/json", "whisk-queue.json")

    def test_an_empty_queue_is_an_empty_file(self, api: BaseApi) -> None:
        assert json.loads(self.exported(api, "json").read()) == []
        assert self.table(api) == []

    def test_only_the_wanted_tasks_come_in_queue_order(self, api: BaseApi) -> None:
        ids = self.add_named(api, "abc")

        content = self.exported(api, "json", task_ids=[ids["c"], "nobody", ids["a"]])

        assert [row["prompt"] for row in json.loads(content.read())] == ["a", "c"]
        assert json.loads(self.exported(api, "json", task_ids=[]).read()) == []

    def test_a_table_can_be_imported_again(self, api: BaseApi) -> None:
        ids = [api.add_reference(f"{c}.png", picture(c)).data["id"] for c in ("red", "blue")]
        self.add(api, "two\nlines, \"quoted\"; 🦊", task_name="Cảnh 1", images_per_prompt=3,
                 aspect_ratio="9:16", quality="2K", filename_prefix="scene")  # fmt: skip
        self.add(api, "a heron", model=PAINTER, seed=7, reference_images_by_cat={"style": ids})
        before = api.get_queue().data
        content = self.exported(api).read()

        answer = api.import_tasks(
            "whisk-queue.csv", content, pictures={"red.png": ids[0], "blue.png": ids[1]}
        )

        assert answer.total == 2, answer.data
        after = api.get_queue().data[2:]
        assert [[row[name] for name in FIELDS] for row in after] == [
            [row[name] for name in FIELDS] for row in before
        ]

    @pytest.mark.parametrize("text", ["=1+1", "+x", "-x", "@SUM(A1)", "'=1", "''-1", "'quoted'"])
    def test_no_cell_is_a_formula_and_import_takes_the_guard_away(
        self, api: BaseApi, text: str
    ) -> None:
        self.add(api, text, task_name=text, filename_prefix=text)

        (cells,) = self.table(api)
        api.import_tasks("whisk-queue.csv", self.exported(api).read())

        assert [name for name, cell in cells.items() if cell[:1] in set("=+-@")] == []
        assert [
            (row["prompt"], row["task_name"], row["filename_prefix"])
            for row in api.get_queue().data
        ] == [(text, text, text)] * 2

    def test_a_table_tells_what_became_of_each_task(self, api: BaseApi, puppet: Puppet) -> None:
        puppet.script.append(refused())
        api.update_settings({"concurrency": 1})
        self.add_named(api, "ab")
        rows = self.finished(api)

        table = self.table(api)

        assert [cells["status"] for cells in table] == ["error", "completed"]
        assert "no faces" in table[0]["message"]
        assert table[1]["output_images"] == rows[1]["output_image"]
        assert [cells["id"] for cells in table] == [row["id"] for row in rows]

    def test_an_unknown_type_is_refused(self, api: BaseApi) -> None:
        answer = api.export_tasks("xlsx")

        assert (answer.code, answer.field) == ("export_type_unknown", "file_type")
