"""Every sentence exists in every language, and none is there for nothing."""

import re
from pathlib import Path

import pytest

from app.words import LANGUAGES, Words, catalogue

ROOT = Path(__file__).resolve().parent.parent
SOURCES = [
    path
    for pattern in ("app/**/*.py", "pages/**/*.py", "static/*.js")
    for path in ROOT.glob(pattern)
]
CODE = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES)
PLACEHOLDER = re.compile(r"\{(\w+)\}")
ERROR = re.compile(
    r"(?:InvalidInput|NotFound|Conflict|NotAllowed|TryLater|RateLimited|QuotaExhausted|Rejected"
    r"|NotConfigured|Uncertain|WhiskError)\(\s*\"(\w+)\""
)
BUILT = ("error.", "status.", "waiting.", "theme.", "grid.", "audit.", "role.")
"""Keys with these beginnings are put together from a word that stands in the code by itself."""


def test_every_language_has_the_same_keys() -> None:
    keys = {language: set(catalogue(language)) for language in LANGUAGES}

    assert all(found == keys["en"] for found in keys.values()), {
        language: found ^ keys["en"] for language, found in keys.items()
    }


@pytest.mark.parametrize("language", sorted(set(LANGUAGES) - {"en"}))
def test_every_translation_has_the_same_placeholders(language: str) -> None:
    other = catalogue(language)

    for key, text in catalogue("en").items():
        assert set(PLACEHOLDER.findall(text)) == set(PLACEHOLDER.findall(other[key])), key


def test_no_failure_is_without_a_sentence() -> None:
    codes = set(ERROR.findall(CODE))

    assert len(codes) > 40
    assert {code for code in codes if f"error.{code}" not in catalogue("en")} == set()


def test_no_word_that_the_code_asks_for_is_missing() -> None:
    groups = "|".join(sorted({key.split(".")[0] for key in catalogue("en")}))
    asked = set(re.findall(rf"[\"']((?:{groups})\.[a-z_]+(?:\.\w+)?)[\"']", CODE))
    wanted = {key for key in asked if not key.endswith((".css", ".js"))}

    assert {key for key in wanted if key not in catalogue("en")} == set()


def test_no_word_is_there_for_nothing() -> None:
    unused = {
        key
        for key in catalogue("en")
        if f'"{key}"' not in CODE and f"'{key}'" not in CODE and not _is_built(key)
    }

    assert unused == set()


def _is_built(key: str) -> bool:
    if not key.startswith(BUILT):
        return False
    if key.startswith("grid.ag."):
        # Handed to the table as a whole, under the names that it gives them.
        return '"grid.ag."' in CODE
    part = key.split(".", 1)[1]
    return re.search(rf"\b{re.escape(part)}\b", CODE) is not None


def test_one_and_many_are_told_apart() -> None:
    words = Words("en")

    assert words("composer.added", n=1) == "1 task added"
    assert words("composer.added", n=2) == "2 tasks added"


def test_an_unknown_key_is_seen_and_an_unknown_language_is_english() -> None:
    assert Words("en")("no.such.key") == "no.such.key"
    assert Words("fr").language == "en"
