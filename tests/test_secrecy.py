"""What is secret is cut out of foreign text, and what is not stays readable."""

import base64
from urllib.parse import quote

import pytest

from app.secrecy import hidden, remember

KEY = "kX/4+odd&key=0123456789abcdef"
TOKEN = "T0ken-0123456789-abcdefghijklmnop"


@pytest.mark.parametrize(
    "form",
    [KEY, quote(KEY, safe=""), base64.b64encode(KEY.encode()).decode(),
     base64.urlsafe_b64encode(KEY.encode()).decode()],
    ids=["plain", "in an address", "base64", "base64 for addresses"],
)  # fmt: skip
def test_a_known_secret_is_cut_out_however_it_is_written(form):
    assert hidden(f"before {form} after", KEY) == "before [key] after"


def test_what_was_remembered_needs_no_naming():
    secret = "remembered-0123456789"
    assert secret in hidden(f"see {secret}")

    remember(secret)

    assert hidden(f"see {secret}") == "see [key]"


def test_what_is_very_short_is_not_remembered_for_it_stands_everywhere():
    remember("a")
    remember("")

    assert hidden("a cat") == "a cat"


def test_the_longer_of_two_secrets_leaves_no_end_behind():
    assert hidden("abcdefgh-ijklmnop", "abcdefgh", "abcdefgh-ijklmnop") == "[key]"


@pytest.mark.parametrize(
    "text",
    [
        f"authorization: Bearer {TOKEN}",
        f"Authorization={TOKEN}",
        f'{{"headers": {{"Authorization": "Bearer {TOKEN}", "Accept": "*/*"}}}}',
        f'"{{\\"authorization\\": \\"Basic {TOKEN}\\"}}"',
        f"Proxy-Authorization: Basic {TOKEN}",
        f"x-goog-api-key: {TOKEN}",
        f"{{'X-Api-Key': '{TOKEN}'}}",
        f"api_key={TOKEN}&alt=json",
        f"sent Bearer {TOKEN} to us",
        f"Cookie: whisk_session={TOKEN}; theme=dark",
        f"Set-Cookie: a=1; whisk_form={TOKEN}",
        f"whisk_session={TOKEN}",
        f"form_token={TOKEN}",
        f"client_secret={TOKEN}",
        f'"access_token":"{TOKEN}"',
        f"password: {TOKEN}",
        f"https://someone:{TOKEN}@example.org/v1",
        f"https://{TOKEN}@example.org/v1",
        f"http://127.0.0.1:8080/auth?t={TOKEN}",
        f"https://storage.example.org/o/1.png?X-Goog-Signature={TOKEN}&x=1",
        f"https://example.org/?page=2&sig={TOKEN}",
        f"whisk_{TOKEN}",
        f"AIza{TOKEN}",
        f"ya29.{TOKEN}",
    ],
)
def test_what_looks_like_a_secret_is_cut_out(text):
    assert TOKEN not in hidden(text)
    assert hidden(hidden(text)) == hidden(text)


@pytest.mark.parametrize(
    "text",
    [
        "API key not valid. Please pass a valid API key.",
        "Quota exceeded for quota metric 'Generate requests per day'. See https://ai.google.dev/x.",
        "[Errno 28] No space left on device: '/home/a/Pictures/fox-0123456789abcdef-1.png'",
        "The key was entered for https://generativelanguage.googleapis.com:443.",
        "attempt 0123456789abcdef failed after 3.5 s",
        "basic and bearer are words too",
    ],
)
def test_ordinary_sentences_stay_as_they_are(text):
    assert hidden(text) == text


def test_a_long_hostile_text_takes_no_long_time():
    text = "authorization: " * 5_000 + "://" * 10_000 + "cookie:" * 5_000

    assert isinstance(hidden(text), str)
