"""A local server that speaks Gemini's protocol as far as google-genai 3.4.0 was seen to use it.

It proves our wiring and nothing about Google. It listens on 127.0.0.1 at a free port, writes down
every request, and answers by a script: the first answer to the first request, and so on; after its
end every request gets a picture. Nothing in it is random.
"""

import base64
import io
import json
import socket
import struct
import threading
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from PIL import Image, ImageDraw

KEY = "FAKE-KEY-0123456789-abcdefghij-wxyz"
SIDE_PX = 96
GENERATE = ":generateContent"

Json = dict[str, Any]


@dataclass(frozen=True)
class Call:
    """A request as it arrived."""

    path: str
    headers: Mapping[str, str]
    body: Json

    @property
    def parts(self) -> list[Json]:
        return self.body["contents"][0]["parts"]

    @property
    def texts(self) -> list[str]:
        return [part["text"] for part in self.parts if "text" in part]

    @property
    def pictures(self) -> list[Image.Image]:
        return [Image.open(io.BytesIO(data)) for data in self.picture_data]

    @property
    def picture_data(self) -> list[bytes]:
        found = [part["inlineData"]["data"] for part in self.parts if "inlineData" in part]
        return [base64.urlsafe_b64decode(data) for data in found]  # the SDK's choice of alphabet

    @property
    def config(self) -> Json:
        return self.body["generationConfig"]


@dataclass(frozen=True)
class Answer:
    """What the server sends for one request."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    declared_length: int | None = None


@dataclass(frozen=True)
class Abort:
    """Takes the request and drops the connection: closes it, or resets it."""

    reset: bool = False


@dataclass(frozen=True)
class Silence:
    """Takes the request and says nothing until the server stops."""


Step = Answer | Abort | Silence


def answer(body: object, status: int = 200, **headers: str) -> Answer:
    """JSON; header names are written with underscores."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    content_type = {"Content-Type": "application/json; charset=UTF-8"}
    return Answer(status, json.dumps(body).encode(), content_type | named)


def html(status: int = 200) -> Answer:
    return Answer(status, b"<html>Please sign in to the hotel's network</html>",
                  {"Content-Type": "text/html"})  # fmt: skip


def candidate(*parts: Json, finish: str | None = "STOP", token: str = "", **more: Any) -> Json:
    """The body of an answer with one candidate; no parts mean no content."""
    first: Json = {"index": 0}
    if token:
        first["continuationToken"] = token
    if finish is not None:
        first["finishReason"] = finish
    if parts:
        first["content"] = {"parts": list(parts), "role": "model"}
    return {"candidates": [first], "responseId": "resp-abc123"} | more


def failure(code: int, status: str, message: str, *details: Json, **headers: str) -> Answer:
    error = {"code": code, "message": message, "status": status, "details": list(details)}
    return answer({"error": error}, code, **headers)


def retry_info(delay: str) -> Json:
    return {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}


def quota(quota_id: str) -> Json:
    return {"@type": "type.googleapis.com/google.rpc.QuotaFailure",
            "violations": [{"quotaId": quota_id, "quotaValue": "250"}]}  # fmt: skip


def inline(data: bytes, mime_type: str = "image/png") -> Json:
    return {"inlineData": {"mimeType": mime_type, "data": base64.b64encode(data).decode()}}


def png(ratio: str = "1:1", word: str = "FAKE") -> bytes:
    """A small picture of the ratio with a word in it."""
    across, down = (int(number) for number in ratio.split(":"))
    size = (SIDE_PX, max(1, SIDE_PX * down // across))
    image = Image.new("RGB", size, "teal")
    ImageDraw.Draw(image).text((8, 8), word, fill="white")
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


def usage(**counts: int) -> Json:
    """`text_in`, `image_in`, `words_out`, `image_out`, `thoughts`, as Google reports them."""
    read, drawn = counts.get("image_in", 0), counts.get("image_out", 0)
    prompt = counts.get("text_in", 0) + read
    told = counts.get("words_out", 0) + drawn
    return {
        "promptTokenCount": prompt,
        "candidatesTokenCount": told,
        "thoughtsTokenCount": counts.get("thoughts", 0),
        "totalTokenCount": prompt + told + counts.get("thoughts", 0),
        "promptTokensDetails": [
            {"modality": "TEXT", "tokenCount": prompt - read},
            {"modality": "IMAGE", "tokenCount": read},
        ],
        "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": drawn}],
    }


def painted(call: Call) -> Answer:
    """What a request gets when the script says nothing else."""
    picture = inline(png(call.config["imageConfig"]["aspectRatio"]))
    counts = usage(text_in=12, image_in=558, image_out=1120, thoughts=210)
    model = call.path.rsplit("/", 1)[-1].removesuffix(GENERATE)
    body = candidate({"text": "Here you go."}, picture, usageMetadata=counts, modelVersion=model)
    return answer(body)


class FakeGemini:
    """The server; use it as a context manager."""

    def __init__(self, *script: Step, key: str = KEY) -> None:
        self.script: deque[Step] = deque(script)
        self.calls: list[Call] = []
        self.key = key
        self.arrived = threading.Event()
        self.stopping = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def __enter__(self) -> "FakeGemini":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def step_for(self, call: Call) -> Step:
        self.calls.append(call)
        self.arrived.set()
        if not (call.path.startswith("/v1/models/") and call.path.endswith(GENERATE)):
            return failure(404, "NOT_FOUND", f"{call.path} is not found.")
        if call.headers.get("x-goog-api-key") != self.key:
            invalid = {"@type": "type.googleapis.com/google.rpc.ErrorInfo",
                       "reason": "API_KEY_INVALID", "domain": "googleapis.com"}  # fmt: skip
            return failure(400, "INVALID_ARGUMENT", "API key not valid.", invalid)
        return self.script.popleft() if self.script else painted(call)


def _handler_of(fake: FakeGemini) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            call = Call(self.path, headers, json.loads(body or b"{}"))
            self._take(fake.step_for(call))

        def _take(self, step: Step) -> None:
            self.close_connection = True
            if isinstance(step, Silence):
                fake.stopping.wait()
            elif isinstance(step, Answer):
                self._send(step)
            elif step.reset:
                no_farewell = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, no_farewell)
                socket.close(self.connection.detach())

        def _send(self, step: Answer) -> None:
            length = len(step.body) if step.declared_length is None else step.declared_length
            self.send_response(step.status)
            for name, value in step.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(length))
            self.end_headers()
            with suppress(ConnectionError):  # a client may hang up before it has read all
                self.wfile.write(step.body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- its base's name
            """Say nothing on the console."""

    return Handler
