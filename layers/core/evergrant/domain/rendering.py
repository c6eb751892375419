"""Filling an app's templates with a credential's values; what may not become a header or a host is refused."""

import base64
import re
from collections.abc import Mapping
from urllib.parse import quote

from evergrant.domain.app import PLACEHOLDER, Parameters, Request, Way, host_in, names_in
from evergrant.domain.errors import AppMisconfiguredError

_LABELS = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*(?::[0-9]{1,5})?")


def render(template: str, values: Mapping[str, str]) -> str:
    """Raises: AppMisconfiguredError for a value that is not there, or that holds CR, LF or NUL."""

    def value_of(name: str) -> str:
        value = _value(name, values)
        if any(character in value for character in "\r\n\0"):
            raise AppMisconfiguredError(f"The value `{name}` holds a line break and cannot be sent.")
        return value

    return PLACEHOLDER.sub(lambda match: value_of(match.group(1)), template)


def render_url(template: str, values: Mapping[str, str]) -> str:
    """An address: values in the host as they are (the entry's patterns guard them), percent-encoded after it.

    So no value can add a host, a segment or a parameter. Raises: as `render`.
    """
    host = host_in(template)
    start, found, rest = template.partition(host)
    filled = PLACEHOLDER.sub(lambda match: quote(_value(match.group(1), values), safe="-._~:@,"), rest)
    return f"{start}{render_host(found, values)}{filled}"


def render_host(template: str, values: Mapping[str, str]) -> str:
    """A host, in lower case. Whatever the entry's pattern takes, a value can only be labels of a name, and a port.

    Raises: as `render`.
    """
    for name in names_in(template):
        if not can_stand_in_a_host(_value(name, values)):
            raise AppMisconfiguredError(f"The value `{name}` cannot stand in a host.")
    return render(template, values).lower()


def can_stand_in_a_host(value: str) -> bool:
    """Labels of a name, and perhaps a port: nothing that could end the host."""
    return _LABELS.fullmatch(value) is not None


def render_text(template: str, values: Mapping[str, str]) -> str:
    """What is signed or becomes a body's member: line breaks stay. Raises: AppMisconfiguredError."""
    return PLACEHOLDER.sub(lambda match: _value(match.group(1), values), template)


def render_all(templates: Mapping[str, str], values: Mapping[str, str]) -> dict[str, str]:
    """Headers or parameters. Raises: as `render`."""
    return {name: render(each, values) for name, each in templates.items()}


def render_params(given: Parameters, values: Mapping[str, str]) -> dict[str, str]:
    """A query's parameters; an optional one only where every value that it names is there. Raises: as `render`."""
    optional = {name: each for name, each in given.optional_params.items() if names_in(each) <= values.keys()}
    return render_all({**given.params, **optional}, values)


def _value(name: str, values: Mapping[str, str]) -> str:
    if name not in values:
        raise AppMisconfiguredError(f"The app's entry names `{name}`, which this credential does not have.")
    return values[name]


def with_derived(request: Request, values: Mapping[str, str]) -> dict[str, str]:
    """The values, and `basic` where a template names it: user and password as RFC 7617 writes them."""
    if not any("{basic}" in template for template in request.headers.values()):
        return dict(values)
    pair = ":".join(render(part, values) for part in request.basic)
    return {**values, "basic": base64.b64encode(pair.encode()).decode()}


def known_hosts(method: Way, variables: Mapping[str, str]) -> tuple[str, ...]:
    """Those of `hosts` that can be named already, before the provider has given the values of the others."""
    known = [host_in(url) for url in method.urls() if names_in(host_in(url)) <= variables.keys()]
    return tuple(sorted({render_host(host, variables) for host in known}))


def hosts(method: Way, variables: Mapping[str, str]) -> tuple[str, ...]:
    """The hosts a secret may go to, from the entry's own URLs: there is no second list."""
    found = {render_host(host_in(url), variables) for url in method.urls()}
    return tuple(sorted(found))
