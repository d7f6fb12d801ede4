"""The one place that chooses implementations."""

from dataclasses import dataclass
from pathlib import Path

from app.api.base_api import BaseApi
from app.api.local_api import LocalApi
from app.api.mock_api import MockApi
from app.api.real_api import RealApi
from app.auth.launch import LaunchTokens
from app.auth.sessions import Sessions
from app.auth.tokens import Tokens
from app.clock import Clock
from app.engine.restore import RestoreReport as RestoreReport
from app.engine.restore import restore
from app.errors import InvalidInput
from app.providers.key_stores import KeyPlace
from app.providers.keys import KeyRing
from app.running_server import running_server
from app.settings import Settings
from app.store.database import Database
from app.store.people import People
from app.store.tokens import StoredTokens

LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Doors:
    """Who may come in: sessions, tokens, and the one-time links that open a session here."""

    sessions: Sessions
    tokens: Tokens
    launch: LaunchTokens


def build_api(settings: Settings) -> BaseApi:
    """The api that the settings ask for; `open` it before use."""
    if settings.api == "mock":
        return MockApi()
    if settings.api == "real":
        return RealApi(settings.server, settings.token)
    return LocalApi(
        settings.data, settings.output, painter_latency_seconds=settings.painter_latency
    )


def reach(settings: Settings, *, works: bool = False) -> BaseApi:
    """The api for a command: the named server, else the one that serves the data folder, else the
    folder itself; `open` it before use.

    Args:
        settings: Which server or folder.
        works: Whether a folder that nobody serves is also worked on: its engine runs.
    """
    if settings.server:
        return RealApi(settings.server, settings.token)
    if found := running_server(settings.data):
        return RealApi(found.url, found.token)
    return LocalApi(
        settings.data,
        settings.output,
        painter_latency_seconds=settings.painter_latency,
        works=works,
    )


def key_place(data: Path) -> KeyPlace:
    """Where a studio in this data folder keeps the keys that a person enters."""
    return KeyRing(data, {}).place


def build_doors(api: BaseApi) -> Doors:
    """Sessions and tokens, kept where the studio keeps everything else.

    A window on a distant studio has none of its own: its sessions live as long as it does.
    """
    if isinstance(api, LocalApi):
        database, clock = api.studio.database, api.studio.clock
    else:
        clock = Clock()
        database = Database(None, clock)
        database.open()
    return Doors(
        Sessions(People(database), clock),
        Tokens(StoredTokens(database), clock),
        LaunchTokens(clock),
    )


def check_exposure(settings: Settings, doors: Doors) -> None:
    """Refuse to be reachable from other machines while nobody has a password.

    Raises:
        InvalidInput: `sharing_needs_password`.
    """
    if settings.host not in LOOPBACK and not doors.sessions.any_password():
        raise InvalidInput("sharing_needs_password", host=settings.host)


def restore_backup(file: Path, data: Path) -> RestoreReport:
    """Put a backup into a data folder on which nobody works; see `app.engine.restore.restore`."""
    return restore(file, data)
