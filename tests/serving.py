"""A studio behind its real routes and gate, with or without a network."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.api.base_api import BaseApi
from app.api.local_api import LocalApi
from app.api.real_api import RealApi
from app.bootstrap import Doors, build_doors
from app.web.install import install
from app.web.places import Places

HOST = "studio:8080"
URL = f"http://{HOST}"
ASSETS = "/_nicegui/9.9.9/"


class Standing:
    """Whatever stands behind it now."""

    behind: Any = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.behind, name)


class Face:
    """One application for many studios, one after another: its routes take half a second to build.

    Put together as `main.py` does it, without pages.
    """

    def __init__(self, *hosts: str, owns_client: Any = None) -> None:
        self.application = FastAPI(openapi_url=None)
        self.api = Standing()
        self.sessions = Standing()
        self.tokens = Standing()
        self.launch = Standing()
        install(
            self.application,
            self.api,  # pyright: ignore[reportArgumentType]
            self,  # pyright: ignore[reportArgumentType]
            places=Places(hosts),
            asset_prefix=ASSETS,
            owns_client=owns_client,
        )

    def show(self, api: BaseApi | None, doors: Any) -> None:
        """From now on this studio stands behind it."""
        self.api.behind = api
        self.sessions.behind = doors.sessions
        self.tokens.behind = doors.tokens
        self.launch.behind = doors.launch


def application(api: BaseApi, host: str = HOST) -> tuple[FastAPI, Doors]:
    """The web face of one studio."""
    face, doors = Face(host), build_doors(api)
    face.show(api, doors)
    return face.application, doors


class InProcess(httpx.BaseTransport):
    """Hands requests to an application in this process: the real routes and gate, no network."""

    def __init__(self, served: FastAPI) -> None:
        self.client = TestClient(served, base_url=URL, follow_redirects=False)
        self.requests: list[tuple[str, str]] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path.decode()
        self.requests.append((request.method, path))
        # A socket carries the header of an empty body as well.
        answer = self.client.request(
            request.method, path, content=request.read(), headers=list(request.headers.items())
        )
        headers = [
            (name, value)
            for name, value in answer.headers.multi_items()
            if name.lower() not in ("content-encoding", "content-length")
        ]
        return httpx.Response(answer.status_code, headers=headers, content=answer.content)


_free: list[Face] = []


@contextmanager
def in_process(api: LocalApi) -> Iterator[RealApi]:
    """A `RealApi` in front of an open studio, over its routes without a network."""
    face, doors = _free.pop() if _free else Face(HOST), build_doors(api)
    face.show(api, doors)
    transport = InProcess(face.application)
    with transport.client, RealApi(URL, doors.tokens.local(), transport=transport) as real:
        yield real
    _free.append(face)


@cache
def _served() -> tuple[Face, str]:
    """A face on a real socket of this machine, until the process ends."""
    server = uvicorn.Server(uvicorn.Config(FastAPI(), port=0, log_level="warning", lifespan="off"))
    socket = server.config.bind_socket()
    host = f"127.0.0.1:{socket.getsockname()[1]}"
    face = Face(host)
    server.config.app = face.application
    thread = threading.Thread(target=server.run, kwargs={"sockets": [socket]}, daemon=True)
    thread.start()
    _at_the_end.callback(socket.close)
    _at_the_end.callback(thread.join)
    _at_the_end.callback(setattr, server, "should_exit", True)
    return face, host


_at_the_end = ExitStack()


def stop_serving() -> None:
    """End what `over_a_socket` began."""
    _served.cache_clear()
    _at_the_end.close()


@contextmanager
def over_a_socket(api: LocalApi) -> Iterator[RealApi]:
    """A `RealApi` in front of an open studio, over a real socket of this machine."""
    (face, host), doors = _served(), build_doors(api)
    face.show(api, doors)
    with RealApi(f"http://{host}", doors.tokens.local()) as real:
        yield real
