"""Writes down what a browser receives and sends, and what processes show of themselves."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Error, Page, Request, WebSocket

FETCH = """async ([method, path, body]) => {
  const init = {method, headers: {"Content-Type": "application/json"}};
  if (body !== null) init.body = JSON.stringify(body);
  const answer = await fetch(path, init);
  return {status: answer.status, text: await answer.text()};
}"""


@dataclass(frozen=True)
class Received:
    """Something that reached the browser, or left it, with where it came from."""

    place: str
    content: bytes | str


@dataclass
class Recording:
    """What one browser saw.

    Attributes:
        received: Bodies and headers of answers, frames of sockets, pages as they were shown.
        sent: Frames that pages sent; what a person just typed may stand there.
        asked: Addresses that were asked for.
    """

    received: list[Received] = field(default_factory=list)
    sent: list[Received] = field(default_factory=list)
    asked: list[Received] = field(default_factory=list)
    _lost: list[str] = field(default_factory=list)
    _read_by_scripts: set[str] = field(default_factory=set)

    def attach(self, context: BrowserContext) -> None:
        """Write down everything that this browser receives from now on."""
        context.on("requestfinished", self._take)
        context.on("page", lambda page: page.on("websocket", self._listen))

    def shown(self, name: str, page: Page) -> None:
        """Write down a page as the browser shows it now."""
        self.received.append(Received(f"page {name}", page.content()))

    def fetched(self, page: Page, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """Status and text of what a script of the page is answered."""
        answer = page.evaluate(FETCH, [method, path, body])
        place = f"{method} {path.partition('?')[0]}"
        self.received.append(Received(place, answer["text"]))
        self._read_by_scripts.add(place)
        return answer

    @property
    def unread(self) -> list[str]:
        """Answers of which nobody read the body though they must have had one."""
        return [place for place in self._lost if place not in self._read_by_scripts]

    def of(self, part: str) -> list[Received]:
        """What was received from places whose name holds this."""
        return [one for one in self.received if part in one.place]

    def _take(self, request: Request) -> None:
        response = request.response()
        assert response is not None
        path = "/" + request.url.split("/", 3)[3]
        place = f"{request.method} {path.partition('?')[0]}"
        self.asked.append(Received(place, path))
        for header in response.headers_array():
            # Where a session's token belongs, and the login form's second wall.
            if header["name"].lower() != "set-cookie":
                self.received.append(Received(f"header of {place}", str(header)))
        if response.status in (204, 303, 304, 307):
            return
        try:
            self.received.append(Received(place, response.body()))
        except Error:
            self._lost.append(place)

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framereceived", lambda said: self.received.append(Received("socket", said)))
        socket.on("framesent", lambda said: self.sent.append(Received("socket", said)))


def command_lines() -> str:
    """The command lines of all processes of this machine that we may see, a line each."""
    found: list[str] = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            continue  # it has ended
    return "\n".join(found)
