"""Which version this is."""

VERSION: str
"""As `pyproject.toml` names it; looked up at the first need, because that takes milliseconds."""


def __getattr__(name: str) -> str:
    if name != "VERSION":
        raise AttributeError(name)
    from importlib.metadata import version

    globals()[name] = found = version("whisk-desktop")
    return found
