"""Whisk Desktop: put the parts together and serve them, or do what a command asks for.

Nothing happens at import: a native window's process imports this file again.
"""

import functools
import io
import logging
import multiprocessing
import os
import sys
import threading
import webbrowser
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from app.cli import ports
from app.errors import Conflict
from app.logs import log_to_console, log_to_file
from app.running_server import RunningServer, announce, withdraw
from app.settings import Settings

if TYPE_CHECKING:
    from app.api.base_api import BaseApi
    from app.bootstrap import Doors

log = logging.getLogger("main")

_LIMITS: Mapping[str, Any] = {
    "ws_max_size": 1_100_000,
    "limit_concurrency": 512,
    "timeout_keep_alive": 5,
    "proxy_headers": False,
    "server_header": False,
    "uvicorn_logging_level": "warning",
    "log_config": None,  # what it says goes where everything is logged
    "access_log": False,  # addresses hold launch links, and are many
}


def serve(settings: Settings) -> None:
    """Open the studio, register pages and routes, and serve until stopped.

    Raises:
        WhiskError: `port_in_use`, `folder_in_use`, `sharing_needs_password`, ...
    """
    if ports.is_taken(settings.host, settings.port):
        raise Conflict("port_in_use", port=settings.port, url=settings.url)
    log_to_file(settings.data, _log_name(settings))
    # The framework reads these when it is imported; our own storage is the database.
    os.environ.setdefault("NICEGUI_STORAGE_PATH", str(settings.data / "nicegui"))
    import nicegui
    from nicegui import app as nicegui_app
    from nicegui import ui
    from starlette.middleware.gzip import GZipMiddleware

    import pages
    from app.bootstrap import build_api, build_doors, check_exposure
    from app.web.install import install
    from app.web.places import Places
    from pages.farewell import close_tabs_with_their_sessions
    from pages.ownership import owns_client
    from pages.socket_guard import guard_sockets

    api = build_api(settings)  # MockApi() | LocalApi(data, output) | RealApi(server, token)
    api.open()
    doors = build_doors(api)
    check_exposure(settings, doors)
    install(
        nicegui_app,
        api,
        doors,
        places=Places(_hosts(settings)),
        asset_prefix=f"/_nicegui/{nicegui.__version__}/",
        owns_client=owns_client,
    )
    guard_sockets()
    close_tabs_with_their_sessions(doors.sessions)
    pages.register(api)
    welcome = threading.Thread(target=_welcome, args=(settings, doors), daemon=True)
    nicegui_app.on_startup(welcome.start)
    nicegui_app.on_shutdown(functools.partial(_close, settings, api))
    ui.run(
        host=settings.host,
        port=settings.port,
        title="Whisk Desktop",
        reload=False,
        show=False,
        native=False,
        reconnect_timeout=30,
        show_welcome_message=False,
        gzip_middleware_factory=lambda inner: GZipMiddleware(
            inner, minimum_size=1024, compresslevel=4
        ),
        **_LIMITS,
    )


def _hosts(settings: Settings) -> list[str]:
    """What the Host header of a rightful request says; port 80 goes without saying."""
    names = {settings.host, "127.0.0.1", "localhost", "::1"}
    written = sorted(f"[{name}]" if ":" in name else name for name in names)
    return [name if settings.port == 80 else f"{name}:{settings.port}" for name in written]


def _log_name(settings: Settings) -> str:
    """A folder has one server, a port one window on a distant studio: nobody else writes there."""
    return "whisk" if settings.api == "local" else f"{settings.api}-{settings.port}"


def _welcome(settings: Settings, doors: "Doors") -> None:
    """Say where the pages are, as soon as they can really be opened."""
    link = f"{settings.url}/auth?t={doors.launch.mint()}"
    pause = threading.Event()
    while not ports.answers(settings.host, settings.port):
        pause.wait(0.02)
    if settings.api == "local":
        # First: whoever has read that it is ready may send a command at once.
        own = replace(settings, host=ports.WILDCARDS.get(settings.host, settings.host))
        announce(settings.data, RunningServer(own.url, os.getpid(), doors.tokens.local()))
    log.info("serving", extra={"url": settings.url, "api": settings.api, "pid": os.getpid()})
    _say(f"Whisk Desktop is ready at {settings.url} - open {link}")
    _say("(the link works once, for five minutes)")
    if settings.browser:
        webbrowser.open(link)


def _close(settings: Settings, api: "BaseApi") -> None:
    """Send no more commands here, end what is out, release the folder."""
    if settings.api == "local":
        withdraw(settings.data)
    api.close()
    log.info("stopped", extra={"pid": os.getpid()})


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> None:
    """The command `whisk` and `python main.py`; exits as `app/cli/exit_codes.py` says."""
    multiprocessing.freeze_support()
    os.umask(0o077)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A console that lacks a letter shows its number; the command goes on.
            stream.reconfigure(errors="backslashreplace")
    log_to_console()
    from app.cli.commands import command_line

    # The name under which a shell completes, however the program was started.
    command_line(serve)(prog_name="whisk")


if __name__ == "__main__":
    main()
