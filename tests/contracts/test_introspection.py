"""A token whose answer states no end: its server is asked for it (RFC 7662), and no grant is lost for that."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from evergrant.adapters.http.transport import CheckedTransport
from evergrant.adapters.oauth.token_endpoint import HttpTokenEndpoint
from evergrant.adapters.system.clock import SystemEntropy
from evergrant.domain.app import App, OAuth2Method
from evergrant.domain.tokens import LONGEST_LIFE, SHORTEST_LIFE, Tokens
from pydantic import SecretStr

from tests.contracts.test_token_endpoint import client_of
from tests.functions.loopback import Asked, Loopback, Told, provider

NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
AN_HOUR = int((NOON + timedelta(hours=1)).timestamp())


class Noon:
    def now(self) -> datetime:
        return NOON


@pytest.fixture
def server() -> Iterator[Loopback]:
    with provider() as running:
        yield running


def refreshed(server: Loopback, *, said: Told, answer: dict[str, Any] | None = None, **entry: object) -> Tokens:
    """What a refresh brings where the introspection endpoint says `said`."""

    def told(asked: Asked) -> Told:
        if asked.path == "/introspect":
            return said
        return Told(200, {"access_token": "at", "token_type": "Bearer", "refresh_token": "rt", **(answer or {})})

    server.answer = told
    endpoints = {name: f"{server.url}/{path}" for name, path in ENDPOINTS.items()}
    method = {"kind": "oauth2", **endpoints, **entry}
    app = {"slug": "x", "name": "X", "docs_url": "https://x.example/docs", "methods": [method]}
    way = App.model_validate(app, context={"loopback": True}).oauth2()
    assert isinstance(way, OAuth2Method)
    endpoint = HttpTokenEndpoint(CheckedTransport(allow_loopback=True), Noon(), SystemEntropy())
    return endpoint.refresh(way, client_of("id", "secret"), {}, SecretStr("rt"))


ENDPOINTS = {
    "authorization_endpoint": "authorize",
    "token_endpoint": "token",
    "introspection_endpoint": "introspect",
}


def test_the_end_is_what_the_introspection_endpoint_says(server: Loopback) -> None:
    tokens = refreshed(server, said=Told(200, {"active": True, "exp": AN_HOUR}))
    asked = server.asked[-1]

    assert tokens.expires_at == NOON + timedelta(hours=1)
    assert (asked.method, asked.path) == ("POST", "/introspect")
    assert set(asked.body.decode().split("&")) >= {"token=at", "token_type_hint=access_token"}
    assert asked.headers["authorization"].startswith("Basic ")


@pytest.mark.parametrize("more", [{"answer": {"expires_in": 60}}, {"default_expires_in": 60}])
def test_what_is_known_already_is_not_asked_for(server: Loopback, more: dict[str, Any]) -> None:
    tokens = refreshed(server, said=Told(200, {"active": True, "exp": AN_HOUR}), **more)

    assert tokens.expires_at == NOON + timedelta(seconds=60)
    assert [each.path for each in server.asked] == ["/token"]


@pytest.mark.parametrize(
    "said",
    [
        Told(500),
        Told(401, {"error": "invalid_client"}),
        Told(302, {}, {"Location": "https://elsewhere.example/"}),
        Told(200, b"{"),
        Told(200, b"[]"),
        Told(200, {"active": False, "exp": AN_HOUR}),
        Told(200, {"active": "true", "exp": AN_HOUR}),
        Told(200, {"active": True}),
        Told(200, {"active": True, "exp": "soon"}),
    ],
)
def test_a_token_is_taken_as_it_is_where_nothing_usable_is_said(server: Loopback, said: Told) -> None:
    tokens = refreshed(server, said=said)

    assert (tokens.access_token.get_secret_value(), tokens.expires_at) == ("at", None)


@pytest.mark.parametrize(("exp", "life"), [(1, SHORTEST_LIFE), (10**18, None), (4_000_000_000, LONGEST_LIFE)])
def test_attack_18_an_absurd_end_becomes_a_sane_one(server: Loopback, exp: int, life: timedelta | None) -> None:
    tokens = refreshed(server, said=Told(200, {"active": True, "exp": exp}))

    assert tokens.expires_at == (None if life is None else NOON + life)
