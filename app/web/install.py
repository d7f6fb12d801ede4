"""Puts the web face of a studio onto an application."""

from collections.abc import Sequence

from fastapi import FastAPI
from starlette.types import ASGIApp

from app.api.base_api import BaseApi
from app.auth.launch import LaunchTokens
from app.auth.sessions import Sessions
from app.web.assets import Assets
from app.web.gate import Gate, OwnsClient, wrap
from app.web.login import login_router
from app.web.routes import router


def install(
    application: FastAPI,
    api: BaseApi,
    sessions: Sessions,
    launch: LaunchTokens,
    *,
    hosts: Sequence[str],
    origins: Sequence[str],
    asset_prefix: str,
    owns_client: OwnsClient | None = None,
) -> None:
    """Add login, REST, static files and health, and put the gate around everything.

    Once per application: a second call adds a second set. The last four arguments are those of
    `Gate`; `hosts` and `origins` look like `127.0.0.1:8080` and `http://127.0.0.1:8080`.
    """
    application.include_router(login_router(sessions, launch))
    application.include_router(router(api))
    application.add_api_route("/healthz", _health, methods=["GET"], include_in_schema=False)
    application.mount("/static", Assets(), name="whisk_static")

    def gate(inner: ASGIApp) -> Gate:
        return Gate(
            inner,
            sessions=sessions,
            hosts=hosts,
            origins=origins,
            asset_prefix=asset_prefix,
            owns_client=owns_client,
        )

    wrap(application, gate)


def _health() -> dict[str, str]:
    return {"status": "ok"}
