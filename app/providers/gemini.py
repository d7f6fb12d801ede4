"""Google Gemini through its official SDK, `google-genai` 3.4.

What the SDK does was read in its source and measured against a local server on 2026-11-23. The
SDK takes about a second to import, so nothing here imports it before the first request.
"""

import asyncio
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from app.clock import Clock
from app.errors import NotConfigured, Rejected
from app.providers.base import ImageProvider, ImageRequest, Progress, ProviderAnswer
from app.providers.gemini_answers import read_answer
from app.providers.gemini_request import fitted

if TYPE_CHECKING:
    from app.providers.gemini_connection import GeminiConnection

DEFAULT_URL = "https://generativelanguage.googleapis.com"


class GeminiProvider(ImageProvider):
    """The image models of the Gemini Developer API.

    Args:
        key: Asked before every request, so that a new key counts at once.
        base_url: Another server that speaks the same protocol. Variables of the environment that
            the SDK knows never change where a request goes.
        timeout_seconds: From the connection's start to the last byte of the answer.
        clock: Tells how long the quota of the day still lasts.
    """

    name = "gemini"
    label = "Google Gemini"
    recovery = "none"
    key_variable = "GEMINI_API_KEY"
    key_variables = (key_variable, "GOOGLE_API_KEY")
    """Variables of its key; the first that is set wins."""

    def __init__(
        self,
        key: Callable[[], str | None],
        *,
        base_url: str | None = None,
        timeout_seconds: float = 300,
        clock: Clock | None = None,
    ) -> None:
        self._key = key
        self._base_url = base_url or DEFAULT_URL
        self._timeout_seconds = timeout_seconds
        self._clock = clock or Clock()
        self._connection: GeminiConnection | None = None
        self._connecting = threading.Lock()

    async def generate(
        self, request: ImageRequest, progress: Progress | None = None
    ) -> ProviderAnswer:
        """See `ImageProvider.generate`. Gemini tells no progress.

        Raises:
            NotConfigured: `key_missing`, `key_refused`, `account_limited`, and what `key` raises.
            Rejected: `refused`, `no_image`, `empty_answer`, `output_limit`, `unexplained`,
                `answer_unsupported`, `answer_too_large`, `request_rejected`, `model_gone`, and
                what the model cannot do: `too_many_references`, `negative_prompt_unsupported`,
                `seed_unsupported`, `reference_damaged`.
            QuotaExhausted: `quota_of_the_day`.
            RateLimited: `rate_limited`.
            TryLater: `overloaded`, `not_reached`.
            Uncertain: `outcome_unknown`.
        """
        _refuse_what_would_be_dropped(request)
        # In a thread: the system's keyring may ask a person to unlock it.
        key = await asyncio.to_thread(self._present_key)
        references = await asyncio.to_thread(fitted, request.references)
        connection = await asyncio.to_thread(self._connected, key)
        answer = await connection.send(key, request, references)
        return read_answer(answer, request, secret=key)

    async def close(self) -> None:
        """See `ImageProvider.close`."""
        connection, self._connection = self._connection, None
        if connection:
            await connection.close()

    def _present_key(self) -> str:
        key = self._key()
        if not key:
            raise NotConfigured("key_missing", provider=self.label, variable=self.key_variable)
        return key

    def _connected(self, key: str) -> "GeminiConnection":
        with self._connecting:
            if self._connection is None:
                from app.providers.gemini_connection import GeminiConnection

                self._connection = GeminiConnection(
                    self._base_url, timeout_seconds=self._timeout_seconds, clock=self._clock
                )
            self._connection.client_for(key)
            return self._connection


def _refuse_what_would_be_dropped(request: ImageRequest) -> None:
    model = request.model
    if request.negative_prompt:
        raise Rejected("negative_prompt_unsupported", model=model.label)
    if request.seed_is_chosen and not model.supports_seed:
        raise Rejected("seed_unsupported", model=model.label)
    count = len(request.references)
    if count > model.max_references:
        raise Rejected(
            "too_many_references", count=count, model=model.label, limit=model.max_references
        )
