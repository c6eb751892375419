"""Providers that say what a test tells them: scripted, so that there is nothing to examine."""

from collections.abc import Callable, Mapping
from datetime import datetime

from evergrant.domain.app import AuthMethod
from evergrant.domain.client import OAuthClient
from evergrant.domain.credential import Credential
from evergrant.domain.renewal import Outcome, Verified
from evergrant.domain.secret import Secret
from evergrant.domain.tokens import Tokens
from pydantic import SecretStr

from tests.builders import HOUR, NOON


class ScriptedUpstream:
    """`Upstream`: `meanwhile` happens while the provider thinks."""

    def __init__(self, outcome: Outcome | None = None) -> None:
        self.outcome: Outcome = outcome or Verified()
        self.meanwhile: Callable[[Credential], object] = lambda _: None
        self.asked: list[tuple[Credential, Secret]] = []

    def renew(self, credential: Credential, secret: Secret, *, force: bool = False) -> Outcome:
        self.asked.append((credential, secret))
        self.meanwhile(credential)
        return self.outcome


class ScriptedRevoker:
    """`Revoker`."""

    def __init__(self) -> None:
        self.answer: tuple[bool, str | None] = (True, None)
        self.trouble: BaseException | None = None
        self.asked: list[tuple[Credential, bool]] = []
        """What was to be revoked, and whether another credential shares it."""
        self.renews_to: bytes | None = None
        """What it has to renew the secret to."""

    def revoke(
        self, credential: Credential, *, shared: bool, keep: Callable[[bytes], object]
    ) -> tuple[bool, str | None]:
        self.asked.append((credential, shared))
        if self.renews_to:
            keep(self.renews_to)
        if self.trouble:
            raise self.trouble
        return self.answer


class ScriptedMinting:
    """`Minting`."""

    def __init__(self, trouble: Exception | None = None) -> None:
        self.trouble = trouble

    def mint(
        self,
        way: AuthMethod,
        secret: Secret,
        variables: Mapping[str, str],
        *,
        user_id: str,
        client: OAuthClient | None = None,
    ) -> Tokens:
        if self.trouble:
            raise self.trouble
        return some_tokens()


def some_tokens(*, expires_at: datetime = NOON + HOUR) -> Tokens:
    """An access token alone."""
    return Tokens(SecretStr("at"), None, "Bearer", expires_at, None, None, {})


class NoApps:
    """`Apps`: none is known."""

    def find(self, workspace_id: str, slug_or_alias: str) -> None:
        """Nothing."""
