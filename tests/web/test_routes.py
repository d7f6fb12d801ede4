import io
import time
from urllib.parse import unquote

import pytest
from PIL import Image

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


def upload(browser, *contents):
    files = [("files", (f"{number}.png", data)) for number, data in enumerate(contents)]
    return send(browser, "/api/v1/references", files=files)


@pytest.fixture
def reference(browser):
    return upload(browser, png()).json()["answers"][0]["data"]["id"]


# --- the queue --------------------------------------------------------------------------------


def test_the_queue_comes_whole_with_its_cursor(browser, api):
    api.add_many([{"prompt": "A heron"}, {"prompt": "Một chiếc đèn lồng"}])

    answer = browser.get("/api/v1/queue")

    data = answer.json()["data"]
    assert answer.status_code == 200
    assert [row["prompt"] for row in data["rows"]] == ["A heron", "Một chiếc đèn lồng"]
    assert data["rows"][0]["status"] == "pending"
    assert data["cursor"] == api.get_changes(0).data["cursor"]


def test_ten_thousand_rows_are_encoded_in_well_under_a_second(browser, api):
    api.add_many([{"prompt": f"Heron number {number}"} for number in range(10_000)])
    answer = api.get_changes(0)
    browser.get("/api/v1/queue")

    before = time.process_time()
    body = encoded(answer)

    assert time.process_time() - before < 0.5
    assert len(body) > 1_000_000


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/queue"),
        ("GET", "/api/v1/references/x"),
        ("GET", "/api/v1/references/x/thumbnail"),
        ("GET", "/api/v1/images/x"),
        ("GET", "/api/v1/images/x/thumbnail"),
        ("POST", "/api/v1/references"),
        ("POST", "/api/v1/import"),
    ],
)
def test_no_route_answers_without_a_session(house, method, path):
    answer = house.browser().request(method, path, headers={"origin": ORIGIN})

    assert answer.status_code == 401


def test_the_list_above_names_every_route_there_is(house):
    routes = {path for path in house.application.openapi()["paths"] if path.startswith("/api/")}

    assert routes == {
        "/api/v1/queue",
        "/api/v1/references",
        "/api/v1/references/{picture_id}",
        "/api/v1/references/{picture_id}/thumbnail",
        "/api/v1/images/{picture_id}",
        "/api/v1/images/{picture_id}/thumbnail",
        "/api/v1/import",
    }


def test_a_route_acts_as_whoever_is_signed_in(house, api, monkeypatch):
    asked = []
    monkeypatch.setattr(api, "acting_as", lambda user: asked.append(user) or api)

    house.signed_in().get("/api/v1/queue")

    assert asked == [LOCAL_ADMIN]


# --- references -------------------------------------------------------------------------------


def test_uploads_are_answered_one_by_one_in_their_order(browser):
    answers = upload(browser, png("red"), b"not a picture", png("blue")).json()["answers"]

    assert [answer["success"] for answer in answers] == [True, False, True]
    assert answers[1]["code"] == "picture_type_unknown"
    assert answers[0]["data"]["file_name"] == "0.png"


def test_more_than_twenty_files_are_refused_together(browser):
    answer = upload(browser, *[png()] * 21)

    assert answer.status_code == 422
    assert answer.json()["code"] == "too_many_files"


def test_twenty_files_are_taken(browser):
    assert len(upload(browser, *[png()] * 20).json()["answers"]) == 20


@pytest.mark.parametrize("form", [{}, {"data": {"files": "text"}}, {"content": b"junk"}])
def test_an_upload_without_a_file_says_so(browser, form):
    answer = send(browser, "/api/v1/references", **form)

    assert answer.status_code == 422
    assert answer.json()["code"] == "no_file"


def test_a_broken_form_is_refused(browser):
    headers = {"origin": ORIGIN, "content-type": "multipart/form-data; boundary=b"}

    answer = browser.post("/api/v1/references", content=b"--b\r\njunk", headers=headers)

    assert answer.status_code in (400, 422)
    assert answer.json()["code"] in ("request_malformed", "no_file")


def test_a_picture_above_25_mb_is_refused_without_its_neighbours(browser):
    answers = upload(browser, b"\x89PNG" + bytes(25 * 1024 * 1024), png()).json()["answers"]

    assert [answer["code"] for answer in answers] == ["picture_too_large", ""]


# --- pictures ---------------------------------------------------------------------------------


def test_a_reference_comes_back_as_a_picture_that_can_run_nothing(browser, reference):
    answer = browser.get(f"/api/v1/references/{reference}")

    assert answer.headers["content-type"] == "image/png"
    assert Image.open(io.BytesIO(answer.content)).size == (40, 30)
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert answer.headers["content-disposition"] == "inline; filename*=UTF-8''0.png"


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
    monkeypatch.setattr(api, "acting_as", lambda user: api)
    monkeypatch.setattr(api, "read_image", lambda image_id, thumbnail=False: answer)

    assert house.signed_in().get("/api/v1/images/abc").content == png()


def test_a_file_that_vanished_is_told_as_missing(tmp_path):
    answer = picture(media(data=None, path=tmp_path / "gone.png"), {})

    assert answer.status_code == 404
    assert b"file_missing" in answer.body


# --- import -----------------------------------------------------------------------------------


def import_csv(browser, text=CSV, **fields):
    return send(
        browser, "/api/v1/import", files={"file": ("board.csv", text.encode())}, data=fields
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
    assert upload(browser, png()).json()["answers"][0]["code"] == "not_allowed"
    assert import_csv(browser, only_right="1").status_code == 403


def _always(user):
    return lambda token: Principal(user, "session", "password")
