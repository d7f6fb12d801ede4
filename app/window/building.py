"""Builds the window that fits how this process was started."""

from collections.abc import Callable
from pathlib import Path

from app.api.base_api import BaseApi
from app.settings import Settings
from app.window.look import look_in
from app.window.window import NativeWindow
from app.words import Words

KIND = "native"
"""Kind of the session that belongs to the window."""


def build_window(
    settings: Settings,
    api: BaseApi,
    url: str,
    mint: Callable[[str], str],
    stop: Callable[[], None],
    certificate: str = "",
) -> NativeWindow:
    """The window in front of a studio that is open.

    Args:
        settings: How this process was started.
        api: The studio.
        url: Where this machine itself finds the pages.
        mint: Makes a launch token for a session of a kind.
        stop: Asks the server to stop.
        certificate: File with the certificate that the server shows, or nothing for http.
    """
    answer = api.get_settings()
    language = answer.data["language"] if answer.data else "en"
    theme = answer.data["theme"] if answer.data else "system"
    return NativeWindow(
        look_in(language, _folder(settings), certificate, theme),
        sign_in=lambda: f"{url}/auth?t={mint(KIND)}",
        finishing=lambda: _finishing(settings, api, language),
        stop=stop,
    )


def _folder(settings: Settings) -> Path | None:
    """Where the window keeps what it remembers; the studio in memory keeps nothing."""
    names = {"local": "window", "real": "window-distant"}
    name = names.get(settings.api)
    return settings.data / name if name else None


def _finishing(settings: Settings, api: BaseApi, language: str) -> str:
    """What to say about requests that must be waited for; those of a distant studio go on there."""
    if settings.api == "real":
        return ""
    state = api.queue_state()
    waiting = state.data["in_flight"] if state.success else 0
    return Words(language)("window.finishing", n=waiting) if waiting else ""
