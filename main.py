"""Whisk Desktop: put the parts together and serve them, or do what a command asks for.

Nothing happens at import: a native window's process imports this file again.
"""

import asyncio
import functools
import io
import logging
import multiprocessing
import os
import sys
import threading
import webbrowser
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli import ports
from app.errors import Conflict, WhiskError
from app.logs import log_to_console, log_to_file
from app.running_server import RunningServer, announce, withdraw
from app.settings import Settings
from app.window.second_start import focus_first

if TYPE_CHECKING:
    from app.api.base_api import BaseApi
    from app.bootstrap import Doors
    from app.sharing import SharingInfo
    from app.web.way_in import WayIn
    from app.window.window import NativeWindow

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
_OPTIONS_OF_A_SECOND_LISTENER: Mapping[str, Any] = {
    **{name: value for name, value in _LIMITS.items() if name != "uvicorn_logging_level"},
    "log_level": _LIMITS["uvicorn_logging_level"],
    "ws": "wsproto",  # as the framework chooses for the first
}


def serve(settings: Settings) -> None:
    """Open the studio, register pages and routes, and serve until stopped.

    Raises:
        WhiskError: `port_in_use`, `folder_in_use`, `sharing_needs_password`, ...
    """
    if settings.native and settings.api == "local" and _is_open(settings.data):
        return
    if ports.is_taken(settings.host, settings.port):
        raise Conflict("port_in_use", port=settings.port, url=settings.url)
    log_to_file(settings.data, _log_name(settings))
    # The framework reads these when it is imported; our own storage is the database.
    os.environ.setdefault("NICEGUI_STORAGE_PATH", str(settings.data / "nicegui"))
    from nicegui import app as nicegui_app
    from nicegui import ui
    from starlette.middleware.gzip import GZipMiddleware

    from app.bootstrap import build_api, build_doors, check_exposure, shares_from_the_start

    api = build_api(settings)  # MockApi() | LocalApi(data, output) | RealApi(server, token)
    api.open()
    doors = build_doors(api)
    check_exposure(settings, api)
    way, window = _equip(settings, api, doors)
    shares = shares_from_the_start(settings, api)
    nicegui_app.on_startup(functools.partial(_begin, settings, doors, way, window, shares))
    nicegui_app.on_shutdown(functools.partial(asyncio.to_thread, way.sharing.close))
    nicegui_app.on_shutdown(functools.partial(_close, settings, api, window))
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
        **way.server_options,
    )
    if window:
        window.check()


def _equip(
    settings: Settings, api: "BaseApi", doors: "Doors"
) -> "tuple[WayIn, NativeWindow | None]":
    """Put pages, routes and guards onto the framework's application."""
    import nicegui
    from nicegui import app as nicegui_app

    import pages
    from app.bootstrap import presence_of, serve_to_others
    from app.web.install import install
    from app.web.way_in import way_in
    from app.web.window import window_router
    from app.window.building import build_window
    from app.window.machine import Machine
    from pages.attendance import count_open_pages
    from pages.farewell import close_tabs_with_their_sessions
    from pages.ownership import owns_client
    from pages.socket_guard import guard_sockets

    way = way_in(settings, nicegui_app, _OPTIONS_OF_A_SECOND_LISTENER)
    serve_to_others(api, way.sharing)
    install(
        nicegui_app,
        api,
        doors,
        places=way.places,
        asset_prefix=f"/_nicegui/{nicegui.__version__}/",
        owns_client=owns_client,
        trusted_proxies=settings.exposure.trusted_proxies,
        strict_transport=way.is_vouched_for,
    )
    guard_sockets()
    close_tabs_with_their_sessions(doors.sessions)
    count_open_pages(presence_of(api))
    window = None
    if settings.native:
        window = build_window(
            settings, api, _own_url(settings), doors.launch.mint, nicegui_app.shutdown, way.shown
        )
        nicegui_app.include_router(window_router(window.focus))
        window.prepare()
    pages.register(api, Machine(window, api) if window and settings.api == "local" else None)
    return way, window


def _own_url(settings: Settings) -> str:
    """Where this machine itself finds the pages."""
    return replace(settings, host=ports.WILDCARDS.get(settings.host, settings.host)).url


def _log_name(settings: Settings) -> str:
    """A folder has one server, a port one window on a distant studio: nobody else writes there."""
    return "whisk" if settings.api == "local" else f"{settings.api}-{settings.port}"


def _is_open(data: Path) -> bool:
    """Whether a window of this data folder is open; it is in front then, and that was said."""
    url = focus_first(data)
    if url:
        _say(f"Whisk Desktop is open already at {url}; its window is in front now.")
    return bool(url)


async def _begin(
    settings: Settings, doors: "Doors", way: "WayIn", window: "NativeWindow | None", shares: bool
) -> None:
    """Let others in where that is wanted, then say where the pages are."""
    from nicegui import background_tasks

    way.sharing.attach(asyncio.get_running_loop())
    if shares:
        try:
            await asyncio.to_thread(way.sharing.open)
        except WhiskError as error:
            # The person at this machine can still work, and switch it on again in Settings.
            log.warning("not shared: %s", error)
            _say(error.message)
    background_tasks.create(way.sharing.follow(), name="follow the addresses of this machine")
    threading.Thread(target=_welcome, args=(settings, doors, way, window), daemon=True).start()


def _welcome(
    settings: Settings, doors: "Doors", way: "WayIn", window: "NativeWindow | None"
) -> None:
    """Say where the pages are, as soon as they can really be opened."""
    own_url = _own_url(settings)
    link = f"{own_url}/auth?t={doors.launch.mint()}"
    pause = threading.Event()
    while not ports.answers(settings.host, settings.port):
        pause.wait(0.02)
    if settings.api == "local":
        # First: whoever has read that it is ready may send a command at once.
        note = RunningServer(own_url, os.getpid(), doors.tokens.local(), way.shown)
        announce(settings.data, note)
    log.info("serving", extra={"url": settings.url, "api": settings.api, "pid": os.getpid()})
    for line in _for_others(way.sharing.state()):
        _say(line)
    _say(f"Whisk Desktop is ready at {settings.url} - open {link}")
    _say("(the link works once, for five minutes)")
    if window:
        window.open()
    elif settings.browser:
        webbrowser.open(link)


def _for_others(sharing: "SharingInfo") -> Iterator[str]:
    """What people on other machines need to know."""
    if sharing.fingerprint:
        yield f"SHA-256 fingerprint of the certificate: {sharing.fingerprint}"
    for address in filter(None, [*sharing.addresses, sharing.public_url]):
        yield f"Others open it at {address}"
    if sharing.can_be_overheard:
        yield "Passwords can be read on this network. Encrypt them with: --https auto"


def _close(settings: Settings, api: "BaseApi", window: "NativeWindow | None") -> None:
    """Send no more commands here, end what is out, release the folder, close the window."""
    if window:
        window.finish()
    if settings.api == "local":
        withdraw(settings.data)
    api.close()
    if window:
        window.end()
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
