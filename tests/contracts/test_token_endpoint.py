"""One exam for the fake and for the real adapter, which is asked over HTTP by a real OAuth server."""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from evergrant.adapters.http.transport import CheckedTransport
from evergrant.adapters.oauth.token_endpoint import HttpTokenEndpoint
from evergrant.adapters.system.clock import SystemClock, SystemEntropy
from evergrant.domain.app import App, OAuth2Method
from evergrant.domain.client import OAuthClient
from evergrant.domain.errors import ClientRefusedError, GrantRefusedError
from evergrant.domain.ids import WorkspaceId
from evergrant.domain.tokens import Tokens
from evergrant.ports.providers import TokenEndpoint
from pydantic import SecretStr

from tests.fakes.token_endpoint import FakeTokenEndpoint
from tests.unit.test_dev_provider import REDIRECT_URI, VERIFIER, Dev

NOW = datetime.now(UTC)


@dataclass
class Exam:
    """An endpoint, what it is asked with, and where codes come from."""

    endpoint: TokenEndpoint
    method: OAuth2Method
    client: OAuthClient
    code: Callable[[], str]

    def exchange(self, code: str) -> Tokens:
        return self.endpoint.exchange(
            self.method,
            self.client,
            {},
            code=SecretStr(code),
            code_verifier=SecretStr(VERIFIER),
            redirect_uri=REDIRECT_URI,
        )

    def refresh(self, token: SecretStr | None) -> Tokens:
        assert token
        return self.endpoint.refresh(self.method, self.client, {}, token)

    def revoke(self, token: SecretStr | None) -> None:
        assert token
        self.endpoint.revoke(self.method, self.client, {}, token=token, token_type_hint="refresh_token")


def method_of(base_url: str) -> OAuth2Method:
    method = {
        "kind": "oauth2",
        "authorization_endpoint": f"{base_url}/authorize",
        "token_endpoint": f"{base_url}/token",
        "revocation_endpoint": f"{base_url}/revoke",
    }
    entry = {"slug": "x", "name": "X", "docs_url": "https://x.example/docs", "methods": [method]}
    found = App.model_validate(entry, context={"loopback": True}).oauth2()
    assert found
    return found


def client_of(client_id: str, secret: str) -> OAuthClient:
    return OAuthClient(WorkspaceId("ws_1"), "x", client_id, SecretStr(secret), NOW)


@pytest.fixture(params=["fake", "real"])
def exam(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Exam]:
    if request.param == "fake":
        fake = FakeTokenEndpoint(lambda: datetime.now(UTC))
        method = method_of("https://x.example")
        yield Exam(fake, method, client_of("id", "secret"), lambda: secrets.token_urlsafe(16))
        return
    dev = Dev(tmp_path)
    dev.start()
    real = HttpTokenEndpoint(CheckedTransport(allow_loopback=True), SystemClock(), SystemEntropy())
    yield Exam(
        real, method_of(dev.provider.url), client_of(*dev.provider.grants.client), lambda: dev.decide("allow")["code"]
    )
    dev.stop()


def test_a_code_brings_a_pair_that_ends(exam: Exam) -> None:
    tokens = exam.exchange(exam.code())

    assert tokens.access_token.get_secret_value()
    assert tokens.refresh_token
    assert tokens.token_type == "Bearer"
    assert tokens.expires_at
    assert tokens.expires_at > NOW


def test_a_code_is_good_once(exam: Exam) -> None:
    code = exam.code()
    exam.exchange(code)

    with pytest.raises(GrantRefusedError) as refused:
        exam.exchange(code)

    assert refused.value.error == "invalid_grant"


def test_a_refresh_brings_another_pair(exam: Exam) -> None:
    first = exam.exchange(exam.code())

    second = exam.refresh(first.refresh_token)

    assert second.access_token != first.access_token
    assert second.refresh_token != first.refresh_token


def test_a_refresh_token_that_was_revoked_is_refused(exam: Exam) -> None:
    tokens = exam.exchange(exam.code())
    exam.revoke(tokens.refresh_token)

    with pytest.raises(GrantRefusedError) as refused:
        exam.refresh(tokens.refresh_token)

    assert refused.value.error == "invalid_grant"


def test_revoking_what_is_not_there_is_done_already(exam: Exam) -> None:
    alive = exam.exchange(exam.code())

    exam.revoke(SecretStr("never was"))

    assert exam.refresh(alive.refresh_token)


def test_a_wrong_client_is_ours_to_mend(tmp_path: Path) -> None:
    dev = Dev(tmp_path)
    dev.start()
    real = HttpTokenEndpoint(CheckedTransport(allow_loopback=True), SystemClock(), SystemEntropy())
    exam = Exam(real, method_of(dev.provider.url), client_of("other", "wrong"), lambda: dev.decide("allow")["code"])

    with pytest.raises(ClientRefusedError):
        exam.exchange(exam.code())
    dev.stop()
