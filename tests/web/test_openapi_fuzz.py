"""Whatever is sent, by whomever: the answer is one that the OpenAPI document foresees.

More of it: `WHISK_EXAMPLES=500 .venv/bin/python -m pytest tests/web/test_openapi_fuzz.py`
(requests are then drawn anew each time).
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.testclient import TestClient

from app.api import local_reading
from app.api.mock_api import MockApi
from app.bootstrap import Doors, build_doors
from app.models import LOCAL_ADMIN
from app.web.documents import document
from app.web.rest import router
from tests.puppet import Puppet, small_picture
from tests.serving import HOST, URL, Face

EXAMPLES = int(os.environ.get("WHISK_EXAMPLES", "0"))
PROFILE = settings(
    max_examples=EXAMPLES or 4,
    derandomize=not EXAMPLES,
    database=None,
    phases=[Phase.generate, *([Phase.shrink] if EXAMPLES else [])],
    deadline=None,
    suppress_health_check=list(HealthCheck),
)

# Left out, each with its reason:
# negative_data_rejection: the contract takes "2" for 2, as forms send it;
# positive_data_acceptance: whether a prompt, a model or an id is accepted is not the schema's word;
# ignored_auth, missing_required_header: every operation is tried without a token and with a wrong
# one below, by our own client;
# unsupported_method: the gate answers before the router knows the method; tried by hand below;
# use_after_free, ensure_resource_availability: tests/contract/test_state_machine.py does it better.
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]

SCHEMA = schemathesis.openapi.from_dict(document(router(MockApi()).routes))
OPERATIONS = {found.ok().label: found.ok() for found in SCHEMA.get_all_operations()}

STRANGERS = ("no token", "wrong token")
IDENTITIES = ("admin", "write", "read", "session", *STRANGERS)


@dataclass
class Server:
    """A studio in memory behind its gate, and the ids of what is in it."""

    studio: MockApi
    doors: Doors
    client: TestClient
    tokens: Mapping[str, str]
    ids: Mapping[str, list[str]]

    def headers(self, identity: str) -> dict[str, str]:
        """What makes a request this person's."""
        if identity == "no token":
            return {}
        if identity == "wrong token":
            return {"Authorization": "Bearer whisk_wrong"}
        if identity == "session":
            # A new one each time: setting a password ends the others.
            session = self.doors.sessions.open(LOCAL_ADMIN)
            return {"Cookie": f"whisk_session={session}", "Origin": f"http://{HOST}"}
        return {"Authorization": f"Bearer {self.tokens[identity]}"}

    def state(self) -> list[Any]:
        """All that a request could change."""
        api = self.studio
        kept = [{**token, "last_used_at": None} for token in api.list_tokens().data]
        users = api.list_users().data
        return [api.get_queue().data, api.get_settings().data, api.list_providers().data,
                api.queue_state().data, users, kept]  # fmt: skip


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with pytest.MonkeyPatch.context() as patch, MockApi() as api:
        patch.setattr(local_reading, "MAX_WAIT_SECONDS", 0.01)
        api.studio.providers = {**api.studio.providers, "gemini": Puppet()}
        tokens = {
            scope: api.create_token(scope, scope=scope).data["token"]
            for scope in ("admin", "write", "read")
        }
        mai = api.add_user({"username": "mai", "password": "seven grey herons"}).data
        reference = api.add_reference("a.png", small_picture()).data
        done = api.add_to_queue({"prompt": "done"}).data
        api.start_queue()
        (finished,) = api.wait_for([done["id"]], timeout_seconds=60).data
        api.stop_queue()
        waiting = api.add_many([{"prompt": "waits", "images_per_prompt": 2}] * 3).data
        ids = {
            "task_id": [done["id"], *waiting],
            "user_id": [mai["id"]],
            "token_id": [api.create_token("spare").data["id"]],
            "provider": ["gemini", "painter"],
            "picture_id": [reference["id"], *finished["output_images"]],
        }
        face, doors = Face(HOST), build_doors(api)
        face.show(api, doors)
        with TestClient(face.application, base_url=URL, follow_redirects=False) as client:
            yield Server(api, doors, client, tokens, ids)


def send(server: Server, case: Case, identity: str) -> Any:
    """Send a case as somebody; in place of invented ids, often one that is there."""
    known = server.ids
    for name, value in case.path_parameters.items():
        if name in known and len(str(value)) % 3:
            case.path_parameters[name] = known[name][len(str(value)) % len(known[name])]
    if isinstance(case.body, dict) and isinstance(case.body.get("task_ids"), list):
        case.body["task_ids"] = [*case.body["task_ids"], *known["task_id"]]
    sent = case.as_transport_kwargs(base_url=URL)
    kept = {name: value for name, value in sent["headers"].items() if name == "Content-Type"}
    ready = requests.Request(**{**sent, "headers": kept, "cookies": None}).prepare()
    headers = {**ready.headers, **server.headers(identity)}
    return server.client.request(
        case.method, ready.url or URL, content=ready.body or b"", headers=headers
    )


@pytest.mark.parametrize("label", OPERATIONS)
@pytest.mark.parametrize("identity", IDENTITIES)
def test_every_answer_is_one_that_the_document_foresees(
    server: Server, label: str, identity: str
) -> None:
    operation = OPERATIONS[label]
    before = server.state() if identity in ("read", *STRANGERS) else []

    @PROFILE
    @given(
        case=operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
        | operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)
    )
    def fuzz(case: Case) -> None:
        answer = send(server, case, identity)
        case.validate_response(answer, checks=CHECKS)
        if identity in STRANGERS:
            assert answer.status_code >= 400

    fuzz()

    # Setting one's own theme is the one thing that whoever only looks may change.
    if before and label != "PATCH /api/v1/settings":
        assert server.state() == before


def test_every_operation_was_tried() -> None:
    assert len(OPERATIONS) >= 43
