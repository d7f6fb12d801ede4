"""The one place that chooses implementations."""

import logging
from dataclasses import dataclass
from pathlib import Path

from app.api.base_api import BaseApi
from app.api.local_api import LocalApi
from app.api.mock_api import MockApi
from app.api.real_api import RealApi
from app.auth.launch import LaunchTokens
from app.auth.presence import Presence
from app.auth.sessions import Sessions
from app.auth.tokens import Tokens
from app.clock import Clock
from app.engine.restore import RestoreReport as RestoreReport
from app.engine.restore import restore
from app.errors import InvalidInput
from app.network.addresses import is_loopback
from app.network.outside import Outside
from app.providers.key_stores import KeyPlace
from app.providers.keys import KeyRing
from app.running_server import running_server
from app.settings import Settings
from app.store.database import Database
from app.store.people import People
from app.store.tokens import StoredTokens

log = logging.getLogger(__name__)


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
        return RealApi(settings.server, settings.token, certificate=settings.server_certificate)
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
        return RealApi(settings.server, settings.token, certificate=settings.server_certificate)
    if found := running_server(settings.data):
        certificate = Path(found.certificate) if found.certificate else None
        return RealApi(found.url, found.token, certificate=certificate)
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
        # The same people as the api's: what it ends, the doors hear of.
        people = api.people
    else:
        clock = Clock()
        database = Database(None, clock)
        database.open()
        people = People(database)
    return Doors(
        Sessions(people, clock),
        Tokens(StoredTokens(database), clock),
        LaunchTokens(clock),
    )


def check_exposure(settings: Settings, api: BaseApi) -> None:
    """Refuse to be reachable from other machines while no admin has a password.

    Raises:
        InvalidInput: `sharing_needs_password`.
    """
    exposure = settings.exposure
    if is_loopback(settings.host) and not exposure.share and not exposure.public_url:
        return
    if not isinstance(api, LocalApi):
        # A window on a distant studio has no people of its own who could sign in.
        raise InvalidInput("sharing_needs_password")
    api.check_password_rule()


def shares_from_the_start(settings: Settings, api: BaseApi) -> bool:
    """Whether other machines are let in at once: as this start says, else as was chosen last.

    A choice of before counts only while it could be made anew.
    """
    said = settings.exposure.share
    if said is not None or not isinstance(api, LocalApi) or not api.wants_sharing():
        return bool(said)
    try:
        api.check_password_rule()
    except InvalidInput as error:
        log.warning("not shared as it was before: %s", error)
        return False
    return True


def serve_to_others(api: BaseApi, outside: Outside) -> None:
    """From now on whoever is asked to share this studio has a way in to open."""
    if isinstance(api, LocalApi):
        api.outside = outside


def presence_of(api: BaseApi) -> Presence:
    """Where the open pages of a studio are counted; a window's own are seen by nobody."""
    return api.presence if isinstance(api, LocalApi) else Presence(Clock())


def restore_backup(file: Path, data: Path) -> RestoreReport:
    """Put a backup into a data folder on which nobody works; see `app.engine.restore.restore`."""
    return restore(file, data)
