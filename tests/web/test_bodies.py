"""How much a request may carry, in how many parts, and how long it may take to arrive."""

import asyncio

import pytest

from app.web import bodies

HOST = "127.0.0.1:8080"
ORIGIN = f"http://{HOST}"

MB = 1024 * 1024
LIMITS = [("/x", MB), ("/login", 16 * 1024), ("/api/v1/tasks/import", 12 * MB),
          ("/api/v1/references", 26 * MB),
          ("/api/v1/tasks/bulk", 64 * MB),
          ("/_nicegui/client/mine/upload/7", 12 * MB)]  # fmt: skip


@pytest.mark.parametrize(("path", "limit"), LIMITS)
def test_too_long_a_body_is_refused_by_its_stated_length_before_it_is_read(house, path, limit):
    answer = house.signed_in().post(
        path, headers={"origin": ORIGIN, "content-length": str(limit + 1)}
    )

    assert answer.status_code == 413
    assert answer.json()["code"] == "body_too_large"
    assert house.heard == []


@pytest.mark.parametrize("length", ["-1", "1e3", "٣", "9" * 5000])
def test_a_nonsensical_length_is_refused(house, length):
    headers = {"origin": ORIGIN, "content-length": length.encode()}

    assert house.signed_in().post("/x", headers=headers).status_code in (400, 413)


def test_a_body_that_hides_its_length_is_cut_off_while_it_streams(house):
    taken, answered = [], []

    async def receive():
        taken.append(256 * 1024)
        assert len(taken) < 10, "it reads on beyond the limit"
        return {"type": "http.request", "body": b"x" * taken[-1], "more_body": True}

    async def send(message):
        answered.append(message)

    token = house.sessions.open(house.people.user("local"))
    headers = [(b"host", HOST.encode()), (b"origin", ORIGIN.encode()),
               (b"cookie", f"whisk_session={token}".encode())]  # fmt: skip
    scope = {"type": "http", "method": "POST", "path": "/x", "query_string": b"", "scheme": "http",
             "headers": headers}  # fmt: skip

    asyncio.run(house.application(scope, receive, send))

    assert sum(taken) == MB + 256 * 1024
    assert [message.get("status") for message in answered] == [413, None]


def test_a_form_that_is_cut_off_is_told_as_too_large_and_not_as_broken(house):
    def form():
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
        for _ in range(13):
            yield b"x" * MB

    answer = house.signed_in().post(
        "/api/v1/tasks/import",
        content=form(),
        headers={"origin": ORIGIN, "content-type": "multipart/form-data; boundary=b"},
    )

    assert answer.status_code == 413
    assert answer.json()["params"] == {"limit": "12 MB"}


def test_a_body_at_the_limit_passes(house):
    def whole():
        yield b"x" * MB

    answer = house.signed_in().post("/x", content=whole(), headers={"origin": ORIGIN})

    assert answer.json()["bytes"] == MB


def form(parts, boundary="b"):
    """A form of so many small files, without and with the mark of its end."""
    piece = f'--{boundary}\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\n\r\n'
    return f"{piece * parts}--{boundary}--\r\n".encode()


def send_form(house, body, content_type="multipart/form-data; boundary=b"):
    return house.signed_in().post(
        "/x", content=body, headers={"origin": ORIGIN, "content-type": content_type}
    )


def test_a_form_of_a_thousand_files_is_cut_off(house):
    answer = send_form(house, form(1000))

    assert answer.status_code == 422
    assert answer.json()["code"] == "too_many_files"


def test_parts_are_counted_across_the_pieces_in_which_they_arrive(house):
    def one_by_one(parts):
        for byte in form(parts):
            yield bytes([byte])

    assert send_form(house, one_by_one(40)).status_code == 200
    assert send_form(house, one_by_one(41)).status_code == 422


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ('multipart/form-data; boundary="b"', 200),
        ("Multipart/Form-Data; charset=utf-8; Boundary=b", 200),
        ("multipart/form-data", 400),
        ("multipart/form-data; boundary=", 400),
        ("multipart/form-data; boundary=a; boundary=b", 400),
        ("multipart/form-data; boundary=b c", 400),
        ("multipart/form-data; boundary*=utf-8''b", 400),
    ],
)
def test_a_form_whose_parts_cannot_be_told_apart_is_refused(house, content_type, status):
    assert send_form(house, form(1), content_type).status_code == status


def test_the_form_of_a_browser_whose_boundary_says_what_it_is_passes(house):
    boundary = "----WebKitFormBoundaryq0Gd7xJcZ5yA1b2C"

    answer = send_form(house, form(1, boundary), f"multipart/form-data; boundary={boundary}")

    assert answer.status_code == 200


def test_a_body_that_does_not_arrive_in_time_is_given_up(house, monkeypatch):
    monkeypatch.setattr(bodies, "PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr(bodies, "SLOWEST_BYTES_PER_SECOND", float("inf"))
    answered = []

    async def receive():
        if not answered:
            answered.append({})
            return {"type": "http.request", "body": b"p", "more_body": True}
        return await asyncio.Event().wait()

    async def send(message):
        answered.append(message)

    headers = [(b"host", HOST.encode()), (b"origin", ORIGIN.encode()),
               (b"content-type", b"application/x-www-form-urlencoded")]  # fmt: skip
    scope = {"type": "http", "method": "POST", "path": "/login", "query_string": b"",
             "scheme": "http", "headers": headers}  # fmt: skip

    asyncio.run(house.application(scope, receive, send))

    assert [message["status"] for message in answered if "status" in message] == [408]
    assert (b"connection", b"close") in answered[1]["headers"]
