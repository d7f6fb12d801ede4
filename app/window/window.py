"""The server's side of its window: starts the process, tells it what to do, hears what happens.

The engine, the studio and the server live in the process that calls this. The window's process
holds a webview; when it dies, it was closed.
"""

import multiprocessing
import threading
from collections.abc import Callable

from app.errors import WhiskError
from app.window.look import Look
from app.window.messages import News, Order
from app.window.process import show

SECONDS_TO_CLOSE = 10.0
"""How long a window that was told to end may need before its process is ended."""


class NativeWindow:
    """One window in front of this server.

    Args:
        look: The window without its content.
        sign_in: Makes a launch link; called whenever the window must sign in.
        finishing: What to say about requests that are out, or nothing when none is.
        stop: Asks the server to stop; called when the window was closed.
    """

    def __init__(
        self,
        look: Look,
        *,
        sign_in: Callable[[], str],
        finishing: Callable[[], str],
        stop: Callable[[], None],
    ) -> None:
        self._look = look
        self._sign_in = sign_in
        self._finishing = finishing
        self._stop = stop
        self._sending = threading.Lock()
        self._dialog = threading.Lock()
        self._answered = threading.Event()
        self._chosen = ""
        self._shown = False
        self._ended = False
        self._gone = threading.Event()
        # Started anew instead of forked: no thread, lock or file of the server comes along.
        context = multiprocessing.get_context("spawn")
        self._pipe, self._theirs = context.Pipe()
        self._process = context.Process(
            target=show, args=(self._theirs, look), name="whisk-window", daemon=True
        )

    def prepare(self) -> None:
        """Start the process, which shows nothing yet."""
        if self._look.folder is not None:
            self._look.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._process.start()
        self._theirs.close()  # so that the pipe ends when the process does

    def open(self) -> None:
        """Show the pages, signed in."""
        self._order(Order.OPEN, self._sign_in())
        threading.Thread(target=self._listen, name="whisk-window", daemon=True).start()

    def focus(self) -> bool:
        """Bring the window to the front; answers whether there is one."""
        return self._order(Order.FOCUS)

    def choose_folder(self, start: str) -> str:
        """Let the person choose a folder; answers it, or nothing. Waits for the person.

        While one dialog is open a second call answers nothing.
        """
        if not self._dialog.acquire(blocking=False):
            return ""
        try:
            self._chosen = ""
            self._answered.clear()
            if self._order(Order.CHOOSE_FOLDER, start):
                self._answered.wait()
            return self._chosen
        finally:
            self._dialog.release()

    def finish(self) -> None:
        """Say that requests are being finished, if any are; else leave it as it is."""
        if sentence := self._finishing():
            self._order(Order.FINISHING, sentence)

    def end(self) -> None:
        """Close the window and wait until its process has ended. A second call does nothing."""
        if self._process.pid is None:
            return
        self._ended = True
        self._order(Order.END)
        self._process.join(SECONDS_TO_CLOSE)
        if self._process.is_alive():
            self._process.terminate()
            self._process.join()

    def check(self) -> None:
        """Raise `WhiskError` with `window_failed` when the window never came up."""
        if self._gone.is_set() and not self._shown:
            raise WhiskError("window_failed", ended=self._process.exitcode)

    def _order(self, order: Order, text: str = "") -> bool:
        try:
            with self._sending:
                self._pipe.send((order, text))
        except OSError:
            return False
        return not self._gone.is_set()

    def _listen(self) -> None:
        try:
            while True:
                news, text = self._pipe.recv()
                self._hear(news, text)
        except (EOFError, OSError):
            self._process.join(SECONDS_TO_CLOSE)
            self._gone.set()
            self._answered.set()
            if not self._ended:
                self._stop()

    def _hear(self, news: str, text: str) -> None:
        if news == News.SHOWN:
            self._shown = True
        elif news == News.SIGNED_OUT:
            self._order(Order.OPEN, self._sign_in())
        elif news == News.CHOSEN:
            self._chosen = text
            self._answered.set()
        elif news == News.CLOSING:
            self._close()

    def _close(self) -> None:
        if sentence := self._finishing():
            self._order(Order.FINISHING, sentence)
        else:
            self._order(Order.END)
        self._stop()
