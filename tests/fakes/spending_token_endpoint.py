"""A provider that spends refresh tokens: a used one still works for a while, or its reuse ends the whole family."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from evergrant.domain.app import OAuth2Method
from evergrant.domain.client import OAuthClient
from evergrant.domain.errors import GrantRefusedError, ProviderError, ProviderTimeoutError
from evergrant.domain.tokens import Tokens
from pydantic import SecretStr

from tests.fakes.token_endpoint import FakeTokenEndpoint


def nothing() -> None:
    """Nobody else is there."""


class SpendingTokenEndpoint(FakeTokenEndpoint):
    """`TokenEndpoint`."""

    def __init__(self, now: Callable[[], datetime], *, overlap: timedelta = timedelta(0)) -> None:
        super().__init__(now)
        self.overlap = overlap
        self.loses_answers = 0
        self.fails_before: list[ProviderError] = []
        """What goes wrong before anything is done."""
        self.before: Callable[[], object] = nothing
        self.meanwhile: Callable[[], object] = nothing
        """What others do before the token is looked at, and between its spending and the answer; each once."""
        self._used: dict[str, datetime] = {}

    def refresh(
        self, method: OAuth2Method, client: OAuthClient, variables: Mapping[str, str], refresh_token: SecretStr
    ) -> Tokens:
        self._count()
        before, self.before = self.before, nothing
        before()
        if self.fails_before:
            raise self.fails_before.pop(0)
        token, now = refresh_token.get_secret_value(), self._now()
        if token in self._used and now >= self._used[token] + self.overlap:
            self.alive.clear()
        self._used.setdefault(token, now)
        if token not in self.alive:
            raise GrantRefusedError("invalid_grant", provider_status=400)
        tokens = self._tokens()
        meanwhile, self.meanwhile = self.meanwhile, nothing
        meanwhile()
        if self.loses_answers:
            self.loses_answers -= 1
            raise ProviderTimeoutError("late")
        return tokens
