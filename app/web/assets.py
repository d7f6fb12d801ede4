"""Our own scripts, styles and pictures under `/static/`."""

import hashlib
from functools import cache
from os import PathLike, stat_result

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from app.words import STATIC


class Assets(StaticFiles):
    """The files of `static/`; an address that carries a version is kept by browsers for good."""

    def __init__(self) -> None:
        super().__init__(directory=STATIC)

    def file_response(
        self,
        full_path: str | PathLike[str],
        stat_result: stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        """The file; without a version in the address a browser asks whether it changed."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        versioned = b"v=" in scope["query_string"]
        response.headers["Cache-Control"] = (
            "public, max-age=31536000, immutable" if versioned else "no-cache"
        )
        return response


@cache
def asset_address(name: str) -> str:
    """Where a file of `static/` is served; a changed file has a new address at the next start."""
    version = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={version}"
