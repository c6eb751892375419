"""One app: something to connect to."""

from typing import Annotated, cast

from pydantic import Field, StringConstraints, model_validator

from evergrant.domain.app.grants import OAuth2Method
from evergrant.domain.app.methods import AuthMethod, OAuth1Method
from evergrant.domain.app.requests import RateLimit
from evergrant.domain.app.vocabulary import MOST_ALIASES, Alias, Line, Model, Slug, Url


class App(Model):
    """An entry of the catalogue, or a workspace's own."""

    slug: Slug
    name: Line
    aliases: Annotated[tuple[Alias, ...], Field(max_length=MOST_ALIASES)] = ()
    categories: tuple[Slug, ...] = ()
    docs_url: Url
    logo: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+$", max_length=40)] | None = None
    """Its name in `simple-icons`; without one it is shown by its first letter."""
    rate_limits: tuple[RateLimit, ...] = ()
    methods: Annotated[tuple[AuthMethod, ...], Field(min_length=1, max_length=20)]

    @model_validator(mode="after")
    def _ways_are_apart(self) -> "App":
        ways = [each.way for each in self.methods]
        if len(set(ways)) != len(ways):
            raise ValueError("two ways of one kind need an `id`")
        return self

    @property
    def is_oauth(self) -> bool:
        """Whether its first way is a redirect."""
        first = self.methods[0]
        return isinstance(first, OAuth2Method) or (isinstance(first, OAuth1Method) and first.is_redirect)

    def oauth2(self) -> OAuth2Method | None:
        """Its redirect, if it has one."""
        return next((each for each in self.methods if isinstance(each, OAuth2Method)), None)

    def method(self, way: str) -> AuthMethod | None:
        """The way of that name or kind; None when the entry has changed under the credential."""
        named = (each for each in self.methods if each.way == way)
        alike = (each for each in self.methods if each.kind == way)
        return next(named, None) or next(alike, None)


def extended(entry: dict[str, object], base: dict[str, object]) -> dict[str, object]:
    """An entry that says `extends`, over the entry it names.

    What it does not state is the base's. `ways` names the base's methods that it has too, `changes.<way>` what is
    different in one of them, and its own `methods` come after these.
    """
    own = {name: value for name, value in entry.items() if name not in ("extends", "ways", "changes")}
    ways = cast("list[str] | None", entry.get("ways"))
    changes = cast("dict[str, dict[str, object]]", entry.get("changes", {}))
    known = {_way(each): each for each in _methods(base)}
    missing = {*(ways or ()), *changes} - known.keys()
    if missing:
        raise ValueError(f"the extended entry has no such ways: {', '.join(sorted(missing))}")
    inherited = [{**each, **changes.get(way, {})} for way, each in known.items() if ways is None or way in ways]
    kept = {name: value for name, value in base.items() if name != "aliases"}
    return {**kept, **own, "methods": [*inherited, *_methods(own)]}


def _methods(entry: dict[str, object]) -> list[dict[str, object]]:
    return cast("list[dict[str, object]]", entry.get("methods", []))


def _way(method: dict[str, object]) -> str:
    return str(method.get("id") or method.get("kind"))
