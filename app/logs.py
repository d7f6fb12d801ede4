"""What a server writes down about itself: JSON lines in `<data>/logs`, warnings on the console.

Neither holds a secret, a line end or a control character of somebody else. A prompt is told by its
length and hash only; whoever logs must see to that, and to leaving pictures out.
"""

import hashlib
import json
import logging
import sys
from pathlib import Path
from typing import Any

from app.clock import SECOND, iso
from app.errors import InvalidInput
from app.secrecy import hidden

FOLDER = "logs"
MAX_FILE_BYTES = 10 * 10**6
FILES = 10

OURS = ("app", "pages", "main")
"""Loggers that tell of ordinary events; of others, such as libraries, only warnings are kept.

Libraries tell every address that they open, query included, as an ordinary event.
"""

_STANDARD = {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName"}


class JsonLine(logging.Formatter):
    """One record as one line of ASCII: what is beyond it is written as an escape."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end; what `extra` brought along stands beside the message."""
        told: dict[str, Any] = {
            "time": iso(int(record.created * SECOND)),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        told |= {name: value for name, value in vars(record).items() if name not in _STANDARD}
        if record.exc_info:
            told["exception"] = self.formatException(record.exc_info)
        return json.dumps({name: _told(value) for name, value in told.items()})


class ConsoleLine(logging.Formatter):
    """One record for a person; tracebacks keep their lines, nothing else has any."""

    def format(self, record: logging.LogRecord) -> str:
        """The text, without its last line end."""
        line = _printable(
            hidden(f"{record.levelname.lower()} {record.name}: {record.getMessage()}")
        )
        if not record.exc_info:
            return line
        lines = hidden(self.formatException(record.exc_info)).splitlines()
        return "\n".join([line, *map(_printable, lines)])


def log_to_console() -> None:
    """Send warnings to the console, without secrets. Replaces whatever logged before."""
    # On a full disk the library would print the line that it cannot write, as it came.
    logging.raiseExceptions = False
    console = logging.StreamHandler(sys.stderr)
    console.setLevel(logging.WARNING)
    console.setFormatter(ConsoleLine())
    logging.basicConfig(handlers=[console], level=logging.WARNING, force=True)


def log_to_file(data: Path, name: str = "whisk") -> None:
    """Also write to `<data>/logs/<name>.log`: ten files of 10 MB at most, the oldest go.

    The file is made with the first line. One process at a time may write to a name.

    Raises:
        InvalidInput: `folder_not_writable`.
    """
    from logging.handlers import RotatingFileHandler  # commands that serve nothing do without it

    folder = data / FOLDER
    try:
        for made in (data, folder):
            made.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInput(
            "folder_not_writable", field="data", folder=data, reason=error.strerror
        ) from error
    file = RotatingFileHandler(
        folder / f"{name}.log",
        maxBytes=MAX_FILE_BYTES,
        backupCount=FILES - 1,
        encoding="ascii",
        delay=True,
    )
    file.setFormatter(JsonLine())
    logging.getLogger().addHandler(file)
    for logger in OURS:
        logging.getLogger(logger).setLevel(logging.INFO)


def prompt_told(prompt: str) -> dict[str, Any]:
    """What a log may say of a prompt: enough to tell two apart."""
    digest = hashlib.sha256(prompt.encode("utf-8", "surrogatepass")).hexdigest()
    return {"prompt_chars": len(prompt), "prompt_sha256": digest[:16]}


def _told(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    return hidden(str(value))


def _printable(line: str) -> str:
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in line)
