"""Pictures that come in and pictures that were painted."""

import io

import pytest
from PIL import Image

from app.api.base_api import BaseApi
from tests.contract.promises import Promises, picture, task


class References(Promises):
    """`add_reference`, `get_references`, `read_reference`."""

    def test_the_same_picture_twice_is_one_reference(self, api: BaseApi) -> None:
        first = api.add_reference("lan.png", picture()).data
        second = api.add_reference("other.png", picture()).data

        assert first["id"] == second["id"]
        assert (first["width"], first["height"]) == (64, 48)

    def test_an_open_file_is_as_good_as_its_bytes(self, api: BaseApi) -> None:
        whole = api.add_reference("lan.png", picture()).data

        assert api.add_reference("lan.png", io.BytesIO(picture())).data == whole

    def test_a_reference_can_be_read_back_large_and_small(self, api: BaseApi) -> None:
        reference = api.add_reference("lan.png", picture("red")).data

        large = api.read_reference(reference["id"]).data
        small = api.read_reference(reference["id"], thumbnail=True).data

        assert Image.open(io.BytesIO(large.read())).getpixel((5, 5)) == (255, 0, 0)
        assert Image.open(io.BytesIO(small.read())).format == "WEBP"
        assert large.sha256 != small.sha256

    def test_references_are_told_by_id(self, api: BaseApi) -> None:
        reference = api.add_reference("lan.png", picture()).data

        assert api.get_references(["nobody", reference["id"]]).data == [reference]

    @pytest.mark.parametrize(
        "name", ["đèn lồng.png", "../../etc/passwd", "C:\\x.png", 'a"b\r\nc.png', "x" * 300, ""]
    )
    def test_a_file_name_is_only_text(self, api: BaseApi, name: str) -> None:
        answer = api.add_reference(name, picture())

        assert answer.success
        assert answer.data["file_name"] == name[:200] or not name
        assert api.read_reference(answer.data["id"]).success

    def test_half_a_letter_is_no_file_name(self, api: BaseApi) -> None:
        answer = api.add_reference("a\ud800.png", picture())

        assert (answer.code, answer.field) == ("invalid_value", "file_name")

    @pytest.mark.parametrize(
        ("content", "code"),
        [
            (b"", "picture_empty"),
            (b"just words, no picture", "picture_type_unknown"),
            (picture()[: len(picture()) // 2], "picture_damaged"),
            (b"\x89PNG\r\n\x1a\n" + bytes(25_000_001), "picture_too_large"),
        ],
        ids=["empty", "words", "half", "huge"],
    )
    def test_what_is_no_whole_picture_is_refused(
        self, api: BaseApi, content: bytes, code: str
    ) -> None:
        for file in (content, io.BytesIO(content)):
            answer = api.add_reference("ref.png", file)
            assert (answer.success, answer.code) == (False, code)

    def test_references_keep_their_category_and_order(self, api: BaseApi) -> None:
        ids = [api.add_reference(f"{c}.png", picture(c)).data["id"] for c in ("red", "blue")]

        row = self.add(api, reference_images_by_cat={"style": ids[::-1]})

        assert row["reference_images_by_cat"] == {"title": [], "scene": [], "style": ids[::-1]}

    def test_six_in_one_category_or_eleven_in_all_are_too_many(self, api: BaseApi) -> None:
        one = api.add_reference("one.png", picture()).data["id"]
        six = api.add_to_queue(task(reference_images_by_cat={"title": [one] * 6}))
        eleven = api.add_to_queue(
            task(
                reference_images=[one],
                reference_images_by_cat={"title": [one] * 5, "scene": [one] * 5},
            )
        )

        assert six.code == "too_many_references_in_category"
        assert eleven.code == "too_many_references"


class Images(Promises):
    """`get_images`, `read_image`."""

    def test_a_deleted_task_s_image_stays(self, api: BaseApi) -> None:
        row = self.add(api)
        (finished,) = self.finished(api)

        api.delete_tasks([row["id"]])

        assert api.read_image(finished["output_image"]).success
        assert api.get_images([finished["output_image"]]).total == 1

    def test_an_unknown_image_is_not_found(self, api: BaseApi) -> None:
        assert api.get_images(["nobody"]).data == []
        assert api.get_references(["nobody"]).data == []

    @pytest.mark.parametrize("name", ["nobody", "", "a/b", "..", "a\0b", "ả", "x" * 300, "%2e"])
    @pytest.mark.parametrize("thumbnail", [False, True])
    def test_what_can_be_no_id_is_not_found(self, api: BaseApi, name: str, thumbnail: bool) -> None:
        assert api.read_image(name, thumbnail=thumbnail).code == "image_not_found"
        assert api.read_reference(name, thumbnail=thumbnail).code == "reference_not_found"
