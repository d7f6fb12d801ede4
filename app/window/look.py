"""What the process of the window must know before it can show anything."""

from dataclasses import dataclass
from pathlib import Path

from app.words import STATIC, Words

TITLE = "Whisk Desktop"
ICON = STATIC / "icon.png"


@dataclass(frozen=True)
class Look:
    """The window, without its content.

    Attributes:
        folder: Where it remembers its place and what its pages keep in it; None to forget.
        scheme: Colours before the first page and after the last: `light`, `dark`, or both for those
            of the system.
        certificate: File with the only certificate to trust besides those the system trusts.
        choose_folder: Title of the dialog that asks for a folder.
        save_file: Title of the dialog that asks where to save.
    """

    title: str
    icon: str
    folder: Path | None
    scheme: str
    certificate: str
    choose_folder: str
    save_file: str


def look_in(
    language: str, folder: Path | None, certificate: str = "", theme: str = "system"
) -> Look:
    """The window of this product in a language and a theme."""
    words = Words(language)
    return Look(
        title=TITLE,
        icon=str(ICON),
        folder=folder,
        scheme=theme if theme in ("light", "dark") else "light dark",
        certificate=certificate,
        choose_folder=words("window.choose_folder"),
        save_file=words("window.save_file"),
    )
