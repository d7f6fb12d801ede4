"""Puts the web face of a studio onto an application."""

from collections.abc import Sequence
from typing import Protocol

from fastapi import FastAPI
from starlette.types import ASGIApp

from app.api.base_api import BaseApi
from app.auth.launch import LaunchTokens
from app.auth.sessions import Sessions
from app.auth.tokens import Tokens
from app.web.assets import Assets
from app.web.gate import Gate, OwnsClient, wrap
from app.web.login import login_router
from app.web.page_policy import PagePolicy
from app.web.rest import router
from app.web.watch import watch_router


class Doors(Protocol):
    """Who may come in."""

    @property
    def sessions(self) -> Sessions:
        """Signed-in browsers."""
        ...

    @property
    def tokens(self) -> Tokens:
        """Programs."""
        ...

    @property
    def launch(self) -> LaunchTokens:
        """One-time links of this machine."""
        ...


def install(
    application: FastAPI,
    api: BaseApi,
    doors: Doors,
    *,
    hosts: Sequence[str],
    origins: Sequence[str],
    asset_prefix: str,
    owns_client: OwnsClient | None = None,
) -> None:
    """Add login, REST, static files, health and metrics, and put the gate around everything.

    Once per application: a second call adds a second set. The last four arguments are those of
    `Gate`; `hosts` and `origins` look like `127.0.0.1:8080` and `http://127.0.0.1:8080`.
    """
    application.include_router(login_router(doors.sessions, doors.launch))
    application.include_router(router(api))
    application.include_router(watch_router(api))
    application.mount("/static", Assets(), name="whisk_static")

    def gate(inner: ASGIApp) -> Gate:
        return Gate(
            PagePolicy(inner),
            sessions=doors.sessions,
            tokens=doors.tokens,
            hosts=hosts,
            origins=origins,
            asset_prefix=asset_prefix,
            owns_client=owns_client,
        )

    # Before the framework adds its compression outside of it: that hides the HTML.
    application.add_middleware(PagePolicy)
    wrap(application, gate)
