"""The contract over HTTP, under `/api/v1`: each route is one call on behalf of who is signed in.

Routes are plain functions, so they run in the thread pool and a slow disk holds nobody up.
"""

import json
from collections.abc import Callable, Coroutine, Sequence
from functools import cached_property
from typing import Any, cast

import orjson
from fastapi import APIRouter, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.responses import Response

from app.api.base_api import BaseApi
from app.errors import InvalidInput, NotAllowed, WhiskError
from app.models import Role
from app.secrecy import HIDDEN
from app.web import rest_pictures, rest_queue, rest_sharing, rest_studio, rest_team
from app.web.answers import refused
from app.web.desk import Desk, Table
from app.web.documents import PREFIX, document

_SECRET = ("key", "password")
"""Fields whose value no answer repeats."""


class _JsonRequest(Request):
    """A request whose JSON is read strictly: no NaN, no lone surrogates, no endless nesting."""

    async def json(self) -> Any:
        try:
            return orjson.loads(await self.body())
        except orjson.JSONDecodeError as error:
            raise json.JSONDecodeError("malformed", "", 0) from error


class ContractRoute(APIRoute):
    """A route whose failures, and requests that do not fit it, become answers."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, with failures translated."""
        handle = super().get_route_handler()

        async def translated(request: Request) -> Response:
            try:
                return await handle(_JsonRequest(request.scope, request.receive))
            except WhiskError as error:
                return refused(error)
            except RequestValidationError as error:
                return refused(_misfit(error.errors()))

        return translated


def _misfit(errors: Sequence[Any]) -> WhiskError:
    """The first thing that is wrong with a request, as the contract would name it."""
    first = cast("dict[str, Any]", errors[0])
    if first["type"] == "json_invalid":
        return WhiskError("request_malformed")
    # loc: where it came from (body, query, path), then the way to the value.
    way = [str(step) for step in first["loc"][1:]]
    row = first["loc"][2] if first["loc"][:2] == ("body", "tasks") and len(way) > 1 else None
    steps = way[2:] if row is not None else way
    # A dict of the contract is named by its key; what is wrong inside is its value.
    field = (steps[0] if steps else way[0] if way else "")[:80]
    if first["type"] == "extra_forbidden":
        found = InvalidInput("unknown_field", field=field, name=field)
    else:
        value = _told(first, field)
        found = InvalidInput("invalid_value", field=field, name=field, value=value)
    if isinstance(row, int):
        found.params["row"] = str(row + 1)
    return found


def _told(error: dict[str, Any], field: str) -> str:
    """The value that does not fit, unless it is secret, or a whole body that may hold a secret."""
    if field in _SECRET:
        return HIDDEN
    if error["type"] == "missing":
        return "null"
    value = error.get("input")
    return ascii(value)[:80] if field else type(value).__name__


def router(api: BaseApi) -> APIRouter:
    """The routes of one studio. The gate in front of them says who asks."""
    routes = APIRouter(prefix=PREFIX, route_class=ContractRoute)
    desk = Desk(api)
    for part in (rest_queue, rest_pictures, rest_studio, rest_sharing, rest_team):
        part.register(Table(routes), desk)
    routes.add_api_route(
        "/openapi.json",
        _Document(routes).read,
        methods=["GET"],
        include_in_schema=False,
        response_model=None,
    )
    return routes


class _Document:
    def __init__(self, routes: APIRouter) -> None:
        self._routes = routes

    def read(self, request: Request) -> Response:
        """The OpenAPI document of all this, for admins: it tells where to try."""
        if request.state.user.role != Role.ADMIN:
            raise NotAllowed("not_allowed")
        return Response(self._text, media_type="application/json")

    @cached_property
    def _text(self) -> bytes:
        return orjson.dumps(document(self._routes.routes))
