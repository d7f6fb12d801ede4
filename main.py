"""Whisk Desktop: put the parts together and serve them.

Nothing happens at import: a native window's process imports this file again.
"""

import multiprocessing
import os
import socket
import sys
import threading
import webbrowser

from app.bootstrap import build_api, build_doors, check_exposure
from app.errors import WhiskError
from app.settings import Settings, parse


def serve(settings: Settings) -> None:
    """Open the studio, register pages and routes, and serve until stopped."""
    # The framework reads these when it is imported; our own storage is the database.
    os.environ.setdefault("NICEGUI_STORAGE_PATH", str(settings.data / "nicegui"))
    import nicegui
    from nicegui import app as nicegui_app
    from nicegui import ui
    from starlette.middleware.gzip import GZipMiddleware

    import pages
    from app.web.install import install
    from pages.ownership import owns_client

    api = build_api(settings)  # MockApi() | LocalApi(data, output)
    api.open()
    doors = build_doors(api)
    check_exposure(settings, doors)
    hosts = _hosts(settings)
    install(
        nicegui_app,
        api,
        doors.sessions,
        doors.launch,
        hosts=hosts,
        origins=[f"http://{host}" for host in hosts],
        asset_prefix=f"/_nicegui/{nicegui.__version__}/",
        owns_client=owns_client,
    )
    pages.register(api)
    link = f"{settings.url}/auth?t={doors.launch.mint()}"
    nicegui_app.on_startup(
        threading.Thread(target=_welcome, args=(settings, link), daemon=True).start
    )
    nicegui_app.on_shutdown(api.close)
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
        ws_max_size=1_100_000,
        limit_concurrency=512,
        timeout_keep_alive=5,
        proxy_headers=False,
        server_header=False,
        uvicorn_logging_level="warning",
    )


def _hosts(settings: Settings) -> list[str]:
    """What the Host header of a rightful request says; port 80 goes without saying."""
    names = {settings.host, "127.0.0.1", "localhost", "::1"}
    written = sorted(f"[{name}]" if ":" in name else name for name in names)
    return [name if settings.port == 80 else f"{name}:{settings.port}" for name in written]


def _welcome(settings: Settings, link: str) -> None:
    """Say where the pages are, as soon as they can really be opened."""
    pause = threading.Event()
    while not _answers(settings):
        pause.wait(0.02)
    _say(f"Whisk Desktop is ready at {settings.url} - open {link}")
    _say("(the link works once, for five minutes)")
    if settings.browser:
        webbrowser.open(link)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _answers(settings: Settings) -> bool:
    try:
        socket.create_connection((settings.host, settings.port), timeout=1).close()
    except OSError:
        return False
    return True


def _port_is_taken(settings: Settings) -> bool:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        if os.name == "posix":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError:
            return True
    return False


def main() -> None:
    """The command `whisk` and `python main.py`; exits with 2 when it cannot start."""
    multiprocessing.freeze_support()
    os.umask(0o077)
    settings = parse()
    if _port_is_taken(settings):
        sys.exit(
            f"Port {settings.port} is in use. Is Whisk Desktop running already? "
            f"Open {settings.url}, or start this one with --port and another number."
        )
    try:
        serve(settings)
    except WhiskError as error:
        sys.exit(error.message)


if __name__ == "__main__":
    main()
