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
from app.web.places import Places
from app.web.proxies import Network, Proxies
from app.web.rest import router
from app.web.share import share_router
from app.web.strict_transport import StrictTransport
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
    places: Places,
    asset_prefix: str,
    owns_client: OwnsClient | None = None,
    trusted_proxies: Sequence[Network] = (),
    strict_transport: bool = False,
) -> None:
    """Add login, REST, static files, health and metrics, and put the gate around everything.

    Once per application: a second call adds a second set.

    Args:
        application: What everything is added to.
        api: The studio.
        doors: Who may come in.
        places: See `Gate`.
        asset_prefix: See `Gate`.
        owns_client: See `Gate`.
        trusted_proxies: Whose word counts about where a request comes from.
        strict_transport: Whether browsers shall come over https only from now on.
    """
    application.include_router(login_router(doors.sessions, doors.launch))
    application.include_router(router(api))
    application.include_router(watch_router(api))
    application.include_router(share_router(api))
    application.mount("/static", Assets(), name="whisk_static")

    def gate(inner: ASGIApp) -> ASGIApp:
        gated: ASGIApp = Gate(
            PagePolicy(inner),
            sessions=doors.sessions,
            tokens=doors.tokens,
            places=places,
            asset_prefix=asset_prefix,
            owns_client=owns_client,
        )
        if strict_transport:
            gated = StrictTransport(gated)
        return Proxies(gated, trusted_proxies) if trusted_proxies else gated

    # Before the framework adds its compression outside of it: that hides the HTML.
    application.add_middleware(PagePolicy)
    wrap(application, gate)
