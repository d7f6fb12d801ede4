"""How this process was started: what the command line says, then `WHISK_…`, then the defaults."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, cast, get_args

from platformdirs import user_data_path, user_pictures_path

from app.errors import InvalidInput
from app.exposure import Exposure, SaidOfExposure, exposure_of

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8080
MAX_PORT = 65_535
MAX_TOKEN_CHARS = 4_096

ApiChoice = Literal["local", "mock", "real"]


@dataclass(frozen=True)
class Settings:
    """The options of one run.

    Attributes:
        data: Folder of database, keys, references and thumbnails.
        output: Where images go until the settings page says otherwise.
        native: Whether the pages get a window of their own, instead of the browser.
        painter_latency: Seconds the painter pretends to need for a picture.
        server: Address of another Whisk server, for `api="real"` and for commands.
        token: Bearer token for that server.
        server_certificate: The only certificate that server may show, or that of its issuer.
        exposure: Who besides this machine may get in.
    """

    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT
    data: Path = Path()
    output: Path = Path()
    api: ApiChoice = "local"
    browser: bool = True
    native: bool = False
    painter_latency: float = 0.6
    server: str = ""
    token: str = field(default="", repr=False)
    server_certificate: Path | None = None
    exposure: Exposure = field(default_factory=Exposure)

    @property
    def scheme(self) -> str:
        """How the pages are served: `http` or `https`."""
        return "https" if self.exposure.https else "http"

    @property
    def url(self) -> str:
        """The address of the pages."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


@dataclass(frozen=True)
class Said(SaidOfExposure):
    """What the command line says; None where it says nothing.

    Attributes:
        token_file: File whose only line is the token. A token is never an option itself, because
            every account of a machine can read the command lines of all.
    """

    host: str | None = None
    port: int | None = None
    data: Path | None = None
    api: ApiChoice | None = None
    server: str | None = None
    token_file: Path | None = None
    server_certificate: Path | None = None
    browser: bool | None = None
    native: bool | None = None

    def over(self, other: "Said") -> "Said":
        """This, and what `other` says where this says nothing."""
        mine = {name: value for name, value in vars(self).items() if value is not None}
        return Said(**{**vars(other), **mine})


def settle(said: Said, environment: Mapping[str, str]) -> Settings:
    """The settings of a run; a variable that is set to nothing counts as not set.

    Raises:
        InvalidInput: `invalid_value`, `server_missing`, `server_unused`, `token_file_unreadable`,
            and those of `exposure_of`.
    """
    data = _folder(said.data or environment.get("WHISK_DATA") or None)
    return Settings(
        host=said.host or environment.get("WHISK_HOST") or DEFAULT_HOST,
        port=said.port or _port(environment.get("WHISK_PORT") or str(DEFAULT_PORT)),
        data=data or user_data_path("whisk-desktop", appauthor=False),
        output=data / "output" if data else user_pictures_path() / "Whisk Desktop",
        api=_api(said, environment),
        browser=_either(said.browser, not _is_on(environment, "WHISK_NO_BROWSER")),
        native=_either(said.native, _is_on(environment, "WHISK_NATIVE")),
        painter_latency=_seconds(environment.get("WHISK_PAINTER_LATENCY") or ""),
        server=said.server or environment.get("WHISK_SERVER", ""),
        token=_token(said.token_file) or environment.get("WHISK_TOKEN", "").strip(),
        server_certificate=said.server_certificate
        or _folder(environment.get("WHISK_SERVER_CERTIFICATE") or None),
        exposure=exposure_of(said, environment),
    )


def _api(said: Said, environment: Mapping[str, str]) -> ApiChoice:
    """Who does the work. A server that is named is meant, unless something else was asked for."""
    if said.api and said.api != "real" and said.server:
        raise InvalidInput("server_unused", field="server", api=said.api)
    in_environment = environment.get("WHISK_API", "")
    if in_environment and in_environment not in get_args(ApiChoice):
        raise _invalid("WHISK_API", in_environment)
    server = said.server or environment.get("WHISK_SERVER", "")
    implied = "real" if said.server else in_environment or ("real" if server else "local")
    chosen = said.api or cast("ApiChoice", implied)
    if chosen == "real" and not server:
        raise InvalidInput("server_missing", field="server")
    return chosen


def _is_on(environment: Mapping[str, str], name: str) -> bool:
    return environment.get(name, "") not in ("", "0")


def _either(said: bool | None, otherwise: bool) -> bool:
    return otherwise if said is None else said


def _folder(named: Path | str | None) -> Path | None:
    if named is None:
        return None
    try:
        return Path(named).expanduser().resolve()
    except (OSError, RuntimeError, ValueError) as error:
        raise _invalid("data", str(named)) from error


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MAX_PORT):
        raise _invalid("WHISK_PORT", text)
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text) if text else Settings.painter_latency
    except ValueError as error:
        raise _invalid("WHISK_PAINTER_LATENCY", text) from error
    if not (math.isfinite(seconds) and seconds >= 0):
        raise _invalid("WHISK_PAINTER_LATENCY", text)
    return seconds


def _token(file: Path | None) -> str:
    if file is None:
        return ""
    try:
        with file.open(encoding="utf-8") as lines:
            token = lines.read(MAX_TOKEN_CHARS).strip()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise InvalidInput(
            "token_file_unreadable", field="token_file", file=file, reason=reason
        ) from error
    if len(token.split()) != 1:
        reason = "it must hold the token on one line"
        raise InvalidInput("token_file_unreadable", field="token_file", file=file, reason=reason)
    return token


def _invalid(name: str, value: str) -> InvalidInput:
    return InvalidInput("invalid_value", field=name, name=name, value=ascii(value)[:80])
