"""Which version this is."""

from importlib.metadata import version

VERSION = version("whisk-desktop")
"""As `pyproject.toml` names it."""
