"""The contract over HTTP, under `/api/v1`: each route is one call on behalf of who is signed in.

Routes are plain functions, so they run in the thread pool and a slow disk holds nobody up.
"""

import re
from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.routing import APIRoute
from starlette.datastructures import FormData
from starlette.responses import Response

from app.api.base_api import BaseApi
from app.api.models import ApiResponse
from app.errors import NotFound, WhiskError
from app.web.answers import answered, encoded, refused
from app.web.bodies import MAX_PICTURE, MB
from app.web.media import picture
from app.web.uploads import files_of, flag_of, object_of, read_up_to, text_of, texts_of, uploaded

MAX_IMPORT = 10 * MB

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")

Form = Annotated[FormData, Depends(uploaded)]


class ContractRoute(APIRoute):
    """A route whose `WhiskError`s become answers."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, with failures translated."""
        handle = super().get_route_handler()

        async def translated(request: Request) -> Response:
            try:
                return await handle(request)
            except WhiskError as error:
                return refused(error)

        return translated


def router(api: BaseApi) -> APIRouter:
    """The routes of one studio. The gate in front of them says who asks."""
    desk = _Desk(api)
    routes = APIRouter(prefix="/api/v1", route_class=ContractRoute)
    add = routes.add_api_route
    add("/queue", desk.queue, methods=["GET"], response_model=None)
    add("/references", desk.add_references, methods=["POST"], response_model=None)
    add("/references/{picture_id}", desk.reference, methods=["GET"], response_model=None)
    add("/references/{picture_id}/thumbnail", desk.reference_thumbnail, methods=["GET"],
        response_model=None)  # fmt: skip
    add("/images/{picture_id}", desk.image, methods=["GET"], response_model=None)
    add("/images/{picture_id}/thumbnail", desk.image_thumbnail, methods=["GET"],
        response_model=None)  # fmt: skip
    add("/import", desk.import_tasks, methods=["POST"], response_model=None)
    return routes


class _Desk:
    def __init__(self, api: BaseApi) -> None:
        self._api = api

    def _mine(self, request: Request) -> BaseApi:
        return self._api.acting_as(request.state.user)

    def queue(self, request: Request) -> Response:
        """The whole queue with its cursor: `get_changes(0)`."""
        return answered(self._mine(request).get_changes(0))

    def add_references(self, request: Request, form: Form) -> Response:
        """Store pictures, each by `add_reference`; `{"answers": […]}` in the order of the files."""
        mine = self._mine(request)
        answers = [
            mine.add_reference(file.filename or "", read_up_to(file, MAX_PICTURE))
            for file in files_of(form, "files")
        ]
        return Response(
            encoded({"answers": answers}),
            headers={"Cache-Control": "no-store"},
            media_type="application/json",
        )

    def reference(self, request: Request, picture_id: str, download: str = "") -> Response:
        """The picture as it is stored: `read_reference`."""
        answer = self._mine(request).read_reference(_checked(picture_id, "reference_not_found"))
        return _shown(request, answer, download)

    def reference_thumbnail(self, request: Request, picture_id: str) -> Response:
        """The small picture: `read_reference`."""
        known = _checked(picture_id, "reference_not_found")
        return _shown(request, self._mine(request).read_reference(known, thumbnail=True))

    def image(self, request: Request, picture_id: str, download: str = "") -> Response:
        """The saved file: `read_image`."""
        answer = self._mine(request).read_image(_checked(picture_id, "image_not_found"))
        return _shown(request, answer, download)

    def image_thumbnail(self, request: Request, picture_id: str) -> Response:
        """The small picture: `read_image`."""
        known = _checked(picture_id, "image_not_found")
        return _shown(request, self._mine(request).read_image(known, thumbnail=True))

    def import_tasks(self, request: Request, form: Form) -> Response:
        """Read a file into tasks: `import_tasks`, its arguments as fields of the form."""
        file = files_of(form, "file")[0]
        answer = self._mine(request).import_tasks(
            file.filename or "",
            read_up_to(file, MAX_IMPORT),
            pictures=texts_of(form, "pictures"),
            defaults=object_of(form, "defaults"),
            separator=text_of(form, "separator", "blank"),
            only_check=flag_of(form, "only_check"),
            only_right=flag_of(form, "only_right"),
        )
        return answered(answer)


def _checked(picture_id: str, otherwise: str) -> str:
    if not _ID.fullmatch(picture_id):
        raise NotFound(otherwise)
    return picture_id


def _shown(request: Request, answer: ApiResponse, download: str = "") -> Response:
    return picture(answer, request.headers, download=download not in ("", "0"))
