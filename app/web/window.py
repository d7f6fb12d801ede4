"""The route by which a second start finds the window of the first."""

from collections.abc import Callable

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.api.models import ApiResponse
from app.auth.tokens import LOCAL_TOKEN
from app.errors import NotAllowed
from app.web.answers import answered, refused
from app.window.second_start import FOCUS


def window_router(focus: Callable[[], bool]) -> APIRouter:
    """`POST /api/window/focus`, for the token that this run left on its machine and no other."""

    def bring_to_front(request: Request) -> Response:
        if request.state.principal.session_id != LOCAL_TOKEN:
            return refused(NotAllowed("not_allowed"))
        return answered(ApiResponse(success=True, data={"focused": focus()}))

    routes = APIRouter(include_in_schema=False)
    routes.add_api_route(FOCUS, bring_to_front, methods=["POST"], response_model=None)
    return routes
