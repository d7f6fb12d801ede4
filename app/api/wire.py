"""The line to another Whisk server: requests that are repeated only where that is harmless."""

import re
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx
import orjson
from tenacity import RetryCallState, Retrying, stop_after_attempt, wait_exponential_jitter

from app.api.models import ApiResponse, MediaContent
from app.errors import InvalidInput, WhiskError
from app.models import ACTING_ROLE_HEADER
from app.network.trust import trusting

PREFIX = "/api/v1"
TRIES = 3
CONNECT_SECONDS = 2.5
AWAY_SECONDS = 1.0
"""For how long nobody knocks again at a server that did not open: a page asks many questions."""
READ_SECONDS = 60.0
PIECE_BYTES = 1 << 16

# Nothing has left yet, so anything may be tried again.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)

_TOKEN_REFUSED = ("token_refused", "not_signed_in")

_FILE_NAME = re.compile(r"filename\*=UTF-8''([^;]*)", re.IGNORECASE)


class Wire:
    """One server, many calls; may be used from any thread. Opens by itself at the first call."""

    def __init__(
        self,
        base_url: str,
        token: str,
        transport: httpx.BaseTransport | None = None,
        certificate: Path | None = None,
    ) -> None:
        """Only remembers.

        Args:
            base_url: `http://studio:8080`; a path in it is kept.
            token: Bearer token, or empty.
            transport: Instead of the network, for tests.
            certificate: File with the only certificate that the server may show, or that of its
                issuer; None trusts the issuers that everybody trusts.
        """
        self._certificate = certificate
        self.server = base_url.rstrip("/")
        self._token = token
        self._transport = transport
        self._lock = threading.Lock()
        self._client: httpx.Client | None = None
        self._away = _Away()

    def open(self) -> httpx.Client:
        """The connections, made at the first call.

        Raises:
            InvalidInput: `server_address_malformed`, `certificate_unreadable`.
        """
        with self._lock:
            if self._client is None:
                self._client = self._connected()
            return self._client

    def _connected(self) -> httpx.Client:
        try:
            address = httpx.URL(self.server)
        except httpx.InvalidURL:
            address = httpx.URL("")
        if address.scheme not in ("http", "https") or not address.host or address.query:
            raise InvalidInput("server_address_malformed", field="server", server=self.server[:200])
        bearer = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        return httpx.Client(
            base_url=self.server + PREFIX,
            headers={**bearer, "Accept-Encoding": "gzip"},
            timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
            limits=httpx.Limits(max_connections=64, max_keepalive_connections=16),
            transport=self._transport,
            verify=trusting(self._certificate) if self._certificate else True,
            # Whisk never redirects a program; whatever does is somebody else.
            follow_redirects=False,
            trust_env=False,
        )

    def close(self) -> None:
        """Let go of the connections. A second call does nothing."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def ask(
        self,
        method: str,
        path: str,
        *,
        role: str = "",
        again: bool = False,
        body: Any = None,
        wait_seconds: float = 0,
        **request: Any,
    ) -> ApiResponse:
        """One call of the contract; never raises for what the server or the network does.

        Args:
            method: HTTP method.
            path: Below `/api/v1`.
            role: The role of whoever it is for, where it is less than the token's.
            again: Whether a second call would be harmless after the answer to the first was lost.
            body: What to send as JSON.
            wait_seconds: How long the server may take on purpose.
            **request: More for `httpx.Client.request`: `params`, `data`, `files`.

        Answers what the server answered, else `server_unreachable` (nothing was done),
        `server_answer_lost` (nobody knows), `server_answer_odd`.
        """
        if body is not None:
            request["content"] = orjson.dumps(body)
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if role:
            headers[ACTING_ROLE_HEADER] = role
        if wait_seconds:
            request["timeout"] = httpx.Timeout(wait_seconds + READ_SECONDS, connect=CONNECT_SECONDS)
        try:
            response = self._sent(again, method, path, headers=headers, **request)
        except WhiskError as error:
            return ApiResponse.refused(error)
        return self._read(response)

    def _sent(self, again: bool, method: str, path: str, **request: Any) -> httpx.Response:
        client = self.open()
        if reason := self._away.reason():
            raise WhiskError("server_unreachable", server=self.server, reason=reason)

        def harmless(state: RetryCallState) -> bool:
            error = state.outcome.exception() if state.outcome else None
            return isinstance(error, _NOT_SENT) or (
                again and isinstance(error, httpx.TransportError)
            )

        tries = Retrying(
            retry=harmless,
            stop=stop_after_attempt(1 if self._away.is_known else TRIES),
            wait=wait_exponential_jitter(initial=0.1, max=1, jitter=0.2),
            reraise=True,
        )
        try:
            response = tries(client.request, method, path, **request)
        except httpx.TransportError as error:
            self._away.begin(_reason(error))
            raise self._failure(error, again) from error
        self._away.end()
        return response

    def _failure(self, error: httpx.TransportError, again: bool) -> WhiskError:
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            return WhiskError("server_certificate_unknown", server=self.server)
        code = "server_unreachable"
        if not again and not isinstance(error, _NOT_SENT):
            code = "server_answer_lost"
        return WhiskError(code, server=self.server, reason=_reason(error))

    def _read(self, response: httpx.Response) -> ApiResponse:
        try:
            answer = ApiResponse(**orjson.loads(response.content))
        except (orjson.JSONDecodeError, TypeError, ValueError):
            return ApiResponse.refused(self._odd(response))
        if answer.code in _TOKEN_REFUSED:
            # Not the session of whoever sits here: that one is good.
            return ApiResponse.refused(WhiskError("server_token_refused", server=self.server))
        return answer

    def _odd(self, response: httpx.Response) -> WhiskError:
        return WhiskError("server_answer_odd", server=self.server, status=response.status_code)

    # --- files --------------------------------------------------------------------------------

    def file(self, path: str, *, role: str = "", whole: bool = False) -> ApiResponse:
        """A `MediaContent` of the server.

        `whole` fetches a small file at once; otherwise only its name, kind and tag come now, and
        the bytes when they are read.
        """
        headers = {ACTING_ROLE_HEADER: role} if role else {}
        try:
            method = "GET" if whole else "HEAD"
            response = self._sent(True, method, path, headers=headers)
            if response.status_code >= 400 and not whole:
                # A HEAD has no body that could say why.
                response = self._sent(True, "GET", path, headers=headers)
        except WhiskError as error:
            return ApiResponse.refused(error)
        if response.status_code >= 400:
            return self._read(response)
        return self.as_file(response, None if whole else lambda: self._pieces(path, headers))

    def as_file(self, response: httpx.Response, chunks: Any = None) -> ApiResponse:
        """The file that an answer holds, or promises where `chunks` fetches it."""
        tag = response.headers.get("etag", "").strip('"')
        name = _FILE_NAME.search(response.headers.get("content-disposition", ""))
        if not tag or not name:
            return ApiResponse.refused(self._odd(response))
        content = MediaContent(
            mime_type=response.headers.get("content-type", "").partition(";")[0],
            file_name=unquote(name[1]),
            sha256=tag,
            data=None if chunks else response.content,
            chunks=chunks,
        )
        return ApiResponse(success=True, data=content, total=1)

    def download(self, path: str, body: Mapping[str, Any], *, role: str = "") -> ApiResponse:
        """A file that is made for the asking."""
        headers = {"Content-Type": "application/json"}
        if role:
            headers[ACTING_ROLE_HEADER] = role
        try:
            response = self._sent(True, "POST", path, headers=headers, content=orjson.dumps(body))
        except WhiskError as error:
            return ApiResponse.refused(error)
        return self._read(response) if response.status_code >= 400 else self.as_file(response)

    def _pieces(self, path: str, headers: Mapping[str, str]) -> Iterator[bytes]:
        try:
            with self.open().stream("GET", path, headers=headers) as response:
                if response.status_code != 200:
                    raise OSError(f"{self.server} answered {response.status_code}")
                yield from response.iter_bytes(PIECE_BYTES)
        except httpx.TransportError as error:
            raise OSError(f"the connection to {self.server} broke: {error}") from error


def _reason(error: httpx.TransportError) -> str:
    return (str(error) or type(error).__name__)[:200]


class _Away:
    """Whether the server is known not to answer; then one caller at a time tries anew."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._reason = ""
        self._until = 0.0
        self._knocking = False

    @property
    def is_known(self) -> bool:
        """Whether the last try failed."""
        return bool(self._reason)

    def reason(self) -> str:
        """Why there is no use in trying now; empty when the caller should."""
        with self._lock:
            if self._reason and (self._knocking or time.monotonic() < self._until):
                return self._reason
            self._knocking = bool(self._reason)
            return ""

    def begin(self, reason: str) -> None:
        """A try failed."""
        with self._lock:
            self._reason, self._until = reason, time.monotonic() + AWAY_SECONDS
            self._knocking = False

    def end(self) -> None:
        """A try was answered."""
        with self._lock:
            self._reason, self._knocking = "", False
