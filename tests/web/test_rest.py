import io
import time
from urllib.parse import unquote

import pytest
from PIL import Image

from app.api.base_api import BaseApi
from app.api.mock_api import MockApi
from app.api.models import ApiResponse, MediaContent
from app.auth.sessions import Principal
from app.models import LOCAL_ADMIN, Role, UserInfo
from app.web.answers import encoded
from app.web.media import picture

ORIGIN = "http://127.0.0.1:8080"
CSV = "name,prompt\nHeron,A heron on a rooftop\nLantern,\n"


@pytest.fixture
def api():
    api = MockApi()
    api.open()
    yield api
    api.close()


@pytest.fixture
def browser(house):
    return house.signed_in()


def png(colour="teal"):
    buffer = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(buffer, "PNG")
    return buffer.getvalue()


def send(browser, path, **form):
    return browser.post(path, headers={"origin": ORIGIN}, **form)


def upload(browser, content, **fields):
    files = {"file": ("a.png", content)}
    return send(browser, "/api/v1/references", files=files, data=fields)


@pytest.fixture
def reference(browser):
    return upload(browser, png()).json()["data"]["id"]


# --- the queue --------------------------------------------------------------------------------


def test_the_queue_comes_whole_with_its_cursor(browser, api):
    api.add_many([{"prompt": "A heron"}, {"prompt": "Một chiếc đèn lồng"}])

    answer = browser.get("/api/v1/changes")

    data = answer.json()["data"]
    assert answer.status_code == 200
    assert [row["prompt"] for row in data["rows"]] == ["A heron", "Một chiếc đèn lồng"]
    assert data["rows"][0]["status"] == "pending"
    assert data["cursor"] == api.get_changes(0).data["cursor"]
    assert browser.get("/api/v1/tasks/all").json()["data"] == data["rows"]


def test_ten_thousand_rows_are_encoded_in_well_under_a_second(browser, api):
    api.add_many([{"prompt": f"Heron number {number}"} for number in range(10_000)])
    answer = api.get_changes(0)
    browser.get("/api/v1/changes")

    before = time.process_time()
    body = encoded(answer)

    assert time.process_time() - before < 0.5
    assert len(body) > 1_000_000


def operations(browser):
    """Every operation of the document: method and path, with names for its ids."""
    return [
        (method.upper(), path.replace("{", "").replace("}", ""))
        for path, methods in browser.get("/api/v1/openapi.json").json()["paths"].items()
        for method in methods
    ]


def test_no_operation_answers_without_a_session(house, browser):
    asked = operations(browser)

    answers = {
        (method, path): house.browser().request(method, path, headers={"origin": ORIGIN})
        for method, path in asked
    }

    assert len(answers) >= 43
    assert {answer.status_code for answer in answers.values()} == {401}
    assert {answer.json()["code"] for answer in answers.values()} == {"not_signed_in"}


def test_the_document_is_for_admins(house):
    viewer = house.signed_in(house.person("mai", Role.VIEWER))

    assert house.browser().get("/api/v1/openapi.json").status_code == 401
    assert viewer.get("/api/v1/openapi.json").json()["code"] == "not_allowed"
    assert house.signed_in().get("/api/v1/openapi.json").json()["openapi"].startswith("3.1")


def test_every_method_of_the_contract_has_its_operation(browser):
    paths = browser.get("/api/v1/openapi.json").json()["paths"]
    served = {
        operation["operationId"] for methods in paths.values() for operation in methods.values()
    }
    here = {"open", "close", "acting_as", "wait_for"}

    promised = set(BaseApi.__abstractmethods__) - here
    assert promised <= served
    assert served - promised == {"read_reference_thumbnail", "read_image_thumbnail"}


def test_a_route_acts_as_whoever_is_signed_in(house, api, monkeypatch):
    asked = []
    monkeypatch.setattr(api, "acting_as", lambda user, **more: asked.append(user) or api)

    house.signed_in().get("/api/v1/queue")

    assert asked == [LOCAL_ADMIN]


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        (b"{", "request_malformed", ""),
        (b"", "invalid_value", ""),
        (b"[]", "invalid_value", ""),
        (b'{"prompt": NaN}', "request_malformed", ""),
        (b'{"prompt": "\\ud800"}', "request_malformed", ""),
        (b"[" * 100_000 + b"]" * 100_000, "request_malformed", ""),
        (b'{"prompt": "x", "colour": 1}', "unknown_field", "colour"),
        (b'{"prompt": ["x"]}', "invalid_value", "prompt"),
        (b'{"prompt": "x", "reference_images": ["a", 1]}', "invalid_value", "reference_images"),
        (b'{"prompt": "x", "seed": 1e400}', "request_malformed", ""),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_a_body_that_does_not_fit_is_refused_in_the_words_of_the_contract(
    browser, api, body, code, field
):
    answer = browser.post(
        "/api/v1/tasks",
        content=body,
        headers={"origin": ORIGIN, "content-type": "application/json"},
    )

    assert answer.status_code in (400, 422)
    assert (answer.json()["code"], answer.json()["field"]) == (code, field)
    assert api.get_queue().total == 0


