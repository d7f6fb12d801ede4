"""What the window needs on Linux, where pywebview draws it with Qt, beyond what pywebview does."""

import os
import ssl
from collections.abc import MutableMapping
from importlib import import_module
from pathlib import Path
from typing import Any

from app.window.look import Look

QUIET = "*.debug=false;*.info=false;default.warning=false;js=false"
"""Leaves what keeps a window from being shown; not what a machine without a GPU is told, nor what
pages write on their console."""

ONLY_FATAL = "--log-level=3"


def prepare_environment(environment: MutableMapping[str, str]) -> None:
    """What Qt and pywebview read when they start."""
    environment["PYWEBVIEW_GUI"] = "qt"
    environment["QT_API"] = "pyside6"
    environment.setdefault("QT_LOGGING_RULES", QUIET)
    environment.setdefault("QTWEBENGINE_CHROMIUM_FLAGS", ONLY_FATAL)
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        # Chromium refuses to start for root with its sandbox; it shows our own pages only.
        environment.setdefault("QTWEBENGINE_DISABLE_SANDBOX", "1")


def load() -> None:
    """Load the libraries."""
    import_module("PySide6.QtWebEngineWidgets")


def finish(window: Any, look: Look) -> None:
    """Name the program, keep the cache beside the rest, trust the server's own certificate, and let
    files be saved under their names.

    pywebview 6.2 saves by a method that Qt 6 no longer has, and suggests the address as a name.
    """
    application = import_module("qtpy.QtWidgets").QApplication.instance()
    application.setApplicationDisplayName(look.title)
    application.setDesktopFileName("whisk-desktop")
    profile = window.webview.page().profile()
    if look.folder is not None:
        profile.setCachePath(str(look.folder / "cache"))

    def save(request: Any) -> None:
        _save(window, look, request)

    profile.downloadRequested.connect(save)

    def trust(error: Any) -> None:
        if look.certificate and is_shown_by(error, Path(look.certificate)):
            error.acceptCertificate()

    window.webview.page().certificateError.connect(trust)


def is_shown_by(error: Any, certificate: Path) -> bool:
    """Whether what was shown is exactly our own certificate, which no authority has signed."""
    # Read anew: the server renews it while it runs.
    own = ssl.PEM_cert_to_DER_cert(_first(certificate.read_text(encoding="ascii")))
    shown = error.certificateChain()
    return bool(shown) and bytes(shown[0].toDer().data()) == own


def _first(certificates: str) -> str:
    end = "-----END CERTIFICATE-----"
    return certificates.partition(end)[0].strip() + "\n" + end + "\n"


def _save(window: Any, look: Look, request: Any) -> None:
    dialogs = import_module("qtpy.QtWidgets").QFileDialog
    standard = import_module("qtpy.QtCore").QStandardPaths
    folder = standard.writableLocation(standard.StandardLocation.DownloadLocation)
    suggested = str(Path(folder) / Path(request.suggestedFileName()).name)
    chosen, _ = dialogs.getSaveFileName(window, look.save_file, suggested)
    if not chosen:
        request.cancel()
        return
    request.setDownloadDirectory(str(Path(chosen).parent))
    request.setDownloadFileName(Path(chosen).name)
    request.accept()


def geometry(window: Any) -> tuple[int, int, int, int]:
    """Width, height, left, top. Called in Qt's own thread."""
    return window.width(), window.height(), window.x(), window.y()


def raise_window(window: Any) -> None:
    """Bring the window to the front, maximized or not. Callable from any thread."""
    core = import_module("qtpy.QtCore")

    def to_front() -> None:
        if window.isMinimized():
            window.setWindowState(window.windowState() & ~core.Qt.WindowState.WindowMinimized)
        window.raise_()
        window.activateWindow()

    core.QTimer.singleShot(0, window, to_front)
