"""Stored files over HTTP: by id, for good in the browser's own cache, and never as a page."""

from urllib.parse import quote

from starlette.datastructures import Headers
from starlette.responses import FileResponse, Response, StreamingResponse

from app.api.models import ApiResponse, MediaContent
from app.errors import NotFound
from app.web.answers import answered, refused
from app.web.headers import MEDIA_POLICY

SHOWN_INLINE = frozenset({"image/png", "image/jpeg", "image/webp"})


def picture(answer: ApiResponse, asked: Headers, *, download: bool = False) -> Response:
    """The picture of an answer that holds a `MediaContent`, or the failure as JSON.

    Answers 304 to a browser that has it already. What is not PNG, JPEG or WebP is only offered
    for saving.
    """
    if not answer.success:
        return answered(answer)
    content: MediaContent = answer.data
    headers = _headers(content, download)
    if _has_it(asked.get("if-none-match"), headers["ETag"]):
        return Response(status_code=304, headers=headers)
    if content.chunks is not None:
        return StreamingResponse(content.iterate(), headers=headers, media_type=content.mime_type)
    if content.path is None:
        return Response(content.data, headers=headers, media_type=content.mime_type)
    if not content.path.is_file():
        return refused(NotFound("file_missing", name=content.file_name))
    return FileResponse(content.path, headers=headers, media_type=content.mime_type)


def _headers(content: MediaContent, download: bool) -> dict[str, str]:
    inline = content.mime_type in SHOWN_INLINE and not download
    return {
        "ETag": f'"{content.sha256}"',
        # An id's content never changes; private, because it is this person's to see.
        "Cache-Control": "private, max-age=31536000, immutable",
        "Content-Disposition": _disposition(content.file_name, inline=inline),
        "Content-Security-Policy": MEDIA_POLICY,
    }


def _disposition(file_name: str, *, inline: bool) -> str:
    # RFC 5987: the whole name percent-encoded as UTF-8, so that no letter can end the header.
    name = quote(file_name.encode("utf-8", "replace"), safe="")
    return f"{'inline' if inline else 'attachment'}; filename*=UTF-8''{name}"


def _has_it(held: str | None, tag: str) -> bool:
    if held is None:
        return False
    tags = {one.strip().removeprefix("W/") for one in held.split(",")}
    return tag in tags or "*" in tags
