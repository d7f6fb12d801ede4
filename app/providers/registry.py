"""Every provider, one line each."""

from collections.abc import Mapping
from functools import partial
from urllib.parse import urlsplit

from app.errors import InvalidInput
from app.providers.base import ImageProvider
from app.providers.gemini import DEFAULT_URL, GeminiProvider
from app.providers.keys import KeyRing
from app.providers.painter import PainterProvider

GEMINI_URL_VARIABLE = "WHISK_GEMINI_URL"
"""Another address for Gemini, such as a gateway of one's own."""

_this_computer = ("localhost", "127.0.0.1", "::1")


def build_providers(
    keys: KeyRing, *, painter_latency_seconds: float, environment: Mapping[str, str]
) -> dict[str, ImageProvider]:
    """All providers by name; nothing is connected yet.

    Tells the key ring which variables hold whose key, so call it before asking for keys.

    Raises:
        InvalidInput: `address_malformed`.
    """
    gemini_url = _address(environment, GEMINI_URL_VARIABLE) or DEFAULT_URL
    keys.declare(GeminiProvider.name, GeminiProvider.key_variables, gemini_url, DEFAULT_URL)
    providers: list[ImageProvider] = [
        PainterProvider(latency_seconds=painter_latency_seconds),
        GeminiProvider(partial(keys.get, GeminiProvider.name), base_url=gemini_url),
    ]
    return {provider.name: provider for provider in providers}


def _address(environment: Mapping[str, str], variable: str) -> str:
    text = environment.get(variable, "").strip()
    if text and not _may_get_a_key(text):
        raise InvalidInput("address_malformed", field=variable, variable=variable)
    return text


def _may_get_a_key(url: str) -> bool:
    """Whether it is an address, and a key that is sent there cannot be read on the way."""
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and parts.port != 0 and "@" not in parts.netloc
    except ValueError:
        return False
    at_home = parts.scheme == "http" and parts.hostname in _this_computer
    return usable and (parts.scheme == "https" or at_home)
