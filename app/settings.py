"""How this process was started: options, each with its environment variable `WHISK_…`."""

import argparse
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

from platformdirs import user_data_path, user_pictures_path

DEFAULT_PORT = 8080

ApiChoice = Literal["local", "mock"]


@dataclass(frozen=True)
class Settings:
    """The options of one run.

    Attributes:
        data: Folder of database, keys, references and thumbnails.
        output: Where images go until the settings page says otherwise.
        painter_latency: Seconds the painter pretends to need for a picture.
    """

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    data: Path = Path()
    output: Path = Path()
    api: ApiChoice = "local"
    browser: bool = True
    painter_latency: float = 0.6

    @property
    def url(self) -> str:
        """The address of the pages."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"


def parse(arguments: list[str] | None = None) -> Settings:
    """Settings from the command line, then the environment, then the defaults.

    Exits with a usage message when an option is unknown or malformed.
    """
    env = os.environ
    parser = argparse.ArgumentParser(
        prog="whisk",
        description="Whisk Desktop: from a list of prompts to named images on disk.",
    )
    parser.add_argument("--host", default=env.get("WHISK_HOST", "127.0.0.1"))
    parser.add_argument("--port", type=int, default=int(env.get("WHISK_PORT", DEFAULT_PORT)))
    parser.add_argument("--data", type=Path, default=env.get("WHISK_DATA"), metavar="DIR",
                        help="folder of the database (default: the user data folder)")  # fmt: skip
    parser.add_argument("--api", choices=["local", "mock"], default=env.get("WHISK_API", "local"),
                        help="local: a durable queue on this machine; mock: in memory")  # fmt: skip
    parser.add_argument("--no-browser", action="store_true",
                        default=env.get("WHISK_NO_BROWSER", "") not in ("", "0"),
                        help="print the launch link and open nothing")  # fmt: skip
    options = parser.parse_args(arguments)
    chosen = Path(options.data).expanduser().resolve() if options.data else None
    return Settings(
        host=options.host,
        port=options.port,
        data=chosen or user_data_path("whisk-desktop", appauthor=False),
        output=chosen / "output" if chosen else user_pictures_path() / "Whisk Desktop",
        api=cast("ApiChoice", options.api),
        browser=not options.no_browser,
        painter_latency=float(env.get("WHISK_PAINTER_LATENCY", Settings.painter_latency)),
    )
