"""Requests that no program of ours would send, chosen by hand."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from app.api.local_api import LocalApi
from tests.puppet import Puppet, small_picture
from tests.serving import URL, application

JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalApi]:
    folder: Path = tmp_path_factory.mktemp("studio")
    api = LocalApi(folder / "data", folder / "output", painter_latency_seconds=0)
    api.studio.providers = {**api.studio.providers, "gemini": Puppet()}
    with api:
        api.add_to_queue({"prompt": "a heron", "model": "gemini:gemini-3-pro-image"})
        api.start_queue()
        api.wait_for(timeout_seconds=60)
        api.stop_queue()
        yield api


@pytest.fixture(scope="module")
def program(studio: LocalApi) -> Iterator[TestClient]:
    served, doors = application(studio)
    bearer = {"authorization": f"Bearer {doors.tokens.local()}"}
    with TestClient(served, base_url=URL, headers=bearer, follow_redirects=False) as client:
        yield client


@pytest.fixture
def unchanged(studio: LocalApi) -> Iterator[None]:
    before = studio.get_queue().data, studio.get_settings().data, studio.list_users().data
    yield
    assert (studio.get_queue().data, studio.get_settings().data, studio.list_users().data) == before


@pytest.fixture(scope="module")
def image(studio: LocalApi) -> str:
    return f"/api/v1/images/{studio.get_queue().data[0]['output_image']}"


# --- bodies -----------------------------------------------------------------------------------

BODIES = {
    "nothing": b"",
    "half": b'{"prompt": "a',
    "nan": b'{"prompt": "x", "seed": NaN}',
    "infinity": b'{"prompt": "x", "seed": -Infinity}',
    "10^400": b'{"prompt": "x", "seed": 1' + b"0" * 400 + b"}",
    "1e400": b'{"prompt": "x", "seed": 1e400}',
    "deep list": b"[" * 100_000 + b"]" * 100_000,
    "deep object": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "deep value": b'{"prompt": "x", "id": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "nul": b'{"prompt": "a\\u0000b"}',
    "raw nul": b'{"prompt": "a\0b"}',
    "half a pair": b'{"prompt": "\\ud83e"}',
    "raw half a pair": b'{"prompt": "\xed\xa0\xbe"}',
    "latin-1": b'{"prompt": "\xe9"}',
    "utf-16": '{"prompt": "x"}'.encode("utf-16"),
    "list": b'[{"prompt": "x"}]',
    "text": b'"prompt"',
    "null": b"null",
    "number": b"7",
    "trailing": b'{"prompt": "x"} {"prompt": "y"}',
    "comment": b'{"prompt": "x" /* y */}',
    "unknown key": b'{"prompt": "x", "__proto__": {}}',
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("path", ["/api/v1/tasks", "/api/v1/tasks/bulk", "/api/v1/tasks/retry"])
@pytest.mark.usefixtures("unchanged")
def test_a_body_that_is_no_request_of_ours_is_refused(
    program: TestClient, path: str, body: bytes
) -> None:
    answer = program.post(path, content=body, headers=JSON)

    assert answer.status_code in (400, 422)
    assert answer.json()["success"] is False


def test_of_a_key_that_comes_twice_the_last_counts(program: TestClient, studio: LocalApi) -> None:
    body = b'{"prompt": "first", "prompt": "second"}'

    row = program.post("/api/v1/tasks", content=body, headers=JSON).json()["data"]

    assert row["prompt"] == "second"
    studio.delete_tasks([row["id"]])


def test_a_byte_order_mark_is_refused_or_ignored(program: TestClient, studio: LocalApi) -> None:
    answer = program.post("/api/v1/tasks", content=b'\xef\xbb\xbf{"prompt": "x"}', headers=JSON)

    assert answer.status_code in (200, 400)
    studio.delete_tasks([row["id"] for row in studio.get_queue().data[1:]])


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "image/png", "",
     "application/json; charset=utf-7", "multipart/form-data; boundary=", "a" * 4_000],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/api/v1/tasks/retry", "/api/v1/references"])
@pytest.mark.usefixtures("unchanged")
def test_a_body_of_another_kind_is_refused(program: TestClient, path: str, kind: str) -> None:
    body = b'{"task_ids": ["x"], "include_uncertain": true}'

    answer = program.post(path, content=body, headers={"content-type": kind})

    # `charset` is no part of JSON: whoever sends it is understood all the same.
    assert answer.status_code in ((200,) if "json" in kind and "retry" in path else (400, 422))


FORMS = {
    "no end": b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nx',
    "no name": b'--b\r\nContent-Disposition: form-data; filename="a"\r\n\r\nx\r\n--b--\r\n',
    "no header": b"--b\r\n\r\nx\r\n--b--\r\n",
    "endless header": b"--b\r\n" + b"x" * 100_000,
    "nul name": b'--b\r\nContent-Disposition: form-data; name="fi\0le"; filename="a"\r\n'
    b"\r\nx\r\n--b--",
    "latin-1 field": b'--b\r\nContent-Disposition: form-data; name="file_name"\r\n\r\n\xe9\r\n'
    b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nx\r\n--b--\r\n',
    "many parts": b"".join(
        b'--b\r\nContent-Disposition: form-data; name="%d"\r\n\r\nx\r\n' % number
        for number in range(1_000)
    )
    + b"--b--\r\n",
}


# Starlette leaves the last file of a form that was cut off to the garbage collector.
@pytest.mark.filterwarnings("ignore:Unclosed file:ResourceWarning")
@pytest.mark.parametrize("body", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("path", ["/api/v1/references", "/api/v1/tasks/import"])
@pytest.mark.usefixtures("unchanged")
def test_a_broken_form_is_refused(program: TestClient, path: str, body: bytes) -> None:
    headers = {"content-type": "multipart/form-data; boundary=b"}

    answer = program.post(path, content=body, headers=headers)

    assert answer.status_code in (400, 413, 422)
    assert answer.json()["success"] is False


@pytest.mark.parametrize("charset", ["utf-7", "utf-16", "hex", "idna", "rot13", "zip", "\u0111"])
@pytest.mark.usefixtures("unchanged")
def test_a_form_in_an_odd_encoding_is_no_accident(program: TestClient, charset: str) -> None:
    body = (
        b'--b\r\nContent-Disposition: form-data; name="file_name"\r\n\r\n+AGE-\xe9\r\n'
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nx\r\n--b--\r\n'
    )
    kind = f"multipart/form-data; boundary=b; charset={charset}".encode()

    answer = program.post("/api/v1/references", content=body, headers={"content-type": kind})

    assert answer.status_code in (400, 422)


# --- paths, queries, methods ------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["..", "%2e%2e", "a%2Fb", "%00", "a%00", "%0a", "a%5Cb", "a;b", "%ff", "%ed%a0%80", "ả", "a.b",
     "%2e%2e%2fdata%2fwhisk.sqlite", "x" * 5_000, "%", "*", "a?b", " "],
)  # fmt: skip
@pytest.mark.parametrize(
    "path",
    ["/api/v1/tasks/{}", "/api/v1/images/{}", "/api/v1/images/{}/thumbnail",
     "/api/v1/references/{}", "/api/v1/backups/{}"],
)  # fmt: skip
def test_an_odd_id_is_not_found(program: TestClient, path: str, name: str) -> None:
    answer = program.get(path.format(name))

    assert answer.status_code in (404, 405)
    assert b"SQLite" not in answer.content


@pytest.mark.parametrize(
    "query",
    ["wait=nan", "wait=inf", "wait=-1", "wait=31", "wait=1e999", "wait=", "since=", "since=x",
     "since=1.5", "since=nan", "since=" + "9" * 5_000, "since=0x10", "since=%00"],
)  # fmt: skip
def test_a_cursor_or_a_wait_that_is_none_is_refused(program: TestClient, query: str) -> None:
    answer = program.get(f"/api/v1/changes?{query}")

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_value")


@pytest.mark.parametrize("since", ["-1", "9" * 19, "-" + "9" * 30, "9" * 4_000])
def test_a_cursor_beyond_every_number_resets(program: TestClient, since: str) -> None:
    answer = program.get(f"/api/v1/changes?since={since}")

    assert answer.status_code == 200
    assert answer.json()["data"]["reset"] is True


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("after=" + "A" * 60_000, "cursor_unknown"),
        ("after=%00", "cursor_unknown"),
        ("after=ả", "cursor_unknown"),
        ("limit=" + "9" * 4_000, "limit_range"),
        ("limit=nan", "invalid_value"),
        ("search=%00", "nul_character"),
        ("search=" + "x" * 50_000, "invalid_value"),
        ("status=%00", "invalid_value"),
        ("project_id=a%00", "nul_character"),
    ],
)
def test_a_page_that_cannot_be_is_refused(program: TestClient, query: str, code: str) -> None:
    answer = program.get(f"/api/v1/tasks?{query}")

    assert (answer.status_code, answer.json()["code"]) == (422, code)


@pytest.mark.parametrize("query", ["search=%ff%fe", "search=%ed%a0%80", "search=" + "%25" * 1_000])
def test_a_search_for_anything_finds_nothing(program: TestClient, query: str) -> None:
    assert program.get(f"/api/v1/tasks?{query}").json()["total"] == 0


@pytest.mark.parametrize("method", ["TRACE", "OPTIONS", "CONNECT", "PROPFIND", "HEAD", "PUT", "X"])
@pytest.mark.parametrize("path", ["/api/v1/tasks", "/api/v1/queue/start", "/api/v1/users"])
@pytest.mark.usefixtures("unchanged")
def test_a_method_that_a_path_lacks_does_nothing(
    program: TestClient, path: str, method: str
) -> None:
    answer = program.request(method, path)

    assert answer.status_code in (403, 404, 405)


# --- ranges and tags --------------------------------------------------------------------------


def test_a_part_of_an_image_can_be_asked_for(program: TestClient, image: str) -> None:
    whole = program.get(image).content

    for asked, part in (("0-0", whole[:1]), ("2-", whole[2:]), ("-3", whole[-3:])):
        answer = program.get(image, headers={"range": f"bytes={asked}"})
        assert (answer.status_code, answer.content) == (206, part)
        assert answer.headers["content-range"].endswith(f"/{len(whole)}")


@pytest.mark.parametrize(
    ("asked", "statuses"),
    [
        ("bytes=0-0,2-3", (200, 206)),
        ("bytes=" + ",".join(f"{n}-{n}" for n in range(0, 3_000, 2)), (200, 206, 400, 416)),
        ("bytes=0-,0-,0-,0-,0-,0-,0-,0-", (200, 206, 400, 416)),
        ("bytes=999999999-", (416,)),
        ("bytes=5-2", (400, 416)),
        ("bytes=x-y", (200, 400)),
        ("bytes=", (200, 400)),
        ("bytes=-0", (200, 400, 416)),
        ("bytes=" + "9" * 5_000 + "-", (400, 416)),
        ("lines=0-1", (200, 400)),
        ("", (200, 400)),
    ],
    ids=range(11),
)
def test_a_range_that_is_odd_is_refused_or_answered_with_little(
    program: TestClient, image: str, asked: str, statuses: tuple[int, ...]
) -> None:
    size = len(program.get(image).content)

    answer = program.get(image, headers={"range": asked})

    assert answer.status_code in statuses
    # Many small pieces come with a head each, but never the file many times over.
    assert len(answer.content) <= 200 * size


@pytest.mark.parametrize("path", ["", "/thumbnail"])
def test_an_image_is_told_without_its_bytes(program: TestClient, image: str, path: str) -> None:
    whole = program.get(image + path)

    head = program.head(image + path)

    assert (head.status_code, head.content) == (200, b"")
    for name in ("etag", "content-type", "content-disposition", "content-security-policy"):
        assert head.headers[name] == whole.headers[name]


@pytest.mark.parametrize(
    ("held", "status"),
    [("{tag}", 304), ("W/{tag}", 304), ("*", 304), ('"a", {tag}', 304), ('"a"', 200), ("", 200),
     ("x" * 9_000, 200), ("{tag}" * 500, 200)],
)  # fmt: skip
def test_a_tag_that_is_held_saves_the_bytes(
    program: TestClient, image: str, held: str, status: int
) -> None:
    tag = program.get(image).headers["etag"]

    answer = program.get(image, headers={"if-none-match": held.replace("{tag}", tag)})

    assert answer.status_code == status


def test_a_reference_keeps_its_odd_name_as_text(program: TestClient) -> None:
    files = {"file": ("../../a\r\nX-Evil: 1.png", small_picture("navy"))}

    reference = program.post("/api/v1/references", files=files).json()["data"]
    answer = program.get(f"/api/v1/references/{reference['id']}")

    assert "x-evil" not in answer.headers
    assert answer.headers["content-disposition"].startswith("inline; filename*=UTF-8''")
