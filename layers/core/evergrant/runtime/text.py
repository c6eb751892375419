"""Text that people type: NFC, trimmed, without control characters, within limits."""

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints


def _normalised(value: object) -> object:
    return unicodedata.normalize("NFC", value) if isinstance(value, str) else value


def _printable(text: str) -> str:
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in text):
        raise ValueError("must not hold control characters")
    return text


Text = Annotated[str, BeforeValidator(_normalised), AfterValidator(_printable)]
Name = Annotated[Text, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
OptionalText = Annotated[Text, StringConstraints(max_length=320)] | None
Tag = Annotated[Text, StringConstraints(min_length=1, max_length=100)]
Tags = Annotated[tuple[Tag, ...], Field(max_length=50)]
