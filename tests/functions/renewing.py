"""One OAuth credential whose renewal is due, a provider that spends refresh tokens, and all that may come between."""

import json
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import boto3
import pytest
from evergrant.domain.credential import Credential
from evergrant.domain.ids import CredentialId
from evergrant.runtime import wiring

from tests.fakes.spending_token_endpoint import SpendingTokenEndpoint
from tests.functions.deployment import Answer, Functions, LambdaContext
from tests.functions.modal import completed, released, session
from tests.functions.redirects import ENTRY, RETURN_URL
from tests.functions.sweeps import Travelling, delivered, swept

OVERLAP = timedelta(minutes=10)
OVERLAPPING = {"refresh": "rotate_overlap", "refresh_overlap_seconds": 600}
STRICT = {"refresh": "rotate_strict"}


@dataclass
class Renewing:
    """The credential, and those who do something with it."""

    functions: Functions
    provider: SpendingTokenEndpoint
    clock: Travelling
    credential_id: str = ""

    def connect(self, **way: Any) -> None:
        """With what the app's entry says of refreshing."""
        self.functions.call("apps", "PUT", "/apps/acme", {**ENTRY, "methods": [{**ENTRY["methods"][0], **way}]})
        self.functions.invoke("sweep", {})
        who = session(self.functions)
        self.credential_id = completed(self.functions, who, released(self.functions, who)[1]).body["credentialId"]

    def pass_time(self, **length: float) -> None:
        self.clock.ahead += timedelta(**length)

    @property
    def path(self) -> str:
        return f"/credentials/{self.credential_id}"

    @property
    def row(self) -> Credential:
        found = wiring.credentials().find(CredentialId(self.credential_id))
        assert found
        return found

    def read(self, *, context: LambdaContext | None = None, **wanted: object) -> Answer:
        """The fresh token."""
        event = self.functions.event("POST", f"{self.path}/token", wanted)
        answer = self.functions.invoke("fresh_token", event, context)
        return Answer(answer["statusCode"], json.loads(answer["body"]), {})

    def token(self) -> str:
        return self.read().body["secret"]["accessToken"]

    def sweep(self, **length: float) -> Any:
        """After some time: what has come due is renewed."""
        self.pass_time(**length)
        return delivered(self.functions, swept(self.functions))

    def reconnect(self) -> None:
        who = session(self.functions, credentialId=self.credential_id)
        assert completed(self.functions, who, released(self.functions, who)[1]).status == 201

    def rescued(self) -> list[str]:
        """The messages that the rescue queue has."""
        client, url = boto3.client("sqs"), wiring.settings().required("RESCUE_QUEUE_URL")
        found = client.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        return [each["Body"] for each in found]  # type: ignore[typeddict-item]  # all have it

    def rescue(self, messages: list[str]) -> Any:
        """As the queue would deliver them."""
        records = [{"messageId": str(number), "body": body} for number, body in enumerate(messages)]
        return self.functions.invoke("rescue", {"Records": records})

    def audit(self, action: str) -> list[dict[str, str]]:
        lines = self.functions.call("audit", "GET", "/audit", query={"credentialId": self.credential_id}).body["data"]
        return [each["detail"] for each in lines if each["action"] == action]


@pytest.fixture
def renewing(functions: Functions, clock: Travelling, monkeypatch: pytest.MonkeyPatch) -> Renewing:
    provider = SpendingTokenEndpoint(clock.now)
    monkeypatch.setattr(wiring, "token_endpoint", lambda: provider)

    def passes(seconds: float) -> None:
        clock.ahead += timedelta(seconds=seconds)

    # Who waits, waits in the clock's time.
    monkeypatch.setattr(time, "sleep", passes)
    functions.call("apps", "PUT", "/apps/acme", ENTRY)
    functions.call("app_client", "PUT", "/apps/acme/client", {"clientId": "id", "clientSecret": "secret-canary"})
    functions.call("workspace", "PUT", "/workspace", {"name": "Shop", "returnUrls": [RETURN_URL]})
    functions.call("users", "POST", "/users", {"username": "ada"})
    return Renewing(functions, provider, clock)


@pytest.fixture
def overlapping(renewing: Renewing) -> Renewing:
    renewing.provider.overlap = OVERLAP
    renewing.connect(**OVERLAPPING)
    return renewing


@pytest.fixture
def strict(renewing: Renewing) -> Renewing:
    renewing.connect(**STRICT)
    return renewing


def stalled(renewing: Renewing) -> None:
    """One worker is so slow with its answer that another has renewed meanwhile."""
    renewing.pass_time(minutes=52)

    def another() -> None:
        renewing.sweep(minutes=2)
        renewing.sweep(minutes=2)

    renewing.provider.meanwhile = another
    renewing.sweep()
    assert renewing.row.generation == 2
