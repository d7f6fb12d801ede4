"""Every sentence a person reads, by key and language, from `static/i18n/<language>.json`.

The catalogues are flat objects: `{"queue.start": "Start", ...}`. English is the source: an error's
message is its English sentence, and a key that another language lacks falls back to it.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

STATIC = Path(__file__).resolve().parent.parent / "static"
LANGUAGES = {"en": "English", "vi": "Tiếng Việt"}


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """All sentences of a language; an unknown language is English."""
    name = language if language in LANGUAGES else "en"
    return json.loads((STATIC / "i18n" / f"{name}.json").read_text(encoding="utf-8"))


class Words:
    """The words of one language: `words("composer.will_add", n=3)`."""

    def __init__(self, language: str = "en") -> None:
        self.language = language if language in LANGUAGES else "en"
        self._texts = catalogue(self.language)

    def __call__(self, key: str, **params: object) -> str:
        """The sentence with its `{placeholders}` filled.

        A sentence with a `|` has two forms, "one | many", chosen by the parameter `n`. An unknown
        key comes back as itself, so a missing word is seen and not a crash.
        """
        text = self._texts.get(key) or catalogue("en").get(key, key)
        if "n" in params and " | " in text:
            one, many = text.split(" | ", 1)
            text = one if params["n"] == 1 else many
        for name, value in params.items():
            text = text.replace("{" + name + "}", str(value))
        return text

    def has(self, key: str) -> bool:
        """Whether the language, or English behind it, knows the key."""
        return key in self._texts or key in catalogue("en")
