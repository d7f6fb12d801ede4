"""What the parts of `RealApi` share: the wire, what was last known, and who calls."""

import re
from typing import Any, cast

import orjson

from app.api.last_known import LastKnown
from app.api.models import ApiResponse
from app.api.wire import Wire
from app.errors import InvalidInput
from app.models import LOCAL_ADMIN, UserInfo

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class RealStudio:
    """A studio behind the wire, seen by one person."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.known = LastKnown()
        self.user: UserInfo = LOCAL_ADMIN

    def ask(self, method: str, path: str, **request: Any) -> ApiResponse:
        """See `Wire.ask`; a value that cannot travel is refused by its name."""
        try:
            return self.wire.ask(method, path, role=self.user.role, **request)
        except (orjson.JSONEncodeError, UnicodeEncodeError):
            sent = request.get("body") or request.get("params") or request.get("data")
            return ApiResponse.refused(_untransportable(sent))

    def json_text(self, value: Any) -> str:
        """A value as a field of a form.

        Raises:
            InvalidInput: `invalid_value`.
        """
        try:
            return orjson.dumps(value).decode()
        except orjson.JSONEncodeError as error:
            raise _untransportable(value) from error

    @staticmethod
    def is_id(text: str) -> bool:
        """Whether a text can be an id and so stand in a path."""
        return _ID.fullmatch(text) is not None


def _untransportable(value: Any) -> InvalidInput:
    """The failure of a value that JSON does not know, by the innermost name it stands under."""
    name, found = _culprit("", value)
    return InvalidInput("invalid_value", field=name[:80], name=name[:80], value=ascii(found)[:80])


def _culprit(name: str, value: Any) -> tuple[str, Any]:
    parts: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        parts = list(cast("dict[Any, Any]", value).items())
    elif isinstance(value, list):
        parts = [(name, item) for item in cast("list[Any]", value)]
    for key, part in parts:
        try:
            orjson.dumps(part)
        except orjson.JSONEncodeError:
            return _culprit(str(key), part)
    return name, cast(Any, value)
