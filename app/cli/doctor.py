"""`whisk doctor`: what keeps Whisk Desktop from working here, and what to do about it.

It changes nothing: what is absent stays absent.
"""

import os
import platform
import shutil
import stat
import sys
import webbrowser
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

import typer

from app.cli.asked import Asked, Failed, command, insist
from app.cli.exit_codes import ExitCode
from app.cli.ports import is_taken
from app.cli.reaching import reached
from app.cli.shown import print_json, say
from app.errors import WhiskError
from app.running_server import LOCK, is_held, running_server
from app.settings import MAX_PORT, Settings

OLDEST_PYTHON = (3, 11)
LITTLE_SPACE = 2 * 10**9
TOO_LITTLE_SPACE = 200 * 10**6
"""Bytes that must be free."""

DATABASE = "whisk.sqlite"
KEY_VARIABLES = ("GEMINI_API_KEY", "GOOGLE_API_KEY")
KEY_FILE = "provider-keys.json"
_SECRETS = (DATABASE, KEY_FILE, "server.json", "certificate-key.pem")
_MARKS = {"ok": "ok      ", "warning": "warning ", "problem": "PROBLEM "}


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at, and what to do where it is not well."""

    name: str
    state: Literal["ok", "warning", "problem"]
    message: str


@command
def examine(
    asked: Asked,
    host: Annotated[str | None, typer.Option(help="Address to listen on (WHISK_HOST).")] = None,
    port: Annotated[
        int | None, typer.Option(min=1, max=MAX_PORT, help="Port (WHISK_PORT).")
    ] = None,
) -> ExitCode:
    """Look for what keeps Whisk Desktop from working, and say what to do."""
    settings = replace(
        asked.settings, host=host or asked.settings.host, port=port or asked.settings.port
    )
    quiet = Asked(settings, asked.as_json, quiet=True)
    found: list[Finding] = []
    for finding in _findings(quiet):
        found.append(finding)
        if not asked.as_json and (finding.state != "ok" or not asked.quiet):
            say(f"{_MARKS[finding.state]}{finding.name}: {finding.message}")
    problems = sum(finding.state == "problem" for finding in found)
    if asked.as_json:
        print_json({"problems": problems, "checks": [asdict(finding) for finding in found]})
    return ExitCode.PROBLEM if problems else ExitCode.OK


def _findings(asked: Asked) -> Iterator[Finding]:
    yield _python()
    if asked.settings.server:
        yield from _studio(asked, "server")
        return
    yield from _folder(asked.settings.data)
    yield from _space(asked.settings)
    yield from _keys()
    yield _key_place(asked.settings.data)
    yield _port(asked.settings)
    yield _browser(asked.settings)
    if (asked.settings.data / DATABASE).is_file():
        yield from _studio(asked, "database")
    else:
        yield Finding("database", "ok", "Not there yet; the first start makes it.")


def _python() -> Finding:
    version = platform.python_version()
    if sys.version_info < OLDEST_PYTHON:
        return Finding("python", "problem", f"{version} is too old. Install Python 3.11 or newer.")
    return Finding("python", "ok", f"{version} on {platform.system()}")


def _folder(data: Path) -> Iterator[Finding]:
    name = "data folder"
    if not data.exists():
        parent = _nearest(data)
        if not parent.is_dir() or not os.access(parent, os.W_OK | os.X_OK):
            yield Finding(
                name, "problem", f"{data} cannot be made in {parent}. Choose another with --data."
            )
        else:
            yield Finding(name, "ok", f"{data} is not there yet; the first start makes it.")
        return
    if not data.is_dir():
        yield Finding(name, "problem", f"{data} is a file. Choose another folder with --data.")
        return
    if not os.access(data, os.R_OK | os.W_OK | os.X_OK):
        yield Finding(name, "problem", f"{data} cannot be read and written. Change its rights.")
        return
    yield Finding(name, "ok", str(data))
    yield _rights(data)
    yield _user_of(data)


def _rights(data: Path) -> Finding:
    if os.name != "posix":
        return Finding("rights", "ok", "Those of your profile.")
    if data.stat().st_uid != os.getuid():
        return Finding("rights", "warning", f"{data} belongs to somebody else. Use your own.")
    if stat.S_IMODE(data.stat().st_mode) & 0o077:
        open_files = [
            name
            for name in _SECRETS
            if (data / name).is_file() and stat.S_IMODE((data / name).stat().st_mode) & 0o077
        ]
        also = f" So do {', '.join(open_files)}." if open_files else ""
        return Finding(
            "rights", "warning", f"Others may look into {data}.{also} Close it: chmod 700 {data}"
        )
    return Finding("rights", "ok", "Nobody else may look into the folder.")


def _user_of(data: Path) -> Finding:
    try:
        if found := running_server(data):
            return Finding("server", "ok", f"One runs at {found.url}, process {found.pid}.")
        held = is_held(data)
    except OSError as error:
        return Finding("server", "problem", f"{data / LOCK} cannot be used: {error.strerror}.")
    if held:
        return Finding(
            "server",
            "warning",
            "Another program has the folder: a command, or a server that is starting. Wait for it.",
        )
    return Finding("server", "ok", "None runs on this folder.")


def _space(settings: Settings) -> Iterator[Finding]:
    for name, folder in (("data", settings.data), ("output", settings.output)):
        try:
            free = shutil.disk_usage(_nearest(folder)).free
        except OSError as error:
            yield Finding(f"space for {name}", "problem", f"{folder}: {error.strerror}.")
            continue
        told = f"{free / 10**9:.1f} GB free at {_nearest(folder)}."
        if free < TOO_LITTLE_SPACE:
            yield Finding(f"space for {name}", "problem", f"{told} Make room.")
        elif free < LITTLE_SPACE:
            yield Finding(f"space for {name}", "warning", f"{told} Make room soon.")
        else:
            yield Finding(f"space for {name}", "ok", told)


def _nearest(folder: Path) -> Path:
    """The folder, or the closest one above it that exists."""
    return next((place for place in (folder, *folder.parents) if place.exists()), Path("/"))


def _keys() -> Iterator[Finding]:
    for variable in KEY_VARIABLES:
        value = os.environ.get(variable)
        if value is None:
            continue
        if len(value.split()) == 1:
            yield Finding("key", "ok", f"{variable} is set.")
        else:
            yield Finding(
                "key", "problem", f"{variable} holds no key: it must be one line without spaces."
            )


def _port(settings: Settings) -> Finding:
    where = f"{settings.host} port {settings.port}"
    found = running_server(settings.data) if settings.data.is_dir() else None
    if found and found.url.rpartition(":")[2] == str(settings.port):
        return Finding("port", "ok", f"{where} is used by the server of this folder.")
    if is_taken(settings.host, settings.port):
        return Finding("port", "warning", f"{where} is in use. Start with --port and another one.")
    return Finding("port", "ok", f"{where} is free.")


def _browser(settings: Settings) -> Finding:
    if not settings.browser:
        return Finding("browser", "ok", "Not wanted; the start prints the link.")
    try:
        webbrowser.get()
    except webbrowser.Error:
        return Finding(
            "browser", "warning", "None was found. Start with --no-browser, then open the link."
        )
    return Finding("browser", "ok", "Found.")


def _studio(asked: Asked, name: str) -> Iterator[Finding]:
    """What the studio says about itself."""
    try:
        with reached(asked) as studio:
            health = insist(studio.api.check_health()).data
            providers = insist(studio.api.list_providers()).data
    except (WhiskError, Failed) as error:
        state = "warning" if getattr(error, "code", "") == "not_allowed" else "problem"
        yield Finding(name, state, str(error))
        return
    except Exception as error:  # noqa: BLE001 -- whatever stops it from opening is what we look for
        yield Finding(
            name,
            "problem",
            f"It cannot be opened ({type(error).__name__}: {str(error).partition(chr(10))[0]}). "
            "If the file is damaged, restore a backup with: whisk restore",
        )
        return
    for check in health["checks"]:
        yield Finding(check["name"], "ok" if check["ok"] else "problem", check["message"])
    for provider in providers:
        if provider["needs_key"]:
            yield _provider_key(provider)


def _provider_key(provider: dict[str, str]) -> Finding:
    name = f"key of {provider['label']}"
    if provider["paused_reason"] == "key_of_other_origin":
        return Finding(
            name,
            "warning",
            f"It was entered for {provider['key_origin']}, and the address is another one now, so "
            "it is not sent. Enter the key of the present address in Settings.",
        )
    if provider["paused_reason"]:
        return Finding(name, "warning", f"Paused: {provider['paused_reason']}.")
    if provider["has_key"]:
        where = provider["key_variable"] if provider["key_source"] == "environment" else "Settings"
        return Finding(name, "ok", f"From {where}, for {provider['key_origin']} only.")
    return Finding(name, "ok", "None; its models wait for one.")


def _key_place(data: Path) -> Finding:
    from app.bootstrap import key_place

    kept = {
        "keyring": "the keyring of this computer",
        "file": f"{data / KEY_FILE}, which only you can read; no keyring of a desktop was found",
    }[key_place(data)]
    return Finding("key place", "ok", f"Keys from Settings are kept in {kept}.")
