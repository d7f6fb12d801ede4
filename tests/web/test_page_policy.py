"""Which scripts of a page may run: its own, by a nonce of this answer, and no others."""

import re

import pytest
from fastapi import FastAPI
from starlette.responses import HTMLResponse, StreamingResponse
from starlette.testclient import TestClient

from app.web.page_policy import PagePolicy, with_nonce

PAGE = {"X-NiceGUI-Content": "page"}
HTML = '<html><script src="/a.js"></script><script type="module">1 < 2</script></html>'
ORIGIN = "http://127.0.0.1:8080"


def browser(*answers, base_url=ORIGIN, **how):
    """A browser before an application that gives these answers, one after the other."""
    application, left = FastAPI(), list(answers)

    @application.get("/", response_model=None)
    def page():
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    application.add_middleware(PagePolicy)
    return TestClient(application, base_url=base_url, **how)


def policy(answer):
    text = answer.headers["content-security-policy"]
    return dict(part.split(" ", 1) for part in text.split("; "))


def test_each_script_of_a_page_gets_the_nonce_that_its_policy_names():
    answer = browser(HTMLResponse(HTML, headers=PAGE)).get("/")

    nonces = re.findall(r'<script nonce="([\w-]+)"', answer.text)
    assert len(nonces) == 2
    assert set(nonces) == {nonces[0]}
    assert policy(answer)["script-src"] == f"'self' 'nonce-{nonces[0]}' 'unsafe-eval'"
    assert answer.headers["content-length"] == str(len(answer.content))


def test_no_nonce_is_used_twice():
    tab = browser(HTMLResponse(HTML, headers=PAGE), HTMLResponse(HTML, headers=PAGE))

    assert tab.get("/").text != tab.get("/").text


def test_attributes_never_run_and_nobody_may_frame_embed_or_rebase_a_page():
    found = policy(browser(HTMLResponse(HTML, headers=PAGE)).get("/"))

    assert found["script-src-attr"] == "'none'"
    assert found["default-src"] == "'self'"
    assert found["frame-ancestors"] == found["object-src"] == found["base-uri"] == "'none'"
    assert found["form-action"] == "'self'"


@pytest.mark.parametrize(
    ("base_url", "allowed"),
    [
        (ORIGIN, "'self' ws://127.0.0.1:8080"),
        ("https://studio.local", "'self' wss://studio.local"),
        ("http://[::1]:8080", "'self'"),
    ],
)
def test_a_page_talks_to_its_own_server_only(base_url, allowed):
    found = policy(browser(HTMLResponse(HTML, headers=PAGE), base_url=base_url).get("/"))

    assert found["connect-src"] == allowed


def test_a_page_that_comes_in_pieces_is_put_together_first():
    pieces = StreamingResponse(
        iter(["<scr", "ipt>1</scr", "ipt>"]), headers=PAGE, media_type="text/html"
    )

    assert re.fullmatch(r'<script nonce="[\w-]+">1</script>', browser(pieces).get("/").text)


@pytest.mark.parametrize(
    "answer",
    [
        HTMLResponse(HTML),
        HTMLResponse(HTML, headers={**PAGE, "Content-Security-Policy": "default-src 'none'"}),
        HTMLResponse(HTML, headers=PAGE, media_type="text/markdown"),
    ],
    ids=["not the framework's", "has its own policy", "no HTML"],
)
def test_any_other_answer_passes_as_it_is(answer):
    told = browser(answer).get("/")

    assert told.text == HTML
    assert "nonce" not in told.headers.get("content-security-policy", "")


def test_the_word_inside_a_script_is_left_alone():
    html = b'<script>const tag = "<script src=x>"</script><scripted></scripted>'

    assert with_nonce(html, "n") == (
        b'<script nonce="n">const tag = "<script src=x>"</script><scripted></scripted>'
    )


def test_the_page_of_an_unexpected_error_has_a_policy_when_it_stands_outermost():
    application = FastAPI()

    @application.exception_handler(Exception)
    async def explain(_, __):
        return HTMLResponse(HTML, 500, headers=PAGE)

    @application.get("/")
    def page():
        raise RuntimeError("a bug")

    outermost = TestClient(PagePolicy(application), base_url=ORIGIN, raise_server_exceptions=False)

    assert "nonce-" in outermost.get("/").headers["content-security-policy"]
