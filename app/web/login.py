"""Signing in and out: `/login`, `/logout` and the launch link `/auth?t=…`.

Plain HTML and form posts, because only an HTTP answer can set the session's cookie, and because a
page of the framework would hand every stranger a socket and the memory of a browser tab.
"""

import logging
import secrets

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, RedirectResponse, Response

from app.auth.launch import LaunchTokens
from app.auth.sessions import Sessions
from app.errors import NotAllowed, TryLater, WhiskError
from app.models import LOCAL_ADMIN
from app.network.addresses import LOCAL_NAMES
from app.web.answers import status_of
from app.web.cookies import drop_cookie, is_encrypted, read_cookie, set_cookie
from app.web.headers import LOGIN_POLICY
from app.web.languages import preferred_language
from app.web.links import safe_next
from app.web.login_page import LoginPage
from app.words import Words

log = logging.getLogger(__name__)

FORM_COOKIE = "whisk_form"
MAX_PASSWORD_CHECKS = 2
"""At once: each takes 19 MB of memory and a core for a while."""

MAX_WAITING = 20
SECONDS_WHEN_BUSY = 2


def login_router(sessions: Sessions, launch: LaunchTokens) -> APIRouter:
    """The routes by which a person gets in and out; public, behind the gate's other rules."""
    door = _Door(sessions, launch)
    routes = APIRouter(include_in_schema=False)
    routes.add_api_route("/login", door.show, methods=["GET"], response_model=None)
    routes.add_api_route("/login", door.submit, methods=["POST"], response_model=None)
    routes.add_api_route("/logout", door.leave, methods=["POST"], response_model=None)
    routes.add_api_route("/auth", door.launch, methods=["GET"], response_model=None)
    return routes


class _Door:
    def __init__(self, sessions: Sessions, launch: LaunchTokens) -> None:
        self._sessions = sessions
        self._launch = launch
        # Its own small line: a crowd of guesses must not fill the pool that serves everybody.
        self._line = CapacityLimiter(MAX_PASSWORD_CHECKS)
        self._in_door = 0

    def show(self, request: Request) -> Response:
        """The login page, or straight on for whoever is signed in already."""
        wanted = safe_next(request.query_params.get("next", "/"))
        return _sent_to(wanted) if _is_signed_in(request) else self._page(request, wanted)

    async def submit(self, request: Request) -> Response:
        """Check name and password; a good pair gets a new session, whatever cookie came along."""
        form = await _form(request)
        wanted, username = safe_next(_text(form, "next")), _text(form, "username")
        try:
            _check_form_token(request, _text(form, "form_token"))
            token = await self._in_line(request, username, _text(form, "password"))
        except WhiskError as error:
            # Not the name: a person may have typed the password there.
            log.info("sign-in refused", extra={"code": error.code, "address": _address(request)})
            return await to_thread.run_sync(self._page, request, wanted, username, error)
        log.info("signed in", extra={"by": "password", "address": _address(request)})
        response = _sent_to(wanted)
        set_cookie(response, request.scope, token)
        drop_cookie(response, request.scope, FORM_COOKIE)
        return response

    async def _in_line(self, request: Request, username: str, password: str) -> str:
        """Check a password when its turn comes; too many in line are told at once."""
        # Counted here: the limiter counts only a moment later, when a whole crowd has passed.
        if self._in_door >= MAX_PASSWORD_CHECKS + MAX_WAITING:
            raise TryLater("login_busy", retry_after=SECONDS_WHEN_BUSY, seconds=SECONDS_WHEN_BUSY)
        self._in_door += 1
        try:
            return await to_thread.run_sync(
                self._sign_in, request, username, password, limiter=self._line
            )
        finally:
            self._in_door -= 1

    def launch(self, request: Request) -> Response:
        """Turn a launch link into a session of the local admin; a link works once."""
        kind = self._launch.redeem(request.query_params.get("t", ""))
        if not kind:
            if _is_signed_in(request):
                return _sent_to("/")
            return self._page(request, "/", problem=NotAllowed("launch_link_used"))
        log.info("signed in", extra={"by": "launch link", "address": _address(request)})
        self._end_old_session(request)
        response = _sent_to("/")
        token = self._sessions.open(LOCAL_ADMIN, kind, _address(request), _browser(request))
        # It proves to sit at this machine, so it may stay signed in when the browser closes.
        set_cookie(response, request.scope, token, stay=True)
        return response

    def leave(self, request: Request) -> Response:
        """End the session; the cookie is worth nothing afterwards."""
        self._end_old_session(request)
        response = _sent_to("/login")
        drop_cookie(response, request.scope)
        return response

    def _sign_in(self, request: Request, username: str, password: str) -> str:
        token = self._sessions.sign_in(
            username, password, address=_address(request), user_agent=_browser(request)
        )
        self._end_old_session(request)
        return token

    def _end_old_session(self, request: Request) -> None:
        if token := read_cookie(request.scope):
            self._sessions.end(token)

    def _page(
        self,
        request: Request,
        wanted: str,
        username: str = "",
        problem: WhiskError | None = None,
    ) -> Response:
        form_token = read_cookie(request.scope, FORM_COOKIE) or secrets.token_urlsafe(32)
        words = Words(preferred_language(request.headers.get("accept-language", "")))
        has_password = self._sessions.any_password()
        page = LoginPage(
            words,
            form_token,
            wanted,
            has_password,
            username,
            problem,
            can_be_overheard=_comes_over_a_network_in_plain(request),
        )
        response = HTMLResponse(
            page.html(), status_code=status_of(problem.code) if problem else 200
        )
        _mark_as_login_page(response, problem)
        set_cookie(response, request.scope, form_token, name=FORM_COOKIE)
        return response


def _comes_over_a_network_in_plain(request: Request) -> bool:
    # The name that a browser calls this machine by when it sits on it.
    return not is_encrypted(request.scope) and request.url.hostname not in LOCAL_NAMES


def _mark_as_login_page(response: Response, problem: WhiskError | None) -> None:
    response.headers["Content-Security-Policy"] = LOGIN_POLICY
    response.headers["Cache-Control"] = "no-store"
    response.headers["Vary"] = "Accept-Language, Cookie"
    if isinstance(problem, TryLater) and problem.retry_after is not None:
        response.headers["Retry-After"] = str(int(problem.retry_after))


def _check_form_token(request: Request, returned: str) -> None:
    given = read_cookie(request.scope, FORM_COOKIE) or ""
    if not given or not secrets.compare_digest(given.encode(), returned.encode("utf-8", "replace")):
        raise NotAllowed("form_expired")


async def _form(request: Request) -> FormData:
    try:
        return await request.form(max_files=0, max_fields=10)
    except HTTPException:
        return FormData()


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    return value if isinstance(value, str) else ""


def _is_signed_in(request: Request) -> bool:
    return getattr(request.state, "principal", None) is not None


def _sent_to(address: str) -> Response:
    return RedirectResponse(address, 303, {"Cache-Control": "no-store"})


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _browser(request: Request) -> str:
    return request.headers.get("user-agent", "")
