"""Many grants at a provider that answers over HTTP: every refresh token is good once, and its reuse ends the grant."""

import os
from collections import Counter, defaultdict
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Lock
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
from evergrant.runtime.settings import settings
from pydantic import SecretStr

from tests.builders import HOUR
from tests.functions.deployment import Functions, forget_wiring
from tests.functions.loopback import Asked, Told, provider
from tests.functions.virtual import WORKERS, VirtualTime, virtual

LIFE = HOUR
A_CALL = timedelta(milliseconds=200) / WORKERS
"""Until it has answered, where all workers ask one after the other."""
_NAMES = {"access_token": "at", "refresh_token": "rt"}
OF_BATCH_WRITE = 25
REFUSAL = Told(400, {"error": "invalid_grant"})


@dataclass
class Spending:
    """The token endpoint, and a page for who has a token. Each says whose it is, and its number: `rt.<grant>.<n>`."""

    time: VirtualTime
    overlap: timedelta = timedelta(0)
    """How long a refresh token may be used again; then its reuse ends the grant."""
    says: Told | None = None
    """To everybody, whatever they send."""
    before_answering: Callable[[str], object] = lambda _: None
    """What happens when a grant's token was spent, and nothing was said yet."""
    calls: list[tuple[datetime, str]] = field(default_factory=list[tuple[datetime, str]])
    """When it was asked, and for which grant."""
    dead: set[str] = field(default_factory=set[str])
    _spent: dict[str, dict[int, datetime]] = field(default_factory=lambda: defaultdict(dict))
    _issued: dict[str, list[datetime]] = field(default_factory=dict[str, list[datetime]])
    _alone: Lock = field(default_factory=Lock)

    def answer(self, asked: Asked) -> Told:
        """A refresh (RFC 6749, 6), or 200 for an access token that works."""
        if asked.method == "GET":
            token = asked.headers.get("authorization", "").removeprefix("Bearer ")
            return Told(200 if token and self.works(token) else 401)
        grant, number = _read(parse_qs(asked.body.decode())["refresh_token"][0])
        with self._alone:
            answer = self._spend(grant, number)
            self.time.skip(A_CALL)
        self.before_answering(grant)
        return answer

    def _spend(self, grant: str, number: int) -> Told:
        self.calls.append((self.time.now(), grant))
        if self.says:
            return self.says
        spent = self._spent[grant]
        if number in spent and self.time.now() >= spent[number] + self.overlap:
            self.dead.add(grant)
        if grant in self.dead:
            return REFUSAL
        spent.setdefault(number, self.time.now())
        return Told(content={**self.issue(grant), "token_type": "Bearer", "expires_in": LIFE.total_seconds()})

    def issue(self, grant: str) -> dict[str, str]:
        """A pair of tokens more; the first one makes the grant."""
        issued = self._issued.setdefault(grant, [])
        issued.append(self.time.now())
        return {each: f"{short}.{grant}.{len(issued) - 1}" for each, short in _NAMES.items()}

    def works(self, access_token: str) -> bool:
        """Whether the provider's own API takes it."""
        grant, number = _read(access_token)
        return grant not in self.dead and self.time.now() < self._issued[grant][number] + LIFE

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
    url: str
    """The provider's."""
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


def told() -> dict[str, int]:
    """Events, by their types."""
    pages = boto3.client("dynamodb").get_paginator("scan").paginate(TableName="events")
    types = [item["type"]["S"] for page in pages for item in page["Items"] if "type" in item]
    return {each: types.count(each) for each in sorted(set(types))}


@contextmanager
def herd(
    functions: Functions,
    count: int,
    *,
    limits: Sequence[dict[str, Any]] = (),
    overlap: timedelta = timedelta(0),
    **way: Any,
) -> Generator[Herd]:
    """`count` of one app, whose entry states these limits, how long a used refresh token works, and this of its way."""
    # Nobody listens to what is told: half of each sweep is spared.
    with patch.dict(os.environ, ALLOW_LOOPBACK="true", NOTIFICATIONS_PAUSED="true"), provider() as server:
        forget_wiring()
        with virtual(functions) as time:
            spending = Spending(time, overlap)
            server.answer = spending.answer
            entry = _entry(server.url, limits, {**_refresh(overlap), **way})
            one = _connected(functions, entry, until=time.now() + LIFE)
            time.sweep()
            yield Herd(functions, time, spending, server.url, _copies(one, count, spending, at=time.now()))


def _read(token: str) -> tuple[str, int]:
    _, grant, number = token.split(".")
    return grant, int(number)


def _refresh(overlap: timedelta) -> dict[str, Any]:
    seconds = overlap // timedelta(seconds=1)
    return (
        {"refresh": "rotate_overlap", "refresh_overlap_seconds": seconds} if seconds else {"refresh": "rotate_strict"}
    )


def _entry(url: str, limits: Sequence[dict[str, Any]], way: Mapping[str, Any]) -> dict[str, Any]:
    method = {
        "kind": "oauth2",
        "authorization_endpoint": f"{url}/authorize",
        "token_endpoint": f"{url}/token",
        "request": {"base_url": url, "headers": {"Authorization": "Bearer {accessToken}"}},
        **way,
    }
    return {"slug": "acme", "name": "Acme", "docs_url": url, "methods": [method], "rate_limits": list(limits)}


def _connected(functions: Functions, entry: dict[str, Any], *, until: datetime) -> str:
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
        tokens = provider.issue(credential_id)
        own = secret.with_values(
            accessToken=SecretStr(tokens["access_token"]), refreshToken=SecretStr(tokens["refresh_token"])
        )
        sealed = wiring.sealer().seal(own.to_bytes(), row.seal_context())
        return {"PutRequest": {"Item": credential_item(replace(row, sealed=sealed), shards=settings().shards)}}

    client.delete_item(TableName="credentials", Key={name: credential_item(read)[name] for name in ("pk", "sk")})
    for start in range(0, count, OF_BATCH_WRITE):
        batch = [item(each) for each in ids[start : start + OF_BATCH_WRITE]]
        client.batch_write_item(RequestItems={"credentials": batch})
    return list(ids)
