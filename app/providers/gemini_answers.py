"""Reading what Gemini answers with a 200, which need not be a picture."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from app.errors import NotConfigured, ProviderError, Rejected
from app.models import ModelInfo
from app.providers.base import ImageRequest, PaintedImage, ProviderAnswer
from app.providers.gemini_errors import LABEL, quoted
from app.providers.gemini_request import sent_seed

if TYPE_CHECKING:
    from google.genai import types

MAX_PICTURE_BYTES = 64 * 2**20
MILLION = 1_000_000

_ended_normally = {"", "STOP", "NO_IMAGE", "FINISH_REASON_UNSPECIFIED"}
_account_limited = {"PUP_LIMITED_DISABLED", "ESCALATION"}
_unexplained = {"OTHER", "IMAGE_OTHER", "MALFORMED_RESPONSE"}


def read_answer(
    response: "types.GenerateContentResponse", request: ImageRequest, *, secret: str
) -> ProviderAnswer:
    """The pictures of an answer with what they cost; the pictures of thoughts are no results.

    Raises:
        Rejected: The answer holds no picture. It may have been charged all the same, so nothing
            here may be tried again by itself.
        NotConfigured: `account_limited`.
    """
    parts = _parts(response)
    images = tuple(_images(parts, sent_seed(request)))
    if not images:
        raise _without_picture(response, parts, secret)
    if any(len(image.data) > MAX_PICTURE_BYTES for image in images):
        raise Rejected("answer_too_large", provider=LABEL, limit=MAX_PICTURE_BYTES // 2**20)
    tokens = _tokens(response.usage_metadata)
    return ProviderAnswer(
        images=images,
        cost=_cost(tokens, request.model),
        usage=tokens,
        model_version=quoted(response.model_version, secret),
        request_id=quoted(response.response_id, secret),
    )


def _parts(response: "types.GenerateContentResponse") -> list["types.Part"]:
    contents = [candidate.content for candidate in response.candidates or []]
    parts = [part for content in contents if content for part in content.parts or []]
    return [part for part in parts if not part.thought]


def _images(parts: list["types.Part"], seed: int | None) -> Iterator[PaintedImage]:
    for part in parts:
        inline = part.inline_data
        if inline and inline.data and (inline.mime_type or "").startswith("image/"):
            yield PaintedImage(data=inline.data, mime_type=inline.mime_type or "", seed=seed)


def _without_picture(
    response: "types.GenerateContentResponse", parts: list["types.Part"], secret: str
) -> ProviderError:
    ended = _why_it_ended(response)
    reason = quoted(ended.replace("_", " ").lower(), secret)
    if ended in _account_limited:
        return NotConfigured("account_limited", provider=LABEL, reason=reason)
    if ended == "MAX_TOKENS":
        return Rejected("output_limit", provider=LABEL)
    if ended in _unexplained:
        return Rejected("unexplained", provider=LABEL, reason=reason)
    if ended not in _ended_normally:
        return Rejected("refused", provider=LABEL, reason=reason)
    return _only_words(parts, secret)


def _only_words(parts: list["types.Part"], secret: str) -> ProviderError:
    if any(part.file_data or part.inline_data for part in parts):
        return Rejected("answer_unsupported", provider=LABEL)
    text = quoted(" ".join(part.text for part in parts if part.text), secret)
    if text:
        return Rejected("no_image", provider=LABEL, text=text)
    return Rejected("empty_answer", provider=LABEL)


def _why_it_ended(response: "types.GenerateContentResponse") -> str:
    """The reason as Google spells it, also one that the SDK does not know; empty without one."""
    for candidate in response.candidates or []:
        if candidate.finish_reason:
            return str(candidate.finish_reason.value)
    feedback = response.prompt_feedback
    blocked = feedback.block_reason if feedback else None
    # OTHER blocks a prompt for good, while the same word about a picture explains nothing.
    return f"PROMPT_{blocked.value}" if blocked else ""


def _tokens(
    usage: "types.GenerateContentResponseUsageMetadata | None",
) -> dict[str, int]:
    """Tokens by the kinds of `ModelInfo.rates`; empty when nothing was reported."""
    if usage is None or not usage.total_token_count:
        return {}
    image_in = _image_tokens(usage.prompt_tokens_details)
    image_out = _image_tokens(usage.candidates_tokens_details)
    if not usage.candidates_tokens_details:
        image_out = usage.candidates_token_count or 0
    tokens = {
        "text_in": (usage.prompt_token_count or 0) - image_in,
        "image_in": image_in,
        "text_out": (usage.candidates_token_count or 0)
        - image_out
        + (usage.thoughts_token_count or 0),
        "image_out": image_out,
    }
    return {kind: max(count, 0) for kind, count in tokens.items()}


def _image_tokens(details: "list[types.ModalityTokenCount] | None") -> int:
    return sum(
        detail.token_count or 0
        for detail in details or []
        if detail.modality and detail.modality.value == "IMAGE"
    )


def _cost(tokens: dict[str, int], model: ModelInfo) -> float | None:
    """US dollars at the catalogue's rates; None where the tokens or the rates are not known."""
    if not tokens or not model.rates:
        return None
    return sum(count * model.rates.get(kind, 0) for kind, count in tokens.items()) / MILLION
