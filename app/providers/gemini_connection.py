"""The SDK on a short leash: one request, one address, one deadline, a bounded answer."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from urllib.parse import urlsplit

import httpx2
from google import genai
from google.genai import client as genai_client
from google.genai import errors, types

from app.clock import Clock
from app.errors import Rejected, TryLater, Uncertain
from app.providers.base import ImageRequest, ReferencePicture
from app.providers.gemini_errors import LABEL, quoted, refusal
from app.providers.gemini_request import conclusion, introduction, label, sent_seed

CONNECT_SECONDS = 10.0
MAX_ANSWER_BYTES = 96 * 2**20
API_VERSION = "v1"

_never_left = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)
_not_an_answer = (ValueError, TypeError, AttributeError, KeyError, RecursionError)
"""What the SDK raises over a 200 that is not JSON, or not the JSON it knows."""


class GeminiConnection:
    """Sends requests to one address, for whatever key.

    The connection does not belong to a key, so a new key disturbs no request in flight.
    """

    def __init__(self, base_url: str, *, timeout_seconds: float, clock: Clock) -> None:
        self._base_url = base_url
        self._host = urlsplit(base_url).hostname or base_url
        self._timeout_seconds = timeout_seconds
        self._clock = clock
        self._http = _http_client()
        self._client: tuple[str, genai.Client] | None = None

    async def send(
        self, key: str, request: ImageRequest, references: Sequence[ReferencePicture]
    ) -> types.GenerateContentResponse:
        """Send exactly one POST and wait for the whole answer.

        Raises:
            ProviderError: Whatever is not a 200 with JSON that the SDK understands.
        """
        contents, config = _contents(request, references), _config(request)
        models = self.client_for(key).aio.models
        try:
            async with asyncio.timeout(self._timeout_seconds):
                return await models.generate_content(
                    model=request.model.name, contents=contents, config=config
                )
        except errors.APIError as error:
            # Not chained: its text is the server's, which may repeat our key.
            raise refusal(error, request.model, secret=key, now=self._clock.now()) from None
        except _never_left as error:
            reason = quoted(error, key) or type(error).__name__
            raise TryLater("not_reached", host=self._host, reason=reason) from error
        except _AnswerTooLarge as error:
            limit = MAX_ANSWER_BYTES // 2**20
            raise Rejected("answer_too_large", provider=LABEL, limit=limit) from error
        except (TimeoutError, httpx2.TimeoutException) as error:
            raise _uncertain(f"no answer within {self._timeout_seconds:g} s") from error
        except httpx2.RequestError as error:
            raise _uncertain(quoted(error, key) or type(error).__name__) from error
        except _not_an_answer:
            raise _uncertain("the answer was not what Gemini answers") from None

    def client_for(self, key: str) -> genai.Client:
        """The SDK's client, made anew when the key has changed; slow then, so use a thread."""
        if self._client is None or self._client[0] != key:
            self._client = (key, self._new_client(key))
        return self._client[1]

    async def close(self) -> None:
        """Close the sockets; requests that are out end as uncertain."""
        if self._client:
            self._client[1].close()
        await self._http.aclose()

    def _new_client(self, key: str) -> genai.Client:
        return genai.Client(
            api_key=key,
            # Given, so that no variable of the environment decides: mode, address, version, replay.
            enterprise=False,
            debug_config=genai_client.DebugConfig(
                client_mode=None, replays_directory=None, replay_id=None
            ),
            http_options=types.HttpOptions(
                base_url=self._base_url,
                api_version=API_VERSION,
                timeout=int(self._timeout_seconds * 1000),
                # Without it the SDK sends the paid request a second time when a socket drops.
                retry_options=types.HttpRetryOptions(attempts=1),
                httpx_async_client=self._http,
            ),
        )


def _contents(request: ImageRequest, references: Sequence[ReferencePicture]) -> types.Content:
    parts = [types.Part(text=introduction(len(references)))] if references else []
    for number, picture in enumerate(references, start=1):
        parts.append(types.Part(text=label(number, picture)))
        parts.append(types.Part.from_bytes(data=picture.data, mime_type=picture.mime_type))
    last = conclusion(request.prompt) if references else request.prompt
    return types.Content(role="user", parts=[*parts, types.Part(text=last)])


def _config(request: ImageRequest) -> types.GenerateContentConfig:
    model = request.model
    # A model that paints 1K only has no such setting and answers 400 to it.
    only_1k = model.qualities(request.aspect_ratio) == ["1K"]
    return types.GenerateContentConfig(
        response_modalities=["IMAGE"],
        image_config=types.ImageConfig(
            aspect_ratio=request.aspect_ratio, image_size=None if only_1k else request.quality
        ),
        seed=sent_seed(request),
        automatic_continuation=False,
    )


def _uncertain(reason: str) -> Uncertain:
    return Uncertain("outcome_unknown", provider=LABEL, reason=reason)


class _AnswerTooLarge(httpx2.RequestError):
    pass


class _AnswerNotPlain(httpx2.RequestError):
    pass


class _BoundedStream(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        received = 0
        async for chunk in self._stream:
            received += len(chunk)
            if received > MAX_ANSWER_BYTES:
                raise _AnswerTooLarge("the answer is too large")
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()


class _BoundedTransport(httpx2.AsyncHTTPTransport):
    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        timeouts = {**request.extensions.get("timeout", {}), "connect": CONNECT_SECONDS}
        request.extensions = {**request.extensions, "timeout": timeouts}
        response = await super().handle_async_request(request)
        if response.headers.get("content-encoding", "identity") != "identity":
            await response.aclose()
            raise _AnswerNotPlain("the answer was compressed, which was not asked for")
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        response.stream = _BoundedStream(response.stream)
        return response


def _http_client() -> httpx2.AsyncClient:
    # No connection is kept: one that the server closes while it idles would look like a request
    # whose answer was lost, and a picture takes long enough not to miss a handshake.
    limits = httpx2.Limits(max_keepalive_connections=0)
    return httpx2.AsyncClient(
        transport=_BoundedTransport(trust_env=False, limits=limits),
        trust_env=False,
        follow_redirects=False,
        # A compressed answer could unpack to any size.
        headers={"Accept-Encoding": "identity"},
    )
