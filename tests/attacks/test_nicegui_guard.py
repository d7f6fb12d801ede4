"""What gate, policy and socket guard lean on inside of NiceGUI: fails when a new version moves it.

When it does, look at `pages/socket_guard.py`, `pages/farewell.py`, `pages/ownership.py` and
`app/web/page_policy.py`, run `python -m tests.attacks.table`, and only then change this file.
"""

import inspect
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import nicegui
import pytest
from engineio.async_drivers import asgi
from nicegui import Client, core
from nicegui import app as nicegui_app
from nicegui.page import page
from starlette.requests import Request

from app.web.page_policy import PAGE_MARK, with_nonce
from tests.browser.server import FROM_PYTEST

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = Path(nicegui.__file__).parent / "templates" / "index.html"
HANDLERS = {
    "connect": ["sid", "data", "_"],
    "handshake": ["sid", "data"],
    "disconnect": ["sid"],
    "event": ["_", "msg"],
    "javascript_response": ["_", "msg"],
    "ack": ["_", "msg"],
    "log": ["_", "msg"],
}


RENDER = """
import json
from fastapi import FastAPI
from nicegui import core, ui
from starlette.testclient import TestClient
import inspect

application = FastAPI()

@ui.page("/")
def page():
    ui.label("</script><script>alert(1)</script>")
    ui.element("p").props["title"] = "`${alert(1)}`<script>"

handlers = core.sio.handlers["/"]
signatures = {name: [*inspect.signature(one).parameters] for name, one in handlers.items()}
ui.run_with(application)
with TestClient(application) as browser:
    answer = browser.get("/")
print(json.dumps([answer.text, dict(answer.headers), signatures]))
"""
"""In a process of its own: here a test may have changed what is asked for."""


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    """HTML and headers of a page with hostile data, and the handlers with their parameters."""
    environment = {name: value for name, value in os.environ.items() if name not in FROM_PYTEST}
    said = subprocess.run(
        [sys.executable, "-c", RENDER], cwd=tmp_path_factory.mktemp("render"), check=True,
        env=environment, capture_output=True, text=True,
    )  # fmt: skip
    return json.loads(said.stdout.splitlines()[-1])


@pytest.fixture
def client():
    scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "query_string": b"",
             "state": {}}  # fmt: skip
    made = Client(page(""), request=Request(scope))
    yield made
    made.delete()


def test_the_version_is_one_that_was_attacked() -> None:
    """The pin in `constraints.txt`: raise it together with the table in the README."""
    pins = (ROOT / "constraints.txt").read_text(encoding="utf-8").split()

    assert f"nicegui=={nicegui.__version__}" in pins
    assert nicegui.__version__.startswith("3.18.")


def test_every_message_of_a_socket_has_a_handler_that_is_known_here(rendered) -> None:
    assert rendered[2] == HANDLERS
    assert core.sio.namespace_handlers == {}


def test_messages_say_whose_page_they_are_for() -> None:
    script = (Path(nicegui.__file__).parent / "static" / "nicegui.js").read_text(encoding="utf-8")
    sent = set(re.findall(r"socket\??\.emit\(\"(\w+)\"", script))

    assert sent == {"event", "javascript_response", "ack", "log", "handshake"}
    assert script.count("client_id: window.clientId") == 4
    assert '"Implicit handshake failed"' in script, "what makes a refused page fetch itself again"


def test_a_page_knows_the_request_it_was_made_for_and_the_sockets_that_joined(client) -> None:
    assert Client.instances[client.id] is client
    assert client.request is client._request
    assert client.request.state is not None
    assert client._socket_to_document_id == {}
    assert client.is_deleted is False


def test_joining_is_checked_before_it_is_done(client) -> None:
    assert client.accept_handshake("socket", "tab", {"QUERY_STRING": f"client_id={client.id}"})
    assert not client.accept_handshake("other", "another tab", None)
    assert client._pinned_tab_id == "tab"


def test_environments_of_sockets_lead_to_what_the_gate_said() -> None:
    assert "'asgi.scope': scope" in inspect.getsource(asgi.translate_request)
    served = inspect.getsource(asgi.ASGIApp.__call__)
    assert "await self.engineio_server.handle_request(scope, receive, send)" in served
    assert "self.environ.get(eio_sid)" in inspect.getsource(core.sio.get_environ)
    assert "self.environ[eio_sid] = environ" in inspect.getsource(core.sio._handle_eio_connect)
    assert "self.cors_allowed_origins != []" in inspect.getsource(core.sio.eio.handle_request)


def test_pages_are_marked_and_only_by_this_header(rendered) -> None:
    name, value = PAGE_MARK
    assert rendered[1][name] == value
    assert rendered[1]["content-type"].startswith("text/html")
    assert rendered[1]["cache-control"] == "no-store"


def test_every_script_of_a_page_is_given_the_nonce(rendered) -> None:
    marked = with_nonce(rendered[0].encode(), "n")

    tags = re.findall(rb"<script[^>]*>", marked)
    assert len(tags) >= 8
    assert [tag for tag in tags if b'nonce="n"' not in tag] == []


def test_pages_run_no_script_out_of_attributes_or_addresses() -> None:
    template = TEMPLATE.read_text(encoding="utf-8")

    assert not re.search(r"\son\w+=", template)
    assert "javascript:" not in template
    assert 'http-equiv="Content-Security-Policy"' not in template


def test_what_a_page_holds_is_escaped_so_that_no_data_becomes_a_script(rendered) -> None:
    html = rendered[0]

    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)" in html
    assert "${alert" not in html


def test_the_stack_is_built_late_so_that_the_gate_stands_around_all_of_it() -> None:
    assert callable(nicegui_app.build_middleware_stack)
    assert "self.middleware_stack = self.build_middleware_stack()" in inspect.getsource(
        type(nicegui_app).__mro__[2].__call__
    )


def test_what_is_public_to_everybody_lies_below_the_version() -> None:
    routes = {getattr(route, "path", "") for route in nicegui_app.routes}
    below = f"/_nicegui/{nicegui.__version__}/"

    assert {
        path for path in routes if path.startswith("/_nicegui") and not path.startswith(below)
    } <= {
        "/_nicegui_ws",
        "/_nicegui/auto/static/{path:path}",
    }
    assert f"{below}dynamic_resources/{{name}}" in routes, "which the gate leaves out"
