"""Reading a request: versions, bodies and queries from API Gateway's proxy event."""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from evergrant.domain.errors import (
    BadRequestError,
    Detail,
    TooLargeError,
    UnsupportedMediaTypeError,
    ValidationFailedError,
)
from evergrant.domain.strict_json import NotStrictJsonError, loads

MAX_BODY_BYTES = 256 * 1024
VERSIONS = frozenset({"2023-01", "2023-06", "2023-12", "2024-03", "2025-09"})
ALIAS_PREFIX = re.compile(r"^(?:/(?P<version>\d{4}-\d{2}))?(?:/headless(?=/))?")

Model = TypeVar("Model", bound=BaseModel)


def header(event: Mapping[str, Any], name: str) -> str | None:
    """A header's first value, its name in any case."""
    headers: Mapping[str, str] = event.get("headers") or {}
    for key, value in headers.items():
        if key.lower() == name:
            return value
    return None


def check_version(event: Mapping[str, Any]) -> None:
    """Raises: BadRequestError for a version, in the path or `x-api-version`, that was never published."""
    match = ALIAS_PREFIX.match(str(event.get("path") or ""))
    for version in (match and match.group("version"), header(event, "x-api-version")):
        if version and version not in VERSIONS:
            raise BadRequestError(f"Use one of the versions {', '.join(sorted(VERSIONS))}.", code="unknown_version")


def body_bytes(event: Mapping[str, Any]) -> bytes:
    """The body as it was sent. Raises: TooLargeError."""
    text = event.get("body") or ""
    try:
        body = base64.b64decode(text, validate=True) if event.get("isBase64Encoded") else str(text).encode()
    except (binascii.Error, UnicodeEncodeError):
        raise BadRequestError("Send the body as UTF-8 JSON.", code="not_json") from None
    if len(body) > MAX_BODY_BYTES:
        raise TooLargeError("Send a body of at most 256 KiB.")
    return body


def read_json(event: Mapping[str, Any]) -> object:
    """Raises: UnsupportedMediaTypeError, TooLargeError, BadRequestError."""
    media_type = (header(event, "content-type") or "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise UnsupportedMediaTypeError("Send the body as `content-type: application/json`.")
    try:
        return loads(body_bytes(event))
    except NotStrictJsonError as error:
        raise BadRequestError(f"{error} Send strict JSON.", code="not_json") from None


def read_body(event: Mapping[str, Any], model: type[Model]) -> Model:
    """Raises: as `read_json`, and ValidationFailedError."""
    return validated(model, read_json(event), root="")


def read_query(event: Mapping[str, Any], model: type[Model]) -> Model:
    """Raises: BadRequestError for a parameter sent twice; ValidationFailedError."""
    return validated(model, query_parameters(event), root="query.")


def query_parameters(event: Mapping[str, Any]) -> dict[str, str]:
    """Each parameter once. Raises: BadRequestError."""
    single: dict[str, str] = {}
    several: Mapping[str, list[str]] = event.get("multiValueQueryStringParameters") or {}
    for name, values in several.items():
        if len(values) != 1:
            raise BadRequestError("Send each query parameter once.", code="duplicate_parameter")
        single[name] = values[0]
    return single or dict(event.get("queryStringParameters") or {})


def _said(message: str) -> str:
    """Our own words without pydantic's before them."""
    own = message.removeprefix("Value error, ")
    return own[:1].upper() + own[1:]


def validated(
    model: type[Model],
    content: object,
    *,
    root: str,
    context: dict[str, object] | None = None,
    strict: bool | None = None,
) -> Model:
    """As JSON, where a strict model takes a list for a tuple. Raises: ValidationFailedError naming every path."""
    try:
        return model.model_validate_json(json.dumps(content), context=context, strict=strict)
    except ValidationError as error:
        details = [
            Detail(path=root + ".".join(str(part) for part in issue["loc"]), message=_said(issue["msg"]))
            for issue in error.errors(include_url=False, include_context=False, include_input=False)
        ]
        raise ValidationFailedError(details) from None
