"""The two servers that are attacked: a bare NiceGUI app, and ours as `main.py` starts it."""

import os
import re
import signal
import subprocess
import sys
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, Self

import httpx

from tests.attacks.wire import Tab, open_tab
from tests.browser.server import FROM_PYTEST, ROOT, free_port
from tests.waiting import until

PASSWORD = "seven grey herons"
USER = "local"


class Target(ABC):
    """A server process, a victim who is signed in there, and what an attack may gain."""

    name: str
    spend_path: str
    """A route whose POST spends, without any body."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "output.txt"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server, sign a victim in, and a second session that is good as well."""
        environment = {name: value for name, value in os.environ.items() if name not in FROM_PYTEST}
        with self.log.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, *self._command()],
                cwd=self._place(), env=environment, stdout=output, stderr=subprocess.STDOUT,
            )  # fmt: skip
        try:
            until(self._is_ready, 60)
            self._prepare()
            self.victim = self.sign_in()
            self.other = self.sign_in()
        except BaseException:
            self.stop()
            raise

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End the process."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(30)
        finally:
            self._process.kill()
            self._process.wait()

    # --- what an attack does ------------------------------------------------------------------

    def ask(
        self, path: str, method: str = "GET", *, cookie: str = "", sender: str = "", **rest: Any
    ) -> httpx.Response:
        """One request that says exactly what it is told to say; `sender` is its own address."""
        headers = dict(rest.pop("headers", {})) | ({"cookie": cookie} if cookie else {})
        transport = httpx.HTTPTransport(local_address=sender or None)
        with httpx.Client(transport=transport, timeout=30) as client:
            return client.request(method, self.url + path, headers=headers, **rest)

    def tab(self, cookie: str | None = None, path: str = "/") -> Tab:
        """A page of the victim, or of whoever has the cookie; its button can be pressed."""
        self.save_up()
        return open_tab(self.url, self.victim if cookie is None else cookie, path)

    # --- what it may gain ---------------------------------------------------------------------

    @property
    @abstractmethod
    def spent(self) -> int:
        """Rises when somebody pressed the button or posted to the route."""

    @abstractmethod
    def save_up(self) -> None:
        """Make sure that the next spending is seen."""

    @property
    def memory_mb(self) -> float:
        """Resident memory of the process."""
        assert self._process is not None
        status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="utf-8")
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert found is not None
        return int(found[1]) / 1024

    @property
    def said(self) -> str:
        """Whatever the process wrote: console and log files."""
        files = [self.log, *self.folder.rglob("*.log"), *self.folder.rglob("*.jsonl")]
        return "".join(path.read_text(encoding="utf-8", errors="replace") for path in files)

    # --- how it is started --------------------------------------------------------------------

    def _place(self) -> Path:
        return ROOT

    @abstractmethod
    def _command(self) -> list[str]: ...

    @abstractmethod
    def _is_ready(self) -> bool: ...

    @abstractmethod
    def _prepare(self) -> None:
        """What must be there before anybody signs in."""

    @abstractmethod
    def sign_in(self, cookie: str = "") -> str:
        """Open a session with the password; the browser holds this cookie already. The new one."""

    @abstractmethod
    def sign_out(self, cookie: str) -> None:
        """End a session the way its owner does."""

    def is_signed_in(self, cookie: str) -> bool:
        """Whether a cookie opens the front page."""
        return self.ask("/", cookie=cookie, headers={"accept": "text/html"}).status_code == 200


class Bare(Target):
    """NiceGUI as the official authentication example protects it."""

    name = "bare NiceGUI"
    spend_path = "/spend"

    def __init__(self, folder: Path, *, without_password: bool = False) -> None:
        super().__init__(folder)
        self._without_password = without_password
        self.files = folder / "files"
        self.files.mkdir()

    def _place(self) -> Path:
        return self.folder

    def _command(self) -> list[str]:
        script = str(Path(__file__).parent / "bare_app.py")
        options = ["--open"] if self._without_password else []
        return [script, str(self.port), str(self.files), *options]

    def _is_ready(self) -> bool:
        try:
            return self.ask("/_nicegui_probe").status_code == 200
        except httpx.TransportError:
            return False

    @property
    def spent(self) -> int:
        return self.ask("/_nicegui_probe").json()["spent"]

    def save_up(self) -> None:
        """It counts, so there is nothing to do."""

    def _prepare(self) -> None:
        """Its password stands in its code."""

    def sign_in(self, cookie: str = "") -> str:
        cookie = cookie or self.anonymous_cookie()
        tab = self.tab(cookie, "/login")
        with tab.connect() as wire:
            wire.emit("event", tab.event("Username", "update:value", USER))
            wire.emit("event", tab.event("Password", "update:value", PASSWORD))
            wire.emit("event", tab.event("Log in"))
            wire.hear("open")
        return cookie

    def anonymous_cookie(self) -> str:
        """The cookie that every stranger gets."""
        cookies = self.ask("/login").cookies
        return f"session={cookies['session']}"

    def sign_out(self, cookie: str) -> None:
        tab = self.tab(cookie)
        with tab.connect() as wire:
            wire.emit("event", tab.event("Log out"))
            wire.hear("open")


class Ours(Target):
    """Whisk Desktop."""

    name = "Whisk Desktop"
    spend_path = "/api/v1/queue/start"

    def _command(self) -> list[str]:
        data = str(self.folder / "data")
        return ["main.py", "--no-browser", "--port", str(self.port), "--data", data]

    def _is_ready(self) -> bool:
        return self._link() is not None

    def _link(self) -> str | None:
        found = re.search(r"(/auth\?t=\S+)", self.log.read_text(encoding="utf-8"))
        return found[1] if found else None

    def _prepare(self) -> None:
        """Set a password and make a token by which the tests look inside."""
        link = self._link()
        assert link is not None
        cookie = _session(self.ask(link))
        ours = {"origin": self.url}
        answer = self.ask(
            "/api/v1/me/password", "PUT", cookie=cookie, headers=ours, json={"password": PASSWORD}
        )
        assert answer.status_code == 200, answer.text
        answer = self.ask(
            "/api/v1/tokens", "POST", cookie=cookie, headers=ours,
            json={"name": "probe", "scope": "admin", "days": 1},
        )  # fmt: skip
        self._probe = {"authorization": f"Bearer {answer.json()['data']['token']}"}

    @property
    def spent(self) -> int:
        answer = self.ask("/api/v1/queue", headers=self._probe)
        return int(answer.json()["data"]["running"])

    def save_up(self) -> None:
        self.ask("/api/v1/queue/stop", "POST", headers=self._probe)

    def sign_in(self, cookie: str = "") -> str:
        page = self.ask("/login", cookie=cookie)
        form_token = re.search(r'name="form_token" value="([^"]*)"', page.text)
        assert form_token is not None
        form = page.cookies.get("whisk_form", "")
        data = {"username": USER, "password": PASSWORD, "form_token": form_token[1], "next": ""}
        cookies = "; ".join(filter(None, (cookie, f"whisk_form={form}")))
        headers = {"origin": self.url}
        return _session(self.ask("/login", "POST", cookie=cookies, headers=headers, data=data))

    def sign_out(self, cookie: str) -> None:
        answer = self.ask("/logout", "POST", cookie=cookie, headers={"origin": self.url})
        assert answer.status_code == 303


def _session(answer: httpx.Response) -> str:
    assert answer.status_code == 303, answer.text
    return f"whisk_session={answer.cookies['whisk_session']}"
