"""How an answer reaches a person: no failure is dropped silently."""

from nicegui import ui

from app.api.models import ApiResponse
from app.words import Words


def sentence(answer: ApiResponse, words: Words) -> str:
    """The failure in the person's language."""
    key = f"error.{answer.code}"
    return words(key, **answer.params) if words.has(key) else answer.message


def told(answer: ApiResponse, words: Words, success: str = "") -> bool:
    """Show the failure, or `success` where there is one to show; answers whether it succeeded."""
    if not answer.success:
        ui.notify(sentence(answer, words), type="negative", timeout=8000, close_button=True)
    elif success:
        ui.notify(success, type="positive")
    return answer.success
