"""What every text that comes in must be."""

from app.errors import InvalidInput


def check_text(name: str, text: str) -> None:
    """Refuse what no database and no file can hold.

    Raises:
        InvalidInput: `nul_character`, or `invalid_value` for half of a surrogate pair.
    """
    if "\0" in text:
        raise InvalidInput("nul_character", field=name)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidInput(
            "invalid_value", field=name, name=name, value=ascii(text)[:80]
        ) from error
