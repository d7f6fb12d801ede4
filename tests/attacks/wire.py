"""A browser tab without a browser: a page's HTML, and a socket that can lie about everything."""

import html
import json
import re
import time
import uuid
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlencode

import httpx
from websockets.exceptions import ConnectionClosed, InvalidMessage, InvalidStatus
from websockets.sync.client import connect

from tests.waiting import until

PAGE = {"accept": "text/html"}
_ELEMENTS = re.compile(r"parseElements\(String\.raw`(.*?)`\)", re.DOTALL)
_CLIENT = re.compile(r"['\"]client_id['\"]: ?['\"]([\w-]+)")


class Refused(Exception):
    """The server did not let the socket in, or threw it out."""


class Wire:
    """One socket.io connection over a websocket."""

    def __init__(
        self,
        url: str,
        query: dict[str, str],
        *,
        cookie: str = "",
        origin: str | None = None,
        and_then: dict[str, str] | None = None,
    ) -> None:
        words = urlencode({"EIO": "4", "transport": "websocket", **query})
        if and_then:
            words += "&" + urlencode(and_then)
        address = url.replace("http", "ws", 1)
        headers = {"Cookie": cookie} if cookie else {}
        self._open = ExitStack()
        try:
            self._socket = self._open.enter_context(connect(
                f"{address}/_nicegui_ws/socket.io/?{words}", origin=origin, proxy=None,
                additional_headers=headers, close_timeout=1, max_size=None, compression=None,
            ))  # fmt: skip
        except InvalidStatus as error:
            raise Refused(str(error.response.status_code)) from error
        except (ConnectionClosed, InvalidMessage, OSError) as error:
            raise Refused("closed") from error
        self._join()

    def _join(self) -> None:
        try:
            self._read()
            self._socket.send("40")
            answer = self._read()
        except Refused:
            self.close()
            raise
        if not answer.startswith("40"):
            self.close()
            raise Refused(json.loads(answer[2:])["message"])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._open.close()

    def send(self, frame: str) -> None:
        """A frame as it is; nothing when the server has closed."""
        with suppress(ConnectionClosed):
            self._socket.send(frame)

    def emit(self, event: str, *arguments: Any) -> None:
        self.send("42" + json.dumps([event, *arguments]))

    def hear(self, *events: str, seconds: float = 20) -> Any:
        """Wait for one of these events; answers what came with it.

        Raises:
            Refused: The server has closed it.
            TimeoutError: None of them came.
        """
        limit = time.monotonic() + seconds
        while True:
            text = self._read(limit - time.monotonic())
            if not text.startswith("42"):
                continue
            name, *rest = json.loads(text[2:])
            if name in events:
                return rest[0] if rest else None

    def is_closed(self) -> bool:
        """Whether the server has closed it; reads what has arrived so far."""
        try:
            while True:
                self._read(seconds=0.01)
        except TimeoutError:
            return False
        except Refused:
            return True

    def _read(self, seconds: float = 20) -> str:
        limit = time.monotonic() + seconds
        while True:
            try:
                text = self._socket.recv(timeout=max(0, limit - time.monotonic()))
            except ConnectionClosed as error:
                code = error.rcvd.code if error.rcvd else "lost"
                raise Refused(f"closed ({code})") from error
            assert isinstance(text, str)
            if text == "2":
                self.send("3")
            elif text == "1" or text.startswith("41"):
                raise Refused("closed")
            else:
                return text


@dataclass
class Tab:
    """A page as it was handed to somebody, with the secrets that came along."""

    url: str
    cookie: str
    client_id: str
    elements: dict[str, dict[str, Any]]
    tab_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def query(self) -> dict[str, str]:
        """What the page's script says when it connects."""
        return {
            "client_id": self.client_id,
            "tab_id": self.tab_id,
            "document_id": str(uuid.uuid4()),
            "next_message_id": "0",
            "implicit_handshake": "true",
        }

    def connect(self) -> Wire:
        """Connect as its owner does."""
        return Wire(self.url, self.query, cookie=self.cookie, origin=self.url)

    def event(self, label: str, kind: str = "click", *arguments: Any) -> dict[str, Any]:
        """The message that says: this was done to the part with this label."""
        for number, element in self.elements.items():
            if element.get("props", {}).get("label") == label:
                listeners = {one["type"]: one["listener_id"] for one in element["events"]}
                return {
                    "id": int(number),
                    "client_id": self.client_id,
                    "listener_id": listeners[kind],
                    "args": [json.dumps(argument) for argument in arguments],
                }
        raise LookupError(label)

    def upload_path(self) -> str:
        number = next(
            number
            for number, element in self.elements.items()
            if "upload" in element.get("tag", "")
        )
        return f"/_nicegui/client/{self.client_id}/upload/{number}"


def open_tab(url: str, cookie: str, path: str = "/") -> Tab:
    """Fetch a page with a session's cookie."""
    answer = httpx.get(url + path, headers={**PAGE, "cookie": cookie}, follow_redirects=False)
    assert answer.status_code == 200, (path, answer.status_code)
    client, elements = _CLIENT.search(answer.text), _ELEMENTS.search(answer.text)
    assert client is not None
    assert elements is not None
    return Tab(url, cookie, client[1], json.loads(html.unescape(elements[1])))


def settle(wire: Wire, happened: Callable[[], bool]) -> bool:
    """Wait until it happened or the socket was closed; answers whether it happened."""
    until(lambda: happened() or wire.is_closed())
    return happened()
