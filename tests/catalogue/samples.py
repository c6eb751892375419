"""Values as a credential of a way would have them: what the entry itself gives as examples."""

import re

from evergrant.domain.app import (
    AuthMethod,
    Kept,
    OAuth1Method,
    OAuth2Method,
    Property,
    StaticMethod,
    names_in,
)
from evergrant.domain.app.requests import SIGNED
from evergrant.domain.rendering import with_derived


def typed(each: Property) -> str:
    """What a merchant would type."""
    if each.choices:
        return each.default or each.choices[0]
    return each.default or each.placeholder.replace("…", "x7") or "sample"


def given(kept: Kept) -> str:
    """What of the provider's example is kept."""
    match = re.fullmatch(kept.pattern, kept.example)
    assert match, f"{kept.name}: the example does not match the pattern"
    return match.group(1) if match.re.groups else kept.example


def sample(way: AuthMethod) -> dict[str, str]:
    """Every value that the way's templates may name."""
    values = {each.name: typed(each) for each in way.properties}
    values |= {name: f"a-{name}" for name in way.values()}
    values |= {each.name: given(each) for each in way.brought()}
    if isinstance(way, StaticMethod) and way.signature:
        values |= {name: f"a-{name}" for name in SIGNED}
    return with_derived(way.request, values)


def known_before(way: OAuth2Method | OAuth1Method) -> set[str]:
    """The values that a browser's redirect can need."""
    extra = set(way.client_extra) if isinstance(way, OAuth2Method) else set[str]()
    return {each.name for each in way.properties} | extra | {"clientId", "consumerKey"}


__all__ = ["given", "known_before", "names_in", "sample", "typed"]
