"""Reading the values of a static credential against its app's entry."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeGuard

from pydantic import SecretStr

from evergrant.domain.app import App, AuthMethod, OAuth1Method, OAuth2Method, Property, host_in, names_in
from evergrant.domain.app.vocabulary import LONGEST_GUARDED, varies
from evergrant.domain.errors import Detail, ValidationFailedError
from evergrant.domain.rendering import can_stand_in_a_host

Redirect = OAuth2Method | OAuth1Method
MAX_VALUE_LENGTH = 32_768
BRINGING = frozenset({"accessToken", "refreshToken"})
"""Properties of tokens that were obtained elsewhere."""
_LAST_OF_LATIN_1 = 255
"""Header values are ISO 8859-1 at most (RFC 9110, 5.5)."""
MAX_PLAIN_LENGTH = 2_048
"""Of what is no secret, such as the shop: it stands in addresses."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where a request's body has what is read here, for the `details` of a refusal."""

    app: str
    fields: str = ""
    """What comes before `data`, `way` and `expiresAt`."""

    @property
    def data(self) -> str:
        """Of the values."""
        return f"{self.fields}data"

    def of(self, field: str, message: str) -> Detail:
        """What is wrong with one of the others."""
        return Detail(f"{self.fields}{field}", message)


IN_CREDENTIAL = Places("credential.type", "credential.")
IN_FORM = Places("app")


@dataclass(frozen=True, slots=True)
class Entry:
    """Values that were checked: what is sealed, and what of it is plain besides."""

    app: App
    method: AuthMethod
    secrets: Mapping[str, SecretStr]
    variables: Mapping[str, str]


def read_entry(app: App, data: Mapping[str, SecretStr], *, places: Places, way: str | None = None) -> Entry:
    """The way of that name, or the first of the app that fits `data`.

    Raises: ValidationFailedError naming every path; its code is `oauth_app` where the app
    authenticates by OAuth alone.
    """
    ways = [each for each in app.methods if not is_redirect(each)]
    if not ways:
        message = f"{app.name} authenticates by OAuth: send the user through GET /oauthUrl instead."
        raise ValidationFailedError([Detail(places.app, message)], message=message, code="oauth_app")
    named = [each for each in ways if way is None or way in (each.way, each.kind)]
    if not named:
        message = f"This app's ways are: {', '.join(each.way for each in ways)}."
        raise ValidationFailedError([places.of("way", message)])
    problems = [(problems_with(each, data, root=places.data), each) for each in named]
    found, method = min(problems, key=lambda each: len(each[0]))
    if found:
        raise ValidationFailedError(found)
    values = {each.name: data.get(each.name) or _default(each) for each in method.properties}
    variables = {
        each.name: value.get_secret_value()
        for each in method.properties
        if not each.secret and (value := values[each.name]) is not None
    }
    secrets = {name: value for name, value in values.items() if value is not None}
    return Entry(app, method, secrets, variables)


def plain_values(way: AuthMethod, data: Mapping[str, SecretStr], *, root: str) -> dict[str, str]:
    """The properties that a redirect needs, such as the shop. Raises: ValidationFailedError naming every path."""
    found = problems_with(way, data, root=root)
    if found:
        raise ValidationFailedError(found)
    values = {each.name: data.get(each.name) or _default(each) for each in way.properties}
    return {name: value.get_secret_value() for name, value in values.items() if value is not None}


def redirect_of_tokens(app: App, data: Mapping[str, SecretStr], *, way: str | None) -> Redirect | None:
    """The redirect whose tokens `data` holds; None where it is to be read as one of the app's forms."""
    named = [each for each in app.methods if way is None or way in (each.way, each.kind)]
    redirects: list[Redirect] = [each for each in named if is_redirect(each)]
    brings = bool({*BRINGING, "tokenId"} & data.keys()) or len(redirects) == len(named) != len(app.methods)
    forms = [each for each in named if not is_redirect(each)]
    if not redirects or not brings or any(not problems_with(each, data, root="") for each in forms):
        return None
    return redirects[0]


def problems_with(way: AuthMethod, data: Mapping[str, SecretStr], *, root: str) -> list[Detail]:
    """What the app's entry does not take, by its path."""
    known = {each.name: each for each in way.properties}
    problems = [Detail(f"{root}.{name}", "This app has no such property.") for name in data if name not in known]
    for each in way.properties:
        value = data.get(each.name)
        if value is None:
            if each.required and each.default is None:
                problems.append(Detail(f"{root}.{each.name}", "This property is required."))
        elif complaint := _complaint(way, each, value.get_secret_value()):
            problems.append(Detail(f"{root}.{each.name}", complaint))
    return problems


def _complaint(way: AuthMethod, each: Property, value: str) -> str | None:
    in_host = each.name in names_in(*map(host_in, (*way.urls(), *way.pages())))
    in_header = each.name in names_in(*way.request.headers.values())
    if not value:
        return "This property is empty."
    longest = MAX_VALUE_LENGTH if each.secret else MAX_PLAIN_LENGTH
    if len(value) > longest:
        return f"This value is longer than {longest} characters."
    if "\0" in value or (any(character in value for character in "\r\n") and not each.multiline):
        return "This value holds a line break or NUL, which cannot be sent."
    if in_header and any(ord(character) > _LAST_OF_LATIN_1 for character in value):
        return "This value holds characters that no header can carry: copy it again."
    if each.guard and len(value) > LONGEST_GUARDED and varies(each.guard) > 1:
        return f"This value is longer than {LONGEST_GUARDED} characters."
    if (each.guard and not re.fullmatch(each.guard, value)) or (in_host and not can_stand_in_a_host(value)):
        expected = " or ".join(each.choices) or each.placeholder or each.guard
        return f"This value does not look right: expected {expected}."
    return None


def _default(each: Property) -> SecretStr | None:
    return SecretStr(each.default) if each.default is not None else None


def is_redirect(way: AuthMethod) -> TypeGuard[Redirect]:
    """Whether it is connected through the provider's own page."""
    return isinstance(way, OAuth2Method) or (isinstance(way, OAuth1Method) and way.is_redirect)
