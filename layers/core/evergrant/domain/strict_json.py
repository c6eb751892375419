"""JSON, read strictly: no duplicate names, no NaN, no depth that could hurt, no lone surrogates (RFC 8259)."""

import json
from typing import NoReturn

MAX_DEPTH = 32


class NotStrictJsonError(ValueError):
    """The text is not JSON as we read it; the message never echoes it."""


def loads(text: str | bytes, *, max_depth: int = MAX_DEPTH, huge_numbers: bool = False) -> object:
    """Parse `text`; with `huge_numbers`, 1e400 is infinity. Raises: NotStrictJsonError."""
    try:
        decoded = text.decode("utf-8") if isinstance(text, bytes) else text
        _refuse_depth(decoded, max_depth)
        value: object = json.loads(
            decoded,
            object_pairs_hook=_without_twins,
            parse_constant=_refuse_constant,
            parse_float=float if huge_numbers else _finite,
        )
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except NotStrictJsonError:
        raise
    except (ValueError, RecursionError):
        # No `from`: the foreign error quotes the text.
        raise NotStrictJsonError("The text is not valid JSON.") from None
    return value


def _refuse_depth(text: str, limit: int) -> None:
    depth, inside_string, escaped = 0, False, False
    for character in text:
        if inside_string:
            inside_string = escaped or character != '"'
            escaped = character == "\\" and not escaped
        elif character == '"':
            inside_string = True
        elif character in "[{":
            depth += 1
            if depth > limit:
                raise NotStrictJsonError(f"The JSON is nested more than {limit} levels deep.")
        elif character in "]}":
            depth -= 1


def _without_twins(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise NotStrictJsonError("The JSON names the same member twice.")
    return result


def _refuse_constant(_: str) -> NoReturn:
    raise NotStrictJsonError("The JSON holds NaN or Infinity.")


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise NotStrictJsonError("The JSON holds a number that is too large.")
    return number
