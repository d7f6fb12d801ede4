"""Secrets cut out of text that somebody else wrote, before it is shown, stored or logged.

A server that refuses a request may repeat the key in its answer, and an exception may quote what
it could not digest. What is known to be secret is cut out wherever it stands; what only looks like
a secret is cut out by its looks. It guards against accidents: who wants to smuggle a key through a
text can always disguise it.
"""

import base64
import re
import threading
from urllib.parse import quote

KEY = "[key]"
HIDDEN = "[hidden]"

MIN_KNOWN_CHARS = 8
"""What is shorter stands in harmless text as well."""

_lock = threading.Lock()
_known: set[str] = set()

_NAMED = r"[\"'\\]*+\s*+[:=]\s*+[\"'\\]*+"
"""What stands between a name and its value, however it is quoted: `: `, `=`, `": "`."""

_LOOKS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), shown)
    for pattern, shown in (
        # Credentials in an address: https://name:password@host
        (r"(://)[^/\s@\"'<>]{1,500}@", rf"\1{HIDDEN}@"),
        # Headers: {"Authorization": "Bearer abc"}, Cookie: a=b; c=d
        (rf"\b((?:set-)?cookie{_NAMED})(?!\[)[^\"'\\\r\n]+", rf"\1{HIDDEN}"),
        (rf"\b((?:proxy-)?authorization{_NAMED}(?:(?:bearer|basic)\s++)?+)(?!\[)[^\s\"'\\,;]+",
         rf"\1{HIDDEN}"),
        (r"\b((?:bearer|basic)\s++)[\w.~+/=-]{12,}", rf"\1{HIDDEN}"),
        (r"\b([\w-]{0,40}(?:api[-_]?key|(?:access|refresh|id|form)[-_]?token|password|secret"
         rf"|whisk_session|whisk_form){_NAMED})(?!\[)[^\s\"'\\,;&]+", rf"\1{HIDDEN}"),
        # What signs an address, and what our own launch link carries
        (r"([?&](?:key|t|token|sig|signature|expires|x-(?:goog|amz)-[\w-]+)=)(?!\[)[^&\s\"'<>]+",
         rf"\1{HIDDEN}"),
        # Tokens that are known by how they begin: ours, and Google's
        (r"\b(?:whisk_|AIza|ya29\.)[\w-]{16,}", HIDDEN),
    )
)  # fmt: skip

_SIGNS = ("://", "?", "&", "cookie", "authorization", "bearer", "basic", "key", "token", "password",
          "secret", "whisk_", "aiza", "ya29.")  # fmt: skip
"""One of these stands in whatever `_LOOKS` finds. To look for them is a hundred times quicker."""


def remember(secret: str) -> None:
    """From now on cut this out of whatever `hidden` sees, unless it is very short.

    A second call changes nothing.
    """
    if len(secret) >= MIN_KNOWN_CHARS:
        with _lock:
            _known.add(secret)


def hidden(text: str, *secrets: str) -> str:
    """The text without these secrets, without those remembered, and without what looks like one.

    Safe to use on its own result, and from several threads.
    """
    with _lock:
        known = _known | set(secrets)
    # The longest first, so that no end of one is left where a shorter one was cut out.
    for secret in sorted(filter(None, known), key=len, reverse=True):
        for form in _forms(secret):
            text = text.replace(form, KEY)
    lowered = text.lower()
    if any(sign in lowered for sign in _SIGNS):
        for pattern, shown in _LOOKS:
            text = pattern.sub(shown, text)
    return text


def _forms(secret: str) -> list[str]:
    """How a secret may be written; the plain form last, for the others may contain it."""
    raw = secret.encode("utf-8", "surrogatepass")
    coded = [base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()]
    return [*coded, quote(secret, safe="", errors="replace"), secret]
