"""What helps other machines in: the shared address as a QR code, and the certificate to save."""

import io

import segno
from fastapi import APIRouter, Request
from starlette.responses import Response

from app.api.base_api import BaseApi
from app.auth.roles import Reach, reach
from app.errors import NotAllowed, NotFound
from app.sharing import SharingInfo
from app.web.answers import answered, refused
from app.web.headers import MEDIA_POLICY

QR_CODE = "/share/qr.svg"
CERTIFICATE = "/share/certificate.pem"

_HEADERS = {"Cache-Control": "no-store", "Content-Security-Policy": MEDIA_POLICY}


def share_router(api: BaseApi) -> APIRouter:
    """The two routes; the gate in front of them says who asks."""
    share = _Share(api)
    routes = APIRouter(include_in_schema=False)
    routes.add_api_route(QR_CODE, share.qr_code, methods=["GET"], response_model=None)
    routes.add_api_route(CERTIFICATE, share.certificate, methods=["GET"], response_model=None)
    return routes


class _Share:
    def __init__(self, api: BaseApi) -> None:
        self._api = api

    def qr_code(self, request: Request) -> Response:
        """The likeliest address, for the camera of a phone."""
        sharing = self._sharing(request, QR_CODE)
        if isinstance(sharing, Response):
            return sharing
        if not sharing.addresses:
            return refused(NotFound("not_found"))
        return Response(qr_svg(sharing.addresses[0]), headers=_HEADERS, media_type="image/svg+xml")

    def certificate(self, request: Request) -> Response:
        """The certificate, for another machine to know this one by; not its key."""
        sharing = self._sharing(request, CERTIFICATE)
        if isinstance(sharing, Response):
            return sharing
        if not sharing.certificate:
            return refused(NotFound("not_found"))
        headers = {**_HEADERS, "Content-Disposition": 'attachment; filename="certificate.pem"'}
        return Response(sharing.certificate, headers=headers, media_type="application/x-pem-file")

    def _sharing(self, request: Request, path: str) -> SharingInfo | Response:
        user = request.state.user
        if reach(user.role, path) == Reach.NONE:
            return refused(NotAllowed("not_allowed"))
        answer = self._api.acting_as(user).get_sharing()
        return SharingInfo(**answer.data) if answer.success else answered(answer)


def qr_svg(text: str) -> bytes:
    """A QR code as a picture: dark on white whatever the theme, with the margin cameras need."""
    drawn = io.BytesIO()
    code = segno.make(text, error="m", micro=False)
    code.save(drawn, kind="svg", scale=1, border=4, dark="#000", light="#fff", omitsize=True)
    return drawn.getvalue()