@pytest.mark.parametrize(
    "body",
    ['{"key": ["hush-hush"]}', '{"keys": "hush-hush"}', '"hush-hush"', '["hush-hush"]',
     '{"key": "hush-hush"'],
)  # fmt: skip
def test_no_refusal_repeats_a_key_or_a_password(browser, body):
    for method, path, sent in (
        ("PUT", "/api/v1/providers/gemini/key", body),
        ("PUT", "/api/v1/me/password", body.replace("key", "password")),
        ("POST", "/api/v1/users", body.replace("key", "password")),
    ):
        answer = browser.request(
            method,
            path,
            content=sent,
            headers={"origin": ORIGIN, "content-type": "application/json"},
        )
        assert answer.status_code in (400, 422)
        assert "hush-hush" not in answer.text


def test_the_row_that_does_not_fit_is_named(browser):
    answer = send(browser, "/api/v1/tasks/bulk", json={"tasks": [{"prompt": "x"}, {"prompt": [1]}]})

    assert (answer.json()["code"], answer.json()["params"]["row"]) == ("invalid_value", "2")


# --- references -------------------------------------------------------------------------------


def test_an_upload_is_answered_with_the_reference_it_became(browser):
    answer = upload(browser, png("red"))

    assert answer.status_code == 200
    assert answer.json()["data"]["file_name"] == "a.png"
    assert upload(browser, png("red")).json()["data"]["id"] == answer.json()["data"]["id"]


def test_a_field_names_the_file_where_the_part_cannot(browser):
    assert upload(browser, png(), file_name="đèn.png").json()["data"]["file_name"] == "đèn.png"


def test_what_is_no_picture_is_refused(browser):
    answer = upload(browser, b"not a picture")

    assert (answer.status_code, answer.json()["code"]) == (422, "picture_type_unknown")


def test_more_than_twenty_files_are_refused_together(browser):
    files = [("file", (f"{number}.png", png())) for number in range(21)]

    answer = send(browser, "/api/v1/references", files=files)

    assert answer.status_code == 422
    assert answer.json()["code"] == "too_many_files"


@pytest.mark.parametrize("form", [{}, {"data": {"file": "text"}}, {"content": b"junk"}])
def test_an_upload_without_a_file_says_so(browser, form):
    answer = send(browser, "/api/v1/references", **form)

    assert answer.status_code == 422
    assert answer.json()["code"] == "no_file"


def test_a_broken_form_is_refused(browser):
    headers = {"origin": ORIGIN, "content-type": "multipart/form-data; boundary=b"}

    answer = browser.post("/api/v1/references", content=b"--b\r\njunk", headers=headers)

    assert answer.status_code in (400, 422)
    assert answer.json()["code"] in ("request_malformed", "no_file")


def test_a_picture_above_25_mb_is_refused(browser):
    answer = upload(browser, b"\x89PNG" + bytes(25 * 1_000_000))

    assert (answer.status_code, answer.json()["code"]) == (422, "picture_too_large")


# --- pictures ---------------------------------------------------------------------------------


def test_a_reference_comes_back_as_a_picture_that_can_run_nothing(browser, reference):
    answer = browser.get(f"/api/v1/references/{reference}")

    assert answer.headers["content-type"] == "image/png"
    assert Image.open(io.BytesIO(answer.content)).size == (40, 30)
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert answer.headers["content-disposition"] == "inline; filename*=UTF-8''a.png"


def test_a_thumbnail_is_a_small_webp(browser, reference):
    answer = browser.get(f"/api/v1/references/{reference}/thumbnail")

    assert answer.headers["content-type"] == "image/webp"
    assert Image.open(io.BytesIO(answer.content)).format == "WEBP"


@pytest.mark.parametrize("held", ["{tag}", '"other", W/{tag}', "*"])
def test_a_browser_that_has_the_picture_gets_no_second_copy(browser, reference, held):
    tag = browser.get(f"/api/v1/references/{reference}").headers["etag"]

    answer = browser.get(
        f"/api/v1/references/{reference}", headers={"if-none-match": held.format(tag=tag)}
    )

    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["etag"] == tag


