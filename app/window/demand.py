"""Whether a window can be shown here at all."""

import sys
from collections.abc import Mapping
from importlib.util import find_spec

from app.errors import InvalidInput

NEEDED = ("webview", "PySide6.QtWebEngineWidgets") if sys.platform == "linux" else ("webview",)


def demand_window(environment: Mapping[str, str]) -> None:
    """Refuse where a window cannot be shown.

    Raises:
        InvalidInput: `native_missing`, `display_missing`.
    """
    if not all(_is_installed(name) for name in NEEDED):
        raise InvalidInput("native_missing", field="native")
    has_display = environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY")
    if sys.platform == "linux" and not has_display:
        raise InvalidInput("display_missing", field="native")


def _is_installed(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        return False
