"""What comes in as `multipart/form-data`."""

from collections.abc import AsyncIterator
from typing import Any, cast

import orjson
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from app.errors import InvalidInput, WhiskError
from app.web.bodies import MAX_FILES, MB

MAX_FIELDS = 20


async def uploaded(request: Request) -> AsyncIterator[FormData]:
    """The form of a request, at most 20 files and 20 fields; its files close with the request.

    Raises:
        InvalidInput: `too_many_files`.
        WhiskError: `request_malformed`.
    """
    try:
        form = await request.form(max_files=MAX_FILES, max_fields=MAX_FIELDS, max_part_size=2 * MB)
    except HTTPException as error:
        # The parser tells its reasons by their English words alone.
        if "files" in str(error.detail):
            raise InvalidInput("too_many_files", field="files", limit=MAX_FILES) from error
        raise WhiskError("request_malformed") from error
    try:
        yield form
    finally:
        await form.close()


def files_of(form: FormData, name: str) -> list[UploadFile]:
    """The files of a field, one at least.

    Raises:
        InvalidInput: `no_file`.
    """
    files = [item for item in form.getlist(name) if isinstance(item, UploadFile)]
    if not files:
        raise InvalidInput("no_file", field=name)
    return files


def read_up_to(file: UploadFile, limit: int) -> bytes:
    """The bytes of a file; of a longer one a byte beyond the limit, which tells it as too large."""
    return file.file.read(limit + 1)


def text_of(form: FormData, name: str, default: str = "") -> str:
    """A field that holds text."""
    value = form.get(name)
    return value if isinstance(value, str) else default


def flag_of(form: FormData, name: str) -> bool:
    """A field that says yes or no."""
    return text_of(form, name).strip().lower() in ("1", "true", "yes", "on")


def object_of(form: FormData, name: str) -> dict[str, Any]:
    """A field that holds a JSON object; empty where there is none.

    Raises:
        InvalidInput: `invalid_value`.
    """
    text = text_of(form, name).strip()
    try:
        value: object = orjson.loads(text) if text else {}
    except orjson.JSONDecodeError:
        value = None
    if not isinstance(value, dict):
        raise InvalidInput("invalid_value", field=name, name=name, value=text[:80])
    return cast("dict[str, Any]", value)


def texts_of(form: FormData, name: str) -> dict[str, str]:
    """A field that holds a JSON object of texts; empty where there is none.

    Raises:
        InvalidInput: `invalid_value`.
    """
    found = object_of(form, name)
    for value in found.values():
        if not isinstance(value, str):
            raise InvalidInput("invalid_value", field=name, name=name, value=str(value)[:80])
    return found
