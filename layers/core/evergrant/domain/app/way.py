"""What all ways to authenticate share: where the values of a credential come from, and which hosts may have them."""

import re
from collections.abc import Sequence

from pydantic import model_validator

from evergrant.domain.app.requests import Call, Kept, Probe, Property, Request
from evergrant.domain.app.vocabulary import LISTED, Days, Line, Model, Slug, host_in, names_in

NEVER_SENT = frozenset({"refreshToken", "clientSecret", "consumerSecret", "assertion"})


class Way(Model):
    """What all ways to authenticate share."""

    id: Slug | None = None
    """Where an app has several ways of one kind."""
    label: Line | None = None
    """What a merchant who has the choice reads: `Private app token`."""
    properties: tuple[Property, ...] = ()
    request: Request = Request()
    probe: Probe | None = None
    revocation: Call | None = None
    """How the provider is told to end it, where that is not RFC 7009."""
    lifetime_days: Days | None = None
    """How long it lives in all, whatever is done: the provider's own policy."""

    @property
    def way(self) -> str:
        """Its name within the app."""
        return self.id or self.kind  # type: ignore[attr-defined,no-any-return]  # each way has its kind

    @property
    def mints(self) -> bool:
        """Whether a token that ends is made of what is kept, again and again."""
        return False

    @property
    def signs(self) -> bool:
        """Whether each request is signed: there are no headers that could be handed out."""
        return False

    def values(self) -> frozenset[str]:
        """The names of values that are not typed in but given by the provider, the owner's client, or computed."""
        return frozenset()

    def dead_words(self) -> frozenset[str]:
        """What the provider says when the merchant must connect again."""
        return frozenset()

    def shown(self) -> frozenset[str]:
        """The names of the values that a request needs: never a refresh token, a client's secret or a password."""
        return frozenset({"accessToken", "tokenType", *(each.name for each in self.brought() if each.secret)})

    def brought(self) -> tuple[Kept, ...]:
        """What the provider gives on the way."""
        return ()

    def endpoints(self) -> list[str]:
        """Further URLs that a secret may be sent to."""
        return []

    def pages(self) -> list[str]:
        """Every URL that a browser is sent to."""
        return []

    def parameters(self) -> list[str]:
        """Further templates."""
        return []

    def told_to_browsers(self) -> list[str]:
        """Those templates that a browser gets to see."""
        return self.pages()

    def calls(self) -> list[Call]:
        """The calls of the provider's own making."""
        return [self.revocation] if self.revocation else []

    def urls(self) -> list[str]:
        """Every URL that a secret may be sent to."""
        own = [self.request.base_url, self.probe and self.probe.url, *(each.url for each in self.calls())]
        return list(dict.fromkeys(url for url in (*own, *self.endpoints()) if url))

    def client_urls(self) -> list[str]:
        """Those of them that the owner's client is shown to."""
        return list(
            dict.fromkeys([*self.endpoints(), *(each.url or self.request.base_url or "" for each in self.calls())])
        )

    def rules_of_hosts(self, urls: Sequence[str]) -> frozenset[str]:
        """Each host as the entry writes it, with what guards its values: what must not change behind a secret."""
        guards = self.guards()
        return frozenset(
            " ".join([host, *(guards.get(name) or "" for name in sorted(names_in(host)))])
            for host in map(host_in, urls)
        )

    def rules_for_client(self) -> frozenset[str]:
        """Where the owner's client goes, as the entry writes it: what must not change behind its secret and values."""
        return self.rules_of_hosts(self.client_urls())

    def guards(self) -> dict[str, str | None]:
        """The pattern of each value that may stand in an address."""
        kept = {each.name: each.pattern for each in self.brought() if not each.secret}
        return {each.name: each.guard for each in self.properties if not each.secret} | kept

    def whole_host(self) -> bool:
        """Whether the merchant's own server is called, whose whole name is a value."""
        return False

    @model_validator(mode="after")
    def _values_are_apart(self) -> "Way":
        names = [each.name for each in self.properties] + [each.name for each in self.brought()]
        if len(set(names)) != len(names):
            raise ValueError("two values share a name")
        return self

    @model_validator(mode="after")
    def _templates_name_what_there_is(self) -> "Way":
        probe, request = self.probe, self.request
        self._requests_name_no_grant()
        paths = [probe and probe.path, *(each.path for each in self.calls())]
        if any(paths) and not request.base_url:
            raise ValueError("a path needs a base_url")
        named = names_in(
            *request.headers.values(),
            *request.all_params().values(),
            *((probe and probe.headers) or {}).values(),
            *(probe.params.values() if probe else ()),
            *(template for each in self.calls() for template in each.templates()),
            *paths,
            *self.parameters(),
            *self.urls(),
            *self.pages(),
        )
        if any("{basic}" in each for each in request.headers.values()):
            named |= names_in(*request.basic)
        known = {"basic", *self.values(), *(each.name for each in (*self.properties, *self.brought()))}
        if named - known:
            raise ValueError(f"a template names unknown values: {', '.join(sorted(named - known))}")
        return self

    def _requests_name_no_grant(self) -> None:
        """What renews or revokes is for the provider's own endpoints: no header, parameter or address names it."""
        probe, request = self.probe, self.request
        named = names_in(
            request.base_url,
            *request.headers.values(),
            *request.all_params().values(),
            *request.basic,
            *((probe and probe.headers) or {}).values(),
            *((probe and probe.params) or {}).values(),
        )
        if named & NEVER_SENT - {each.name for each in self.properties}:
            raise ValueError("a request never carries a refresh token, a client's secret or an assertion")
        secret = {each.name for each in self.properties if each.secret} | {"accessToken"}
        if names_in(request.base_url) & secret:
            raise ValueError("the base_url names no secret")

    @model_validator(mode="after")
    def _browsers_see_nothing_that_was_granted(self) -> "Way":
        if names_in(*self.told_to_browsers()) & {"accessToken", *NEVER_SENT, *(each.name for each in self.brought())}:
            raise ValueError("the page that a browser is sent to names nothing that the provider gave")
        return self

    @model_validator(mode="after")
    def _hosts_are_fixed(self) -> "Way":
        """A value in a host has a pattern, and stands before a fixed suffix or is one that the pattern lists."""
        guards = self.guards()
        for host in map(host_in, (*self.urls(), *self.pages())):
            names = names_in(host)
            if any(guards.get(name) is None for name in names):
                raise ValueError("a value in a host needs a pattern, and is no secret")
            listed = all(LISTED.fullmatch(guards[name] or "") for name in names)
            suffixed = re.search(r"\}[a-z0-9-]*(\.[a-z0-9-]+){2,}$", host)
            if names and not (suffixed or listed or self.whole_host()):
                raise ValueError("a host needs a fixed suffix, a pattern that lists hosts, or `host_is_merchants`")
        return self


class MerchantsWay(Way):
    """All that it needs is typed in; so the server may be the merchant's own."""

    host_is_merchants: bool = False

    def whole_host(self) -> bool:
        return self.host_is_merchants
