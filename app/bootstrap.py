"""The one place that chooses implementations."""

from dataclasses import dataclass

from app.api.base_api import BaseApi
from app.api.local_api import LocalApi
from app.api.mock_api import MockApi
from app.auth.launch import LaunchTokens
from app.auth.sessions import Sessions
from app.errors import InvalidInput
from app.settings import Settings

LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Doors:
    """Who may come in: sessions, and the one-time links that open one on this machine."""

    sessions: Sessions
    launch: LaunchTokens


def build_api(settings: Settings) -> LocalApi:
    """The api that the settings ask for; `open` it before use."""
    if settings.api == "mock":
        return MockApi()
    return LocalApi(
        settings.data, settings.output, painter_latency_seconds=settings.painter_latency
    )


def build_doors(api: BaseApi) -> Doors:
    """Sessions kept where the studio keeps everything else."""
    assert isinstance(api, LocalApi), "sessions live in the studio of this process"
    clock = api.studio.clock
    return Doors(Sessions(api.people, clock), LaunchTokens(clock))


def check_exposure(settings: Settings, doors: Doors) -> None:
    """Refuse to be reachable from other machines while nobody has a password.

    Raises:
        InvalidInput: `sharing_needs_password`.
    """
    if settings.host not in LOOPBACK and not doors.sessions.any_password():
        raise InvalidInput("sharing_needs_password", host=settings.host)
