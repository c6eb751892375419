"""Filling an app's templates with a credential's values; what may not become a header or a host is refused."""

import base64
from collections.abc import Mapping
from urllib.parse import urlsplit

from evergrant.domain.app import PLACEHOLDER, OAuth1Method, OAuth2Method, Request, StaticMethod
from evergrant.domain.errors import AppMisconfiguredError

AnyMethod = StaticMethod | OAuth1Method | OAuth2Method


def render(template: str, values: Mapping[str, str]) -> str:
    """Raises: AppMisconfiguredError for a value that is not there, or that holds CR, LF or NUL."""

    def value_of(name: str) -> str:
        if name not in values:
            raise AppMisconfiguredError(f"The app's entry names `{name}`, which this credential does not have.")
        if any(character in values[name] for character in "\r\n\0"):
            raise AppMisconfiguredError(f"The value `{name}` holds a line break and cannot be sent.")
        return values[name]

    return PLACEHOLDER.sub(lambda match: value_of(match.group(1)), template)


def with_derived(request: Request, values: Mapping[str, str]) -> dict[str, str]:
    """The values, and `basic` where a template names it: user and password as RFC 7617 writes them."""
    if not any("{basic}" in template for template in request.headers.values()):
        return dict(values)
    pair = ":".join(render(part, values) for part in request.basic)
    return {**values, "basic": base64.b64encode(pair.encode()).decode()}


def hosts(method: AnyMethod, variables: Mapping[str, str]) -> tuple[str, ...]:
    """The hosts a secret may go to, from the entry's own URLs: there is no second list."""
    found = {urlsplit(render(url, variables)).netloc.lower() for url in method.urls()}
    return tuple(sorted(found))
