"""What the OpenAPI document says of a route: its answers, its failures, its examples."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from fastapi.openapi.utils import get_openapi
from starlette.routing import BaseRoute

from app.version import VERSION
from app.web.answers import status_of
from app.web.shapes import Failure
from app.words import Words

PREFIX = "/api/v1"

DESCRIPTION = """\
The contract of Whisk Desktop over HTTP: each operation is one method of `BaseApi` in Python.

Every answer but a file is `{success, data, message, total, code, field, params, retry_after}`; the
status follows from `code`. Programs send `Authorization: Bearer whisk_...` and no cookie; make a
token with `whisk token create`. Ids are opaque. A list that can grow is read page by page with
`after`. What may be repeated safely says so; `client_request_id` makes adding repeatable.
"""

EVERYWHERE = (
    "request_malformed", "not_signed_in", "token_refused", "not_allowed", "origin_refused",
    "not_found", "body_too_large", "host_unknown", "invalid_value", "unknown_field",
    "nul_character", "server_unreachable", "server_answer_odd", "server_answer_lost",
    "server_token_refused", "server_certificate_unknown",
)  # fmt: skip
"""Failures that any operation may answer: those of the gate, of reading the request, and of a
window on a distant studio."""

_words = Words("en")


def failures(*codes: str) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that may answer these codes, by status, with an example each."""
    by_status: defaultdict[int, list[str]] = defaultdict(list)
    for code in dict.fromkeys((*codes, *EVERYWHERE)):
        by_status[status_of(code)].append(code)
    return {
        status: {
            "model": Failure,
            "description": ", ".join(f"`{code}`" for code in found),
            "content": {"application/json": {"examples": _examples(found)}},
        }
        for status, found in sorted(by_status.items())
    }


def _examples(codes: Sequence[str]) -> dict[str, Any]:
    return {
        code: {
            "value": {
                "success": False,
                "data": None,
                "message": _words(f"error.{code}"),
                "total": 0,
                "code": code,
                "field": "",
                "params": {},
                "retry_after": None,
            }
        }
        for code in codes
    }


PICTURE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file.",
        "content": {
            kind: {"schema": {"type": "string", "format": "binary"}}
            for kind in ("image/png", "image/jpeg", "image/webp")
        },
        "headers": {
            "ETag": {
                "description": "Names the content; send it back in If-None-Match.",
                "schema": {"type": "string"},
            }
        },
    },
    206: {"description": "The range that was asked for, of a file on disk."},
    304: {"description": "You have it already."},
    400: {"description": "A Range header that is none."},
    416: {"description": "A range outside the file."},
}


def document(routes: Sequence[BaseRoute]) -> dict[str, Any]:
    """The OpenAPI 3.1 document of the routes under `/api/v1`."""
    found = get_openapi(
        title="Whisk Desktop", version=VERSION, description=DESCRIPTION, routes=routes
    )
    found["components"]["securitySchemes"] = {
        "token": {
            "type": "http",
            "scheme": "bearer",
            "description": "A token of `whisk token create`: scope read, write or admin.",
        }
    }
    found["security"] = [{"token": []}]
    # FastAPI's own form of a refused request; ours is `Failure`.
    for name in ("HTTPValidationError", "ValidationError"):
        found["components"]["schemas"].pop(name, None)
    return found
