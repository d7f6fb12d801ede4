"""Where a request meets the contract: on whose behalf, and how a route is entered in the table."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from fastapi import APIRouter, Request

from app.api.base_api import BaseApi
from app.errors import NotAllowed, NotFound
from app.models import Scope
from app.web.documents import failures
from app.web.shapes import Answer

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Desk:
    """Hands each request the studio that acts for its sender."""

    def __init__(self, api: BaseApi) -> None:
        self._api = api

    def mine(self, request: Request) -> BaseApi:
        """The studio, on behalf of whoever sent the request."""
        address = request.client.host if request.client else ""
        return self._api.acting_as(request.state.user, address=address)


class Table:
    """Enters routes with what the OpenAPI document should say of them."""

    def __init__(self, routes: APIRouter) -> None:
        self._routes = routes

    def add(
        self,
        method: str,
        path: str,
        endpoint: Callable[..., Any],
        *,
        tag: str,
        answers: Any = None,
        errors: Sequence[str] = (),
        responses: dict[int | str, dict[str, Any]] | None = None,
        extra: dict[str, Any] | None = None,
    ) -> None:
        """Enter a route.

        Args:
            method: HTTP method.
            path: Below `/api/v1`.
            endpoint: Calls the contract; its docstring becomes the description.
            tag: Under which heading the document lists it.
            answers: Type of `data`; None for a route that answers a file.
            errors: Codes beside those that every route may answer.
            responses: More answers, by status.
            extra: More of the operation, as OpenAPI writes it.
        """
        self._routes.add_api_route(
            path,
            endpoint,
            methods=[method],
            tags=[tag],
            operation_id=endpoint.__name__,
            response_model=None if answers is None else Answer[answers],
            responses={**failures(*errors), **(responses or {})},
            openapi_extra=extra,
        )
        if method == "GET" and answers is None:
            # A file's name, kind and tag, without the file.
            self._routes.add_api_route(
                path, endpoint, methods=["HEAD"], include_in_schema=False, response_model=None
            )


def checked_id(text: str, otherwise: str) -> str:
    """An id from a path. Raises `NotFound` with the code `otherwise` when it cannot be one."""
    if not _ID.fullmatch(text):
        raise NotFound(otherwise)
    return text


def demand_person(request: Request) -> None:
    """Refuse a program whose token lends less than everything: it could outlive its own end.

    Raises:
        NotAllowed: `not_allowed`.
    """
    principal = request.state.principal
    if principal.kind == "token" and principal.scope != Scope.ADMIN:
        raise NotAllowed("not_allowed")