def test_picture_and_thumbnail_have_different_tags(browser, reference):
    whole, small = (
        browser.get(f"/api/v1/references/{reference}{end}").headers["etag"]
        for end in ("", "/thumbnail")
    )

    assert whole != small


def test_a_download_is_offered_for_saving(browser, reference):
    answer = browser.get(f"/api/v1/references/{reference}?download=1")

    assert answer.headers["content-disposition"].startswith("attachment;")


@pytest.mark.parametrize("kind", ["references", "images"])
@pytest.mark.parametrize("end", ["", "/thumbnail"])
@pytest.mark.parametrize("name", ["unknown", "a.png", "%20", "x" * 300, "ả", "a;b", "C:x"])
def test_an_id_that_nothing_has_is_not_found(browser, kind, end, name):
    answer = browser.get(f"/api/v1/{kind}/{name}{end}")

    assert answer.status_code == 404
    assert answer.json()["code"] == f"{kind.removesuffix('s')}_not_found"


def media(**values):
    content = {"mime_type": "image/png", "file_name": "a.png", "sha256": "0" * 64, "data": b"x"}
    return ApiResponse(success=True, data=MediaContent(**{**content, **values}))


@pytest.mark.parametrize("name", ['a".png', "a\r\nX-Evil: 1.png", "đèn lồng.png", "a;b.png"])
def test_no_file_name_can_end_its_header(name):
    disposition = picture(media(file_name=name), {}).headers["content-disposition"]

    encoded = disposition.removeprefix("inline; filename*=UTF-8''")
    assert unquote(encoded) == name
    assert not set(encoded) & set('"\r\n; ')


@pytest.mark.parametrize("kind", ["image/svg+xml", "text/html", "application/pdf"])
def test_only_plain_pictures_are_shown_inline(kind):
    answer = picture(media(mime_type=kind), {})

    assert answer.headers["content-disposition"].startswith("attachment;")


def test_a_file_on_disk_is_streamed_from_there(house, api, monkeypatch, tmp_path):
    (tmp_path / "a.png").write_bytes(png())
    answer = media(data=None, path=tmp_path / "a.png")
    monkeypatch.setattr(api, "acting_as", lambda user, **more: api)
    monkeypatch.setattr(api, "read_image", lambda image_id, thumbnail=False: answer)

    assert house.signed_in().get("/api/v1/images/abc").content == png()


def test_a_file_that_vanished_is_told_as_missing(tmp_path):
    answer = picture(media(data=None, path=tmp_path / "gone.png"), {})

    assert answer.status_code == 404
    assert b"file_missing" in answer.body


# --- import -----------------------------------------------------------------------------------


def import_csv(browser, text=CSV, **fields):
    return send(
        browser, "/api/v1/tasks/import", files={"file": ("board.csv", text.encode())}, data=fields
    )


def test_an_import_checks_and_tells_the_problems(browser, api):
    answer = import_csv(browser, only_check="1")

    data = answer.json()["data"]
    assert (data["right"], data["wrong"], data["added"]) == (1, 1, 0)
    assert api.get_queue().total == 0


def test_an_import_with_a_bad_row_adds_nothing_and_says_where(browser, api):
    answer = import_csv(browser)

    assert answer.status_code == 422
    assert answer.json()["code"] == "import_has_problems"
    assert answer.json()["data"]["problems"][0]["row"] == 2
    assert api.get_queue().total == 0


def test_the_right_rows_can_be_added_alone_with_defaults(browser, api):
    answer = import_csv(browser, only_right="true", defaults='{"aspect_ratio": "1:1"}')

    assert answer.status_code == 200
    [task] = api.get_queue().data
    assert (task["prompt"], task["aspect_ratio"]) == ("A heron on a rooftop", "1:1")


@pytest.mark.parametrize(
    ("field", "text"),
    [("defaults", "{"), ("defaults", "[1]"), ("pictures", "1"), ("pictures", '{"a.png": [1]}')],
)
def test_a_field_that_is_not_what_it_should_be_is_named(browser, field, text):
    answer = import_csv(browser, **{field: text})

    assert answer.status_code == 422
    assert (answer.json()["code"], answer.json()["field"]) == ("invalid_value", field)


def test_a_viewer_can_look_and_not_add(house, api, monkeypatch):
    viewer = UserInfo(id=LOCAL_ADMIN.id, username="local", display_name="Local", role=Role.VIEWER)
    monkeypatch.setattr(house.sessions, "resolve", _always(viewer))
    browser = house.signed_in()

    assert browser.get("/api/v1/queue").status_code == 200
    assert upload(browser, png()).json()["code"] == "not_allowed"
    assert import_csv(browser, only_right="1").status_code == 403


def _always(user):
    return lambda token: Principal(user, "session", "password")
