"""What a `data` of the contract may hold, key by key, where it is not a task."""

from collections.abc import Mapping
from typing import Any

from app.engine.texts import check_text
from app.errors import InvalidInput
from app.models import MAX_NAME_CHARS


def know(data: Mapping[str, Any], known: frozenset[str]) -> None:
    """Refuse a key that nobody knows. Raises `InvalidInput` (`unknown_field`)."""
    for name in data:
        if name not in known:
            raise InvalidInput("unknown_field", field=str(name)[:80], name=str(name)[:80])


def text(data: Mapping[str, Any], name: str) -> str:
    """A text, empty where there is none. Raises `InvalidInput`."""
    value = data.get(name, "")
    if not isinstance(value, str):
        raise invalid(name, value)
    check_text(name, value)
    return value


def short_text(data: Mapping[str, Any], name: str) -> str:
    """A name of something, without spaces around it. Raises `InvalidInput`."""
    value = text(data, name).strip()
    if len(value) > MAX_NAME_CHARS:
        raise InvalidInput("name_too_long", field=name, length=len(value), limit=MAX_NAME_CHARS)
    return value


def flag(data: Mapping[str, Any], name: str) -> bool:
    """True or false. Raises `InvalidInput`."""
    if not isinstance(data[name], bool):
        raise invalid(name, data[name])
    return data[name]


def number(data: Mapping[str, Any], name: str, most: int) -> float | None:
    """A number from 0 to `most`, or None. Raises `InvalidInput`."""
    value = data[name]
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise invalid(name, value)
    return value


def invalid(name: str, value: Any) -> InvalidInput:
    """The failure of a value of the wrong kind."""
    return InvalidInput("invalid_value", field=name, name=name, value=ascii(value)[:80])
