"""A studio behind its real routes and gate, with or without a network."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import uvicorn
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.api.base_api import BaseApi
from app.api.local_api import LocalApi
from app.api.real_api import RealApi
from app.bootstrap import Doors, build_doors
from app.web.install import install

HOST = "studio:8080"
URL = f"http://{HOST}"


def application(api: BaseApi, host: str = HOST) -> tuple[FastAPI, Doors]:
    """The web face of a studio, as `main.py` puts it together, without pages."""
    found, doors = FastAPI(openapi_url=None), build_doors(api)
    install(
        found,
        api,
        doors,
        hosts=[host],
        origins=[f"http://{host}"],
        asset_prefix="/_nicegui/9.9.9/",
    )
    return found, doors


class InProcess(httpx.BaseTransport):
    """Hands requests to an application in this process: the real routes and gate, no network."""

    def __init__(self, served: FastAPI) -> None:
        self._client = TestClient(served, base_url=URL, follow_redirects=False)
        self.requests: list[tuple[str, str]] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path.decode()
        self.requests.append((request.method, path))
        # A socket carries the header of an empty body as well.
        answer = self._client.request(
            request.method, path, content=request.read(), headers=list(request.headers.items())
        )
        headers = [
            (name, value)
            for name, value in answer.headers.multi_items()
            if name.lower() not in ("content-encoding", "content-length")
        ]
        return httpx.Response(answer.status_code, headers=headers, content=answer.content)


@contextmanager
def in_process(api: LocalApi) -> Iterator[RealApi]:
    """A `RealApi` in front of an open studio, over its routes without a network."""
    served, doors = application(api)
    with RealApi(URL, doors.tokens.local(), transport=InProcess(served)) as real:
        yield real


@contextmanager
def over_a_socket(api: LocalApi) -> Iterator[RealApi]:
    """A `RealApi` in front of an open studio, over a real socket of this machine."""
    server = uvicorn.Server(uvicorn.Config(FastAPI(), port=0, log_level="warning", lifespan="off"))
    config = server.config
    socket = config.bind_socket()
    host = f"127.0.0.1:{socket.getsockname()[1]}"
    served, doors = application(api, host)
    config.app = served
    thread = threading.Thread(target=server.run, kwargs={"sockets": [socket]}, daemon=True)
    thread.start()
    try:
        with RealApi(f"http://{host}", doors.tokens.local()) as real:
            yield real
    finally:
        server.should_exit = True
        thread.join()
        socket.close()
