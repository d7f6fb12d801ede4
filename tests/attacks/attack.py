"""What an attack is: a thing to try on a server, and what came of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.attacks.targets import Bare, Ours


@dataclass(frozen=True)
class Outcome:
    """What came of one try.

    Attributes:
        worked: Whether the attacker got what they wanted.
        seen: What the server did, in a few words for the table.
    """

    worked: bool
    seen: str


@dataclass(frozen=True)
class Attack:
    """One row of the table.

    Attributes:
        name: What is tried.
        run: Tries it on a server; attacks of a browser get the browser as well.
        bare_withstands: A row in which a bare NiceGUI app refuses as well.
        in_browser: Whether a Chromium is needed.
        without_password: Whether the bare app stands without a password, as on one's own machine.
    """

    name: str
    run: Callable[..., Outcome]
    bare_withstands: bool = False
    in_browser: bool = False
    without_password: bool = False


def status(answer: Any) -> str:
    """The status of an answer, and where it leads."""
    leads = answer.headers.get("location", "")
    return f"{answer.status_code} to {leads}" if leads else str(answer.status_code)


AnyTarget = Bare | Ours
