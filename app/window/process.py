"""The process of the window: a webview and nothing else.

It gets everything over a pipe from the server that started it, and closes when that pipe ends. It
offers nothing to the pages it shows.
"""

import html
import os
import signal
import sys
import threading
import time
from importlib import import_module
from multiprocessing.connection import Connection
from typing import Any
from urllib.parse import urlsplit

from app.window import qt
from app.window.look import Look
from app.window.messages import News, Order
from app.window.place import MIN_HEIGHT, MIN_WIDTH, Place, on_a_screen, read_place, write_place

PROGRAM = "whisk-desktop"
PLACE = "place.json"
DARK = "#121217"
"""What dark pages stand on, as in `pages/design.py`."""

SECONDS_BETWEEN_SIGN_INS = 10.0

_BLANK = '<!doctype html><meta charset="utf-8"><meta name="color-scheme" content="{scheme}">'
_SENTENCE = """{blank}<style>
  body {{ font: 17px/1.5 system-ui, sans-serif; height: 100vh; margin: 0;
         display: grid; place-content: center; justify-items: center; gap: 24px }}
  i {{ width: 36px; height: 36px; border: 4px solid #6a3cc933; border-top-color: #6a3cc9;
      border-radius: 50%; animation: turn 1s linear infinite }}
  p {{ max-width: 34em; margin: 0 24px; text-align: center; text-wrap: balance }}
  @keyframes turn {{ to {{ transform: rotate(1turn) }} }}
</style><i></i><p role="status">{sentence}</p>"""


def show(pipe: Connection, look: Look) -> None:
    """Show what the server says until it says to end. The process does nothing else."""
    if hasattr(os, "setsid"):
        os.setsid()  # Ctrl+C in the terminal is for the server, which then ends this window
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.argv = [PROGRAM]  # what the desktop calls the window
    qt.prepare_environment(os.environ)
    _Window(pipe, look).run()


class _Window:
    def __init__(self, pipe: Connection, look: Look) -> None:
        self._pipe = pipe
        self._look = look
        self._sending = threading.Lock()
        self._ending = False
        self._finishing = False
        self._maximized = False
        self._signed_in_at = float("-inf")
        self._window: Any = None
        self._blank = _BLANK.format(scheme=look.scheme)

    def run(self) -> None:
        """Wait for the first order, then be a window."""
        webview = import_module("webview")
        on_qt = sys.platform == "linux"
        if on_qt:
            qt.load()  # takes its time, and the server is not ready yet either
        try:
            order, link = self._pipe.recv()
        except EOFError:
            return
        if order != Order.OPEN:
            return
        webview.settings["ALLOW_DOWNLOADS"] = not on_qt  # its own way is broken in Qt 6
        webview.settings["ALLOW_FILE_URLS"] = False
        self._window = self._create(webview)
        webview.start(
            self._obey,
            (link,),
            gui="qt" if on_qt else None,
            private_mode=self._look.folder is None,
            storage_path=str(self._look.folder / "webview") if self._look.folder else None,
            icon=self._look.icon,
            localization={
                "global.saveFile": self._look.save_file,
                "linux.openFolder": self._look.choose_folder,
            },
        )

    def _create(self, webview: Any) -> Any:
        place = self._place(webview)
        self._maximized = place.maximized
        window = webview.create_window(
            self._look.title,
            html=self._blank,
            background_color=DARK if self._look.scheme == "dark" else "#ffffff",
            width=place.width,
            height=place.height,
            x=place.x,
            y=place.y,
            maximized=place.maximized,
            min_size=(MIN_WIDTH, MIN_HEIGHT),
            text_select=True,
        )
        window.events.before_show += self._before_show
        window.events.shown += lambda: self._tell(News.SHOWN)
        window.events.loaded += self._loaded
        window.events.maximized += lambda: self._remember_maximized(True)
        window.events.restored += lambda: self._remember_maximized(False)
        window.events.closing += self._closing
        return window

    def _before_show(self) -> None:
        if sys.platform == "linux":
            qt.finish(self._window.native, self._look)

    # --- what the server says -----------------------------------------------------------------

    def _obey(self, link: str) -> None:
        self._window.load_url(link)
        try:
            while not self._ending:
                order, text = self._pipe.recv()
                self._do(order, text)
        except (EOFError, OSError):
            self._end()  # the server is gone

    def _do(self, order: str, text: str) -> None:
        if order == Order.OPEN:
            self._window.load_url(text)
        elif order == Order.FOCUS:
            self._focus()
        elif order == Order.FINISHING:
            self._finishing = True
            page = _SENTENCE.format(blank=self._blank, sentence=html.escape(text))
            self._window.load_html(page)
        elif order == Order.CHOOSE_FOLDER:
            # In a thread of its own: while a dialog is open the server may still say to end.
            threading.Thread(target=self._choose_folder, args=(text,), daemon=True).start()
        elif order == Order.END:
            self._end()

    def _focus(self) -> None:
        self._window.show()
        if sys.platform == "linux":
            qt.raise_window(self._window.native)
        else:
            self._window.restore()

    def _choose_folder(self, start: str) -> None:
        webview = import_module("webview")
        chosen = self._window.create_file_dialog(webview.FileDialog.FOLDER, directory=start)
        self._tell(News.CHOSEN, chosen[0] if chosen else "")

    def _end(self) -> None:
        self._ending = True
        self._window.destroy()

    # --- what the person does -----------------------------------------------------------------

    def _closing(self) -> bool:
        """Whether the window may close now."""
        self._remember()
        if self._ending:
            return True
        if self._finishing:
            self._window.hide()
        else:
            self._tell(News.CLOSING)
        return False

    def _loaded(self) -> None:
        address = self._window.get_current_url() or ""
        if urlsplit(address).path != "/login" or self._finishing:
            return
        # A link that does not sign in must not be asked for again and again.
        if time.monotonic() - self._signed_in_at >= SECONDS_BETWEEN_SIGN_INS:
            self._signed_in_at = time.monotonic()
            self._tell(News.SIGNED_OUT)

    def _tell(self, news: News, text: str = "") -> None:
        try:
            with self._sending:
                self._pipe.send((news, text))
        except OSError:
            self._end()  # the server is gone

    # --- where it stands ----------------------------------------------------------------------

    def _place(self, webview: Any) -> Place:
        if self._look.folder is None:
            return Place()
        found = read_place(self._look.folder / PLACE)
        if found.x is None:
            return found
        screens = [(one.x, one.y, one.width, one.height) for one in webview.screens]
        return on_a_screen(found, screens)

    def _remember_maximized(self, maximized: bool) -> None:
        self._maximized = maximized

    def _remember(self) -> None:
        if self._look.folder is None:
            return
        file = self._look.folder / PLACE
        if self._maximized:
            # Its size is the screen's: keep the one to go back to.
            place = read_place(file)
            place = Place(place.width, place.height, place.x, place.y, maximized=True)
        else:
            width, height, x, y = _geometry(self._window)
            place = Place(width, height, x, y)
        write_place(file, place)


def _geometry(window: Any) -> tuple[int, int, int, int]:
    if sys.platform == "linux":
        return qt.geometry(window.native)
    return int(window.width), int(window.height), int(window.x), int(window.y)
