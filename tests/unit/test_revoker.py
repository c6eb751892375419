"""Ending a grant by the provider's own call, which carries an access token."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from evergrant.adapters.oauth.revoker import ProviderRevoker
from evergrant.domain.app import App
from evergrant.domain.errors import ProviderError
from evergrant.domain.secret import Secret
from evergrant.ports.http import HttpAnswer
from pydantic import SecretStr

from tests.builders import NOON, a_client, a_grant
from tests.fakes.apps import FakeApps, FakeOAuthClients
from tests.fakes.sealing import FakeSealer
from tests.fakes.token_endpoint import FakeTokenEndpoint

HOST = "https://acme.example"
APP = App.model_validate(
    {
        "slug": "acme",
        "name": "Acme",
        "docs_url": f"{HOST}/docs",
        "methods": [
            {
                "kind": "oauth2",
                "authorization_endpoint": f"{HOST}/authorize",
                "token_endpoint": f"{HOST}/token",
                "revocation": {"method": "DELETE", "path": "/grant"},
                "request": {"base_url": HOST, "headers": {"Authorization": "Bearer {accessToken}"}},
            }
        ],
    }
)


@dataclass
class Provider:
    """`HttpClient`: it takes the access tokens that live, and answers what it is told to them."""

    live: str = "at.1"
    status: int = 204
    asked: list[str] = field(default_factory=list[str])

    def send(self, method: str, url: str, *, headers: Any, **_: Any) -> HttpAnswer:
        sent = {name.lower(): value for name, value in headers.items()}["authorization"]
        self.asked.append(sent)
        return HttpAnswer(self.status if sent == f"Bearer {self.live}" else 401, {}, b"")


def revoked(provider: Provider, tokens: FakeTokenEndpoint, **values: str) -> tuple[bool, str | None]:
    sealer, secret = FakeSealer(), Secret({name: SecretStr(value) for name, value in values.items()}, ("acme.example",))
    row = a_grant(app="acme", way="oauth2")
    row = a_grant(app="acme", way="oauth2", sealed=sealer.seal(secret.to_bytes(), row.seal_context()))
    clients, way = FakeOAuthClients(), APP.methods[0]
    clients.put(a_client(app="acme", hosts=way.rules_for_client()))

    def keep(sealed: bytes) -> None:
        kept = Secret.from_bytes(sealer.open(sealed, row.seal_context()))
        provider.asked.append(f"kept {kept.reveal('accessToken')} {kept.reveal('refreshToken')}")

    return ProviderRevoker(FakeApps(APP), clients, sealer, tokens, provider).revoke(row, shared=False, keep=keep)


@pytest.fixture
def tokens() -> FakeTokenEndpoint:
    made = FakeTokenEndpoint(lambda: NOON)
    made.alive.add("rt")
    return made


def test_a_grant_whose_access_token_has_ended_is_ended_with_a_new_one(tokens: FakeTokenEndpoint) -> None:
    provider = Provider()

    ended = revoked(provider, tokens, accessToken="old", refreshToken="rt")

    assert ended == (True, None)
    assert provider.asked == ["Bearer old", "kept at.1 rt.1", "Bearer at.1"]


def test_what_the_provider_refuses_to_a_live_token_is_not_done(tokens: FakeTokenEndpoint) -> None:
    provider = Provider(status=500)

    with pytest.raises(ProviderError):
        revoked(provider, tokens, accessToken="old", refreshToken="rt")

    assert provider.asked == ["Bearer old", "kept at.1 rt.1", "Bearer at.1"]


def test_a_grant_that_is_gone_is_gone(tokens: FakeTokenEndpoint) -> None:
    ended = revoked(Provider(), tokens, accessToken="old", refreshToken="unknown")

    assert ended == (True, None)


def test_without_a_refresh_token_an_ended_token_is_the_end(tokens: FakeTokenEndpoint) -> None:
    ended = revoked(Provider(), tokens, accessToken="old")

    assert ended == (True, None)
    assert tokens.asked == 0
