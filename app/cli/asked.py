"""One frame around every command: where it works, how it answers, how it ends."""

import functools
import inspect
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Concatenate, ParamSpec

import typer

from app.api.models import ApiResponse
from app.cli.exit_codes import ExitCode, exit_code_of
from app.cli.shown import plain, print_json, say
from app.errors import WhiskError
from app.settings import Said, Settings, settle

Data = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="Data folder (WHISK_DATA); default: the user's."),
]
Server = Annotated[
    str | None,
    typer.Option("--server", metavar="URL", help="Another Whisk server (WHISK_SERVER)."),
]
TokenFile = Annotated[
    Path | None,
    typer.Option(
        "--token-file", metavar="FILE", help="File with the token for that server (WHISK_TOKEN)."
    ),
]
ServerCertificate = Annotated[
    Path | None,
    typer.Option(
        "--server-certificate",
        metavar="FILE",
        help="The certificate that server must show (WHISK_SERVER_CERTIFICATE).",
    ),
]
_AsJson = Annotated[bool, typer.Option("--json", help="Answer one JSON document, for programs.")]
_Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No notes, only results and errors.")]

_SHARED: Mapping[str, tuple[Any, Any]] = {
    "data": (Data, None),
    "server": (Server, None),
    "token_file": (TokenFile, None),
    "server_certificate": (ServerCertificate, None),
    "as_json": (_AsJson, False),
    "quiet": (_Quiet, False),
}
_ONLY_SERVE = {
    "host": "--host", "port": "--port", "api": "--api", "browser": "--no-browser",
    "native": "--native",
    "share": "--share", "share_address": "--share-address", "https": "--https",
    "certificate": "--certificate", "key": "--key", "public_url": "--public-url",
    "trusted_proxies": "--trusted-proxies",
}  # fmt: skip

_NO_TOKEN = (
    "The server wants a token. Make one there with: whisk token create, "
    "then put it into WHISK_TOKEN or into the file of --token-file."
)

P = ParamSpec("P")


class Failed(Exception):
    """A command that cannot go on.

    Attributes:
        data: What is known nevertheless, for `--json`.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        field: str = "",
        params: Mapping[str, str] | None = None,
        data: Any = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field
        self.params = dict(params or {})
        self.data = data

    @property
    def exit_code(self) -> ExitCode:
        """How the process ends."""
        own = {"usage": ExitCode.USAGE, "interrupted": ExitCode.INTERRUPTED}
        return own.get(self.code) or exit_code_of(self.code)


def usage(message: str) -> Failed:
    """A command line that cannot be understood."""
    return Failed("usage", message)


def insist(answer: ApiResponse) -> ApiResponse:
    """An answer that says yes.

    Raises:
        Failed: When it says no.
    """
    if answer.success:
        return answer
    row = f"Row {answer.params['row']}: " if "row" in answer.params else ""
    raise Failed(
        answer.code,
        row + answer.message,
        field=answer.field,
        params=answer.params,
        data=answer.data,
    )


@dataclass(frozen=True)
class Asked:
    """How a command was asked, whatever it does."""

    settings: Settings
    as_json: bool = False
    quiet: bool = False

    def note(self, text: str) -> None:
        """Tell a person something beside the answer."""
        if not (self.as_json or self.quiet):
            say(text, error=True)

    def done(self, text: str, data: Any) -> None:
        """Answer a command that did something: a sentence, or `data` for a program."""
        if self.as_json:
            print_json(data)
        elif not self.quiet:
            say(text)

    def confirmed(self, question: str) -> bool:
        """Whether a person says yes.

        Raises:
            Failed: `usage` where nobody can be asked.
        """
        if self.as_json or not sys.stdin.isatty():
            raise usage("Nobody is there to be asked. Say --yes.")
        return typer.confirm(plain(question), err=True)

    def left_alone(self, text: str) -> ExitCode:
        """The answer to a no."""
        self.note(text)
        return ExitCode.PROBLEM

    def fail(self, failure: Failed) -> ExitCode:
        """Say why it did not work; answers how the process ends."""
        no_token = failure.code == "server_token_refused" and not self.settings.token
        message = _NO_TOKEN if no_token else failure.message
        if self.as_json:
            told: dict[str, Any] = {
                "code": failure.code,
                "message": message,
                "field": failure.field,
                "params": failure.params,
            }
            print_json(told if failure.data is None else {**told, "data": failure.data})
        else:
            say(message, error=True)
        return failure.exit_code


def command(body: Callable[Concatenate[Asked, P], ExitCode | None]) -> Callable[..., None]:
    """Make a command of a function: `--data`, `--server`, `--token-file`, `--json`, `--quiet`.

    The function is called with an `Asked` and its own options. What it raises as `Failed` or
    `WhiskError` becomes one sentence, or one JSON object, and an exit code.
    """

    @functools.wraps(body)
    def run(**given: Any) -> None:
        context: typer.Context = given.pop("ctx")
        shared = {name: given.pop(name) for name in _SHARED}
        asked = Asked(Settings(), shared["as_json"], shared["quiet"])
        try:
            asked = Asked(_settled(context, shared), asked.as_json, asked.quiet)
            code = body(asked, **given)  # pyright: ignore[reportCallIssue] -- typer calls by name
        except Failed as failure:
            code = asked.fail(failure)
        except WhiskError as error:
            code = asked.fail(
                Failed(error.code, error.message, field=error.field, params=error.params)
            )
        except KeyboardInterrupt:
            code = asked.fail(Failed("interrupted", "Interrupted."))
        except BrokenPipeError:
            raise  # whoever read the answer has seen enough; typer ends the process quietly
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            code = asked.fail(Failed("file_unusable", f"{where}{error.strerror or error}."))
        raise typer.Exit(code or ExitCode.OK)

    run.__signature__ = _with_shared_options(body)  # pyright: ignore[reportAttributeAccessIssue] -- what inspect.signature reads
    return run


def _with_shared_options(body: Callable[..., Any]) -> inspect.Signature:
    _, *own = inspect.signature(body).parameters.values()
    kind = inspect.Parameter.KEYWORD_ONLY
    context = inspect.Parameter("ctx", kind, annotation=typer.Context)
    named = [parameter.replace(kind=kind) for parameter in own]
    shared = [
        inspect.Parameter(name, kind, annotation=annotation, default=default)
        for name, (annotation, default) in _SHARED.items()
    ]
    return inspect.Signature([context, *named, *shared])


def _settled(context: typer.Context, shared: Mapping[str, Any]) -> Settings:
    """The settings of a command, of which some may have been said before its name."""
    before: Said = context.obj or Said()
    for name, option in _ONLY_SERVE.items():
        if getattr(before, name) is not None:
            raise usage(f"{option} belongs to serve, not to {context.info_name}.")
    places = ("data", "server", "token_file", "server_certificate")
    said = Said(**{name: shared[name] for name in places})
    return settled(said.over(before))


def settled(said: Said) -> Settings:
    """See `settle`.

    Raises:
        Failed: Where an option or a variable is no good.
    """
    try:
        return settle(said, os.environ)
    except WhiskError as error:
        raise usage(error.message) from error
