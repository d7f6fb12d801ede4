"""Which of our languages a browser asks for."""

from app.words import LANGUAGES


def preferred_language(accepted: str) -> str:
    """The best of `LANGUAGES` by an Accept-Language header; English where it names none."""
    wishes = [_wish(part) for part in accepted.split(",")[:20]]
    known = [(weight, language) for language, weight in wishes if language in LANGUAGES]
    return max(known, key=lambda wish: wish[0])[1] if known else "en"


def _wish(part: str) -> tuple[str, float]:
    tag, _, parameter = part.partition(";")
    language = tag.strip().lower().partition("-")[0]
    try:
        return language, float(parameter.strip().removeprefix("q=") or 1)
    except ValueError:
        return language, 0
