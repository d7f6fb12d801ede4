"""A failure beside the field that caused it."""

from collections.abc import Mapping
from typing import Protocol

from nicegui.elements.mixins.validation_element import ValidationElement

from app.api.models import ApiResponse
from app.words import Words
from pages.told import sentence, told


class Shows(Protocol):
    """A part of a form that can show a sentence and take the focus, but is no input."""

    def show_error(self, text: str) -> None:
        """Show the sentence, or nothing for an empty one."""
        ...


Field = ValidationElement | Shows


class FieldErrors:
    """Puts a failed answer at the field that it names."""

    def __init__(self, words: Words, fields: Mapping[str, Field]) -> None:
        self._words = words
        self._fields = fields

    def clear(self) -> None:
        """Take all sentences away."""
        for field in self._fields.values():
            _show(field, "")

    def show(self, answer: ApiResponse) -> None:
        """Show a failure at its field and focus that; a failure without one is told."""
        field = self._fields.get(answer.field)
        if field is None:
            told(answer, self._words)
            return
        _show(field, self._sentence(answer))
        if isinstance(field, ValidationElement):
            field.run_method("focus")

    def _sentence(self, answer: ApiResponse) -> str:
        text = sentence(answer, self._words)
        row = answer.params.get("row")
        return self._words("composer.in_row", row=row, problem=text) if row else text


def _show(field: Field, text: str) -> None:
    if isinstance(field, ValidationElement):
        field.error = text or None
    else:
        field.show_error(text)
