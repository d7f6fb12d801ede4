"""What the server and the process of its window say to each other, over a pipe between the two.

Each message is a pair: its name, and a text that belongs to it.
"""

from enum import StrEnum


class Order(StrEnum):
    """What the server tells the window."""

    OPEN = "open"
    """Show an address; also a launch link, which is why it never stands in a command line."""
    FOCUS = "focus"
    """Come to the front."""
    FINISHING = "finishing"
    """Show a sentence instead of the pages, which end now."""
    CHOOSE_FOLDER = "choose_folder"
    """Ask the person for a folder, starting at one."""
    END = "end"
    """Close."""


class News(StrEnum):
    """What the window tells the server."""

    SHOWN = "shown"
    CLOSING = "closing"
    """The person wants to close it; it stays until it is told to end."""
    SIGNED_OUT = "signed_out"
    """The pages ask for a password: the session has ended."""
    CHOSEN = "chosen"
    """The chosen folder, or nothing."""
