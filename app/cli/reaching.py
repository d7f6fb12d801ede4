"""Where a command's studio is: a named server, the one that runs here, or the data folder."""

import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

from app.api.base_api import BaseApi
from app.cli.asked import Asked
from app.errors import Conflict, InvalidInput
from app.running_server import running_server

PATIENCE_SECONDS = 5.0
"""How long a command waits for another that has the folder, or for a server that is starting."""


@dataclass(frozen=True)
class Studio:
    """What a command talks to.

    Attributes:
        served: Whether a server works there: what is asked for goes on without this command.
    """

    api: BaseApi
    served: bool


@contextmanager
def reached(asked: Asked, *, works: bool = False) -> Generator[Studio]:
    """The studio of a command, open.

    Args:
        asked: Says where.
        works: Whether a folder that no server has is also worked on.

    Raises:
        Conflict: `folder_in_use`.
        InvalidInput: `folder_not_writable`.
    """
    studio = _opened(asked, works)
    try:
        yield studio
    finally:
        studio.api.close()


def _opened(asked: Asked, works: bool) -> Studio:
    # The whole machinery, which neither --help nor the completion of a line should wait for.
    from app.bootstrap import reach

    settings = asked.settings
    until = time.monotonic() + PATIENCE_SECONDS
    pause = threading.Event()
    while True:
        found = None if settings.server else running_server(settings.data)
        try:
            api = reach(settings, works=works)
            api.open()
        except Conflict as error:
            if error.code != "folder_in_use" or time.monotonic() > until:
                raise
            pause.wait(0.05)
            continue
        except OSError as error:
            raise InvalidInput(
                "folder_not_writable", folder=settings.data, reason=error.strerror
            ) from error
        if found:
            asked.note(f"Using the server that runs at {found.url}.")
        return Studio(api, served=bool(settings.server or found))
