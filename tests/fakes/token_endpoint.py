"""A provider's token endpoint in memory: it rotates, refuses what it does not know, and fails when told."""

from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256

from evergrant.domain.app import ClientCredentialsMethod, JwtBearerMethod, OAuth2Method
from evergrant.domain.client import OAuthClient
from evergrant.domain.errors import GrantRefusedError
from evergrant.domain.tokens import Tokens
from pydantic import SecretStr


class FakeTokenEndpoint:
    """`TokenEndpoint`."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self.asked, self.revoked = 0, 0
        self.trouble: Exception | None = None
        self.prefix = "."
        """Never part of an id or of Base64, so that no ciphertext has a token's letters by chance."""
        self.omits_refresh_token = False
        self.shown: dict[str, set[str]] = {"access": set(), "refresh": set(), "verifier": set()}
        self.challenges: dict[str, str] = {}
        """Codes that were issued for a challenge (RFC 7636, 4.6)."""
        self.alive: set[str] = set()
        self._codes: set[str] = set()

    def exchange(
        self,
        method: OAuth2Method,
        client: OAuthClient,
        variables: Mapping[str, str],
        *,
        code: SecretStr,
        code_verifier: SecretStr,
        redirect_uri: str,
    ) -> Tokens:
        self._count()
        if code.get_secret_value() in self._codes:
            raise GrantRefusedError("invalid_grant", provider_status=400)
        self._codes.add(code.get_secret_value())
        proof = sha256(code_verifier.get_secret_value().encode()).digest()
        asked_with = urlsafe_b64encode(proof).rstrip(b"=").decode()
        if self.challenges.get(code.get_secret_value(), asked_with) != asked_with:
            raise GrantRefusedError("invalid_grant", provider_status=400)
        self.shown["verifier"].add(code_verifier.get_secret_value())
        return self._tokens()

    def refresh(
        self, method: OAuth2Method, client: OAuthClient, variables: Mapping[str, str], refresh_token: SecretStr
    ) -> Tokens:
        self._count()
        if refresh_token.get_secret_value() not in self.alive:
            raise GrantRefusedError("invalid_grant", provider_status=400)
        tokens = self._tokens()
        return replace(tokens, refresh_token=None) if self.omits_refresh_token else tokens

    def client_credentials(self, method: ClientCredentialsMethod, values: Mapping[str, str]) -> Tokens:
        self._count()
        return self._tokens()

    def jwt_bearer(self, method: JwtBearerMethod, values: Mapping[str, str]) -> Tokens:
        self._count()
        return self._tokens()

    def revoke(
        self,
        method: OAuth2Method,
        client: OAuthClient,
        variables: Mapping[str, str],
        *,
        token: SecretStr,
        token_type_hint: str,
    ) -> None:
        if self.trouble:
            raise self.trouble
        self.revoked += 1
        self.alive.discard(token.get_secret_value())

    def _count(self) -> None:
        self.asked += 1
        if self.trouble:
            raise self.trouble

    def _tokens(self) -> Tokens:
        access_token, refresh_token = (f"{kind}{self.prefix}{self.asked}" for kind in ("at", "rt"))
        self.shown["access"].add(access_token)
        self.shown["refresh"].add(refresh_token)
        self.alive.add(refresh_token)
        end = self._now() + timedelta(hours=1)
        return Tokens(SecretStr(access_token), SecretStr(refresh_token), "Bearer", end, None, None, {})
