"""Many grants at a provider that answers over HTTP: every refresh token is good once, and its reuse ends the grant."""

import os
from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from unittest.mock import patch
from urllib.parse import parse_qs

import boto3
from evergrant.adapters.dynamodb.credential_items import credential_item
from evergrant.domain.credential import Credential
from evergrant.domain.ids import CredentialId
from evergrant.domain.renewal import scheduled
from evergrant.domain.secret import Secret
from evergrant.domain.times import iso
from evergrant.runtime import wiring
from pydantic import SecretStr

from tests.builders import HOUR
from tests.functions.deployment import Functions, forget_wiring
from tests.functions.loopback import Asked, Loopback, Told, provider
from tests.functions.virtual import VirtualTime, virtual

LIFE = HOUR
OF_BATCH_WRITE = 25
REFUSAL = Told(400, {"error": "invalid_grant"})


@dataclass
class Spending:
    """The token endpoint. A token says whose it is, and of which number: `rt.<grant>.<number>`."""

    now: Callable[[], datetime]
    says: Told | None = None
    """To everybody, whatever they send."""
    calls: list[tuple[datetime, str]] = field(default_factory=list[tuple[datetime, str]])
    """When it was asked, and for which grant."""
    dead: set[str] = field(default_factory=set[str])
    _spent: Counter[str] = field(default_factory=Counter[str])

    def answer(self, asked: Asked) -> Told:
        """RFC 6749, 6."""
        _, grant, number = parse_qs(asked.body.decode())["refresh_token"][0].split(".")
        self.calls.append((self.now(), grant))
        if self.says:
            return self.says
        if int(number) != self._spent[grant]:
            self.dead.add(grant)
        if grant in self.dead:
            return REFUSAL
        self._spent[grant] += 1
        tokens = {"access_token": f"at.{grant}.{self._spent[grant]}", "refresh_token": self.token_of(grant)}
        return Told(content={**tokens, "token_type": "Bearer", "expires_in": LIFE.total_seconds()})

    def token_of(self, grant: str) -> str:
        """The one that it would take now."""
        return f"rt.{grant}.{self._spent[grant]}"

    def most_in(self, seconds: float) -> int:
        """The most calls in any time of that length."""
        times = sorted(at.timestamp() for at, _ in self.calls)
        first, most = 0, 0
        for last, time in enumerate(times):
            while time - times[first] >= seconds:
                first += 1
            most = max(most, last - first + 1)
        return most


@dataclass
class Herd:
    """Grants whose tokens end in the same second."""

    functions: Functions
    time: VirtualTime
    provider: Spending
    ids: Sequence[str]

    def rows(self) -> list[Credential]:
        """As they stand."""
        found = map(wiring.credentials().get, map(CredentialId, self.ids))
        return [each for each in found if each]

    def statuses(self) -> dict[str, int]:
        """How many there are of each, in few reads."""
        states, after = wiring.credential_states(), None
        counted = Counter[str]()
        while True:
            page = states.page(after)
            counted.update(each.status for each in page.items)
            after = page.next
            if after is None:
                return dict(counted)

    def asked(self) -> list[int]:
        """How often for each, those that nobody asked for among them."""
        counted = Counter(grant for _, grant in self.provider.calls)
        return [counted[each] for each in self.ids]


@contextmanager
def herd(functions: Functions, count: int, *, limits: Sequence[dict[str, Any]] = (), **way: Any) -> Generator[Herd]:
    """`count` of one app, whose entry states these limits, and this of its way."""
    # Nobody listens to what is told: half of each sweep is spared.
    with patch.dict(os.environ, ALLOW_LOOPBACK="true", NOTIFICATIONS_PAUSED="true"), provider() as server:
        forget_wiring()
        with virtual(functions) as time:
            spending = Spending(time.now)
            server.answer = spending.answer
            one = _connected(functions, server, limits, way, until=time.now() + LIFE)
            time.sweep()
            yield Herd(functions, time, spending, _copies(one, count, spending, at=time.now()))


def _connected(
    functions: Functions,
    server: Loopback,
    limits: Sequence[dict[str, Any]],
    way: Mapping[str, Any],
    *,
    until: datetime,
) -> str:
    method = {
        "kind": "oauth2",
        "authorization_endpoint": f"{server.url}/authorize",
        "token_endpoint": f"{server.url}/token",
        "refresh": "rotate_strict",
        "request": {"base_url": server.url, "headers": {"Authorization": "Bearer {accessToken}"}},
        **way,
    }
    entry = {"slug": "acme", "name": "Acme", "docs_url": server.url, "methods": [method], "rate_limits": list(limits)}
    data = {"accessToken": "at", "refreshToken": "rt.first.0", "accessTokenExpiresAt": iso(until)}
    calls: list[tuple[str, str, str, object]] = [
        ("apps", "PUT", "/apps/acme", entry),
        ("app_client", "PUT", "/apps/acme/client", {"clientId": "id", "clientSecret": "secret-canary"}),
        ("users", "POST", "/users", {"username": "ada"}),
        ("create_credential", "POST", "/credentials", {"userId": "ada", "credential": {"type": "acme", "data": data}}),
    ]
    answers = [functions.call(*each) for each in calls]
    assert all(each.status < 300 for each in answers), answers
    return answers[-1].body["credentialId"]


def _copies(of: str, count: int, provider: Spending, *, at: datetime) -> list[str]:
    """This one goes: each of the others has a token of its own."""
    read = wiring.credentials().get(CredentialId(of))
    assert read
    secret = Secret.from_bytes(wiring.sealer().open(read.sealed, read.seal_context()))
    client = boto3.client("dynamodb")
    ids = [CredentialId(wiring.identities().new("cred")) for _ in range(count)]

    def item(credential_id: CredentialId) -> Any:
        row = scheduled(replace(read, credential_id=credential_id), at=at)
        own = secret.with_values(refreshToken=SecretStr(provider.token_of(credential_id)))
        sealed = wiring.sealer().seal(own.to_bytes(), row.seal_context())
        return {"PutRequest": {"Item": credential_item(replace(row, sealed=sealed))}}

    client.delete_item(TableName="credentials", Key={name: credential_item(read)[name] for name in ("pk", "sk")})
    for start in range(0, count, OF_BATCH_WRITE):
        batch = [item(each) for each in ids[start : start + OF_BATCH_WRITE]]
        client.batch_write_item(RequestItems={"credentials": batch})
    return list(ids)
