"""The options of a server, for `whisk` and `whisk serve` alike."""

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli.asked import Data, Server, ServerCertificate, TokenFile
from app.exposure import HttpsChoice
from app.settings import MAX_PORT, ApiChoice, Said

_Host = Annotated[
    str | None,
    typer.Option(metavar="ADDRESS", help="Address to listen on (WHISK_HOST); default: 127.0.0.1."),
]
_Port = Annotated[
    int | None,
    typer.Option(min=1, max=MAX_PORT, metavar="PORT", help="Port (WHISK_PORT); default: 8080."),
]
_Api = Annotated[
    ApiChoice | None,
    typer.Option(
        help="local: here, on disk (the default); mock: in memory; real: --server (WHISK_API).",
    ),
]
_NoBrowser = Annotated[
    bool,
    typer.Option("--no-browser", help="Print the launch link, open nothing (WHISK_NO_BROWSER)."),
]
_Native = Annotated[
    bool | None,
    typer.Option("--native/--no-native", help="Show the pages in their own window (WHISK_NATIVE)."),
]
_Share = Annotated[
    bool | None,
    typer.Option(
        "--share/--no-share",
        help="Let other machines of this network in (WHISK_SHARE); default: as in Settings.",
    ),
]
_ShareAddress = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS,...",
        help="Addresses to share (WHISK_SHARE_ADDRESS); default: all of this network.",
    ),
]
_HttpsOption = Annotated[
    HttpsChoice | None,
    typer.Option(help="auto: encrypt, with a certificate of this machine (WHISK_HTTPS)."),
]
_Certificate = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Encrypt with your own certificate (WHISK_CERTIFICATE)."),
]
_Key = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Key of --certificate (WHISK_KEY).")
]
_PublicUrl = Annotated[
    str | None,
    typer.Option(metavar="URL", help="Address of the proxy in front (WHISK_PUBLIC_URL)."),
]
_TrustedProxies = Annotated[
    str | None,
    typer.Option(metavar="CIDR,...", help="From where that proxy comes (WHISK_TRUSTED_PROXIES)."),
]

_OPTIONS: Mapping[str, tuple[Any, Any]] = {
    "host": (_Host, None),
    "port": (_Port, None),
    "data": (Data, None),
    "api": (_Api, None),
    "server": (Server, None),
    "token_file": (TokenFile, None),
    "server_certificate": (ServerCertificate, None),
    "no_browser": (_NoBrowser, False),
    "native": (_Native, None),
    "share": (_Share, None),
    "share_address": (_ShareAddress, None),
    "https": (_HttpsOption, None),
    "certificate": (_Certificate, None),
    "key": (_Key, None),
    "public_url": (_PublicUrl, None),
    "trusted_proxies": (_TrustedProxies, None),
}
"""Annotation and default by the name in `Said`; `no_browser` is the one that has another."""


def with_serve_options(body: Callable[[typer.Context, Said], None]) -> Callable[..., None]:
    """A function that typer calls with every option of a server, and that hands on what was said.

    Its name and docstring are those of `body`.
    """

    def run(ctx: typer.Context, **given: Any) -> None:
        browser = False if given.pop("no_browser") else None
        body(ctx, Said(browser=browser, **given))

    kind = inspect.Parameter.KEYWORD_ONLY
    context = inspect.Parameter("ctx", kind, annotation=typer.Context)
    options = [
        inspect.Parameter(name, kind, annotation=annotation, default=default)
        for name, (annotation, default) in _OPTIONS.items()
    ]
    run.__name__, run.__doc__ = body.__name__, body.__doc__
    run.__signature__ = inspect.Signature([context, *options])  # pyright: ignore[reportFunctionMemberAccess] -- what typer reads
    return run
