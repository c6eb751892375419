"""Tokens that were obtained elsewhere with the workspace's own client: taken, kept alive, handed out."""

import time
from datetime import timedelta
from typing import Any

import boto3
import pytest
from evergrant.domain.errors import ClientRefusedError, ProviderError
from evergrant.domain.times import iso
from evergrant.runtime import wiring

from tests.fakes.token_endpoint import FakeTokenEndpoint
from tests.functions.deployment import Answer, Functions
from tests.functions.faults import refused
from tests.functions.modal import session
from tests.functions.redirects import ENTRY
from tests.functions.sweeps import Travelling, told
from tests.functions.test_ways import LEGS

KEPT = {"name": "site", "source": "token", "path": "site", "pattern": "^[a-z]{1,20}$", "example": "ada"}


def brought(functions: Functions, data: dict[str, Any], **more: Any) -> Answer:
    credential = {"type": "acme", "data": data, **more}
    return functions.call("create_credential", "POST", "/credentials", {"userId": "ada", "credential": credential})


def fresh(functions: Functions, credential_id: str) -> Answer:
    return functions.call("fresh_token", "POST", f"/credentials/{credential_id}/token", {})


def pair_of(provider: FakeTokenEndpoint) -> dict[str, Any]:
    """A pair that the provider knows, as another product would hold it."""
    provider.alive.add("rt-elsewhere")
    return {"accessToken": "at-elsewhere", "refreshToken": "rt-elsewhere"}


def with_method(functions: Functions, **changed: Any) -> None:
    functions.call("apps", "PUT", "/apps/acme", {**ENTRY, "methods": [{**ENTRY["methods"][0], **changed}]})
    functions.call("app_client", "PUT", "/apps/acme/client", {"clientId": "id", "clientSecret": "secret-canary"})


def test_tokens_are_taken_as_they_are_and_renewed_when_they_end(
    functions: Functions, provider: FakeTokenEndpoint, clock: Travelling
) -> None:
    data = pair_of(provider) | {"accessTokenExpiresAt": iso(clock.now() + timedelta(hours=1)), "scope": "read"}

    made = brought(functions, data, name="Ada's", tags=["moved"])
    first = fresh(functions, made.body["credentialId"])
    asked_before = provider.asked
    clock.ahead = timedelta(hours=2)
    second = fresh(functions, made.body["credentialId"])

    shown = made.body["credential"]
    assert (made.status, shown["status"], shown["name"], shown["tags"]) == (201, "active", "Ada's", ["moved"])
    assert (shown["kind"], shown["scopes"], shown["missingScopes"]) == ("oauth2", ["read"], [])
    assert first.body["headers"] == {"Authorization": "Bearer at-elsewhere"}
    assert asked_before == 0
    assert (second.body["headers"], provider.asked) == ({"Authorization": "Bearer at.1"}, 1)
    assert told() == ["credential.created"]


def test_a_first_renewal_proves_them(functions: Functions, provider: FakeTokenEndpoint) -> None:
    made = brought(functions, pair_of(provider), renew=True)

    assert (made.status, made.body["credential"]["status"], provider.asked) == (201, "active", 1)
    assert fresh(functions, made.body["credentialId"]).body["secret"]["accessToken"] == "at.1"


def test_a_grant_that_is_dead_already_is_told_and_can_be_reconnected(
    functions: Functions, provider: FakeTokenEndpoint
) -> None:
    made = brought(functions, {"accessToken": "at", "refreshToken": "rt-unknown"}, renew=True)

    assert (made.status, made.body["credential"]["status"]) == (201, "expired")
    assert sorted(told()) == ["credential.created", "credential.expired"]
    assert fresh(functions, made.body["credentialId"]).status == 424


@pytest.mark.parametrize("trouble", [ProviderError("away"), ClientRefusedError("invalid_client")])
def test_a_provider_in_trouble_loses_nothing(
    functions: Functions, provider: FakeTokenEndpoint, clock: Travelling, trouble: Exception
) -> None:
    provider.trouble = trouble

    made = brought(functions, pair_of(provider), renew=True)
    provider.trouble = None
    clock.ahead = timedelta(hours=1)
    after = functions.call("verify_credential", "POST", f"/credentials/{made.body['credentialId']}/verify")

    assert (made.status, made.body["credential"]["status"]) == (201, "degraded")
    assert (after.body["verified"], after.body["status"]) == (True, "active")


@pytest.mark.parametrize(
    "end", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "9999-12-31T23:59:59Z", "1999-12-31T00:00:00Z"]
)
def test_attack_18_an_end_beyond_all_times_is_named_and_makes_no_row_that_cannot_be_read(
    functions: Functions, provider: FakeTokenEndpoint, end: str
) -> None:
    refused = brought(functions, pair_of(provider) | {"accessTokenExpiresAt": end})

    assert refused.status == 422
    assert [each["path"] for each in refused.body["details"]] == ["credential.data.accessTokenExpiresAt"]
    assert functions.call("list_credentials", "GET", "/users/ada/credentials").body["data"] == []


def test_fault_37_a_first_renewal_that_storage_refuses_is_rescued(
    functions: Functions, provider: FakeTokenEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    def passes(_: float) -> None:
        """Nobody waits here."""

    monkeypatch.setattr(time, "sleep", passes)
    with refused("TransactWriteItems", "#sealed"):
        made = brought(functions, pair_of(provider), renew=True)
    url = wiring.settings().required("RESCUE_QUEUE_URL")
    (message,) = boto3.client("sqs").receive_message(QueueUrl=url)["Messages"]

    functions.invoke("rescue", {"Records": [{"messageId": "1", "body": message["Body"]}]})  # type: ignore[typeddict-item]  # all have it

    assert made.status == 201
    assert fresh(functions, made.body["credentialId"]).body["headers"] == {"Authorization": "Bearer at.1"}
    assert provider.asked == 1


def test_a_refresh_token_alone_is_renewed_at_once(functions: Functions, provider: FakeTokenEndpoint) -> None:
    data = pair_of(provider)
    del data["accessToken"]

    made = brought(functions, data)

    assert (made.status, provider.asked) == (201, 1)
    assert fresh(functions, made.body["credentialId"]).body["headers"] == {"Authorization": "Bearer at.1"}


def test_a_token_of_unknown_age_is_renewed_before_it_is_used(functions: Functions, provider: FakeTokenEndpoint) -> None:
    with_method(functions, default_expires_in=3600)

    made = brought(functions, pair_of(provider))

    assert fresh(functions, made.body["credentialId"]).body["headers"] == {"Authorization": "Bearer at.1"}


def test_what_the_provider_gave_with_the_tokens_comes_with_them(
    functions: Functions, provider: FakeTokenEndpoint
) -> None:
    with_method(functions, kept=[KEPT], request={"base_url": "https://{site}.acme.example", "headers": {}})

    without = brought(functions, pair_of(provider))
    wrong = brought(functions, pair_of(provider) | {"site": "evil.example/"})
    made = brought(functions, pair_of(provider) | {"site": "ada"})

    assert [each["path"] for each in without.body["details"]] == ["credential.data.site"]
    assert [each["path"] for each in wrong.body["details"]] == ["credential.data.site"]
    assert fresh(functions, made.body["credentialId"]).body["baseUrl"] == "https://ada.acme.example"


def test_a_pair_of_oauth1_signs_with_the_owners_client(functions: Functions, provider: FakeTokenEndpoint) -> None:
    functions.call("apps", "PUT", "/apps/legs", {**ENTRY, "slug": "legs", "methods": [LEGS | {"probe": None}]})
    functions.call("app_client", "PUT", "/apps/legs/client", {"clientId": "id", "clientSecret": "secret"})

    made = brought(functions, {"tokenId": "ti", "tokenSecret": "ts"}, type="legs")
    row = wiring.credentials().get(made.body["credentialId"])
    opened = row and wiring.sealer().open(row.sealed, row.seal_context()).get_secret_value()

    assert (made.status, made.body["credential"]["kind"]) == (201, "oauth1")
    assert opened
    assert b'"consumerKey":"id"' in opened
    assert b'"tokenSecret":"ts"' in opened


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        ({"accessToken": "with space"}, "accessToken"),
        ({"refreshToken": "line\nbreak"}, "refreshToken"),
        ({"accessTokenExpiresAt": "soon"}, "accessTokenExpiresAt"),
        ({"accessTokenExpiresAt": "2026-01-01T00:00:00"}, "accessTokenExpiresAt"),
        ({"tokenType": "mac"}, "tokenType"),
        ({"clientSecret": "x"}, "clientSecret"),
    ],
)
def test_what_is_no_token_is_refused_by_its_path(
    functions: Functions, provider: FakeTokenEndpoint, changed: dict[str, str], path: str
) -> None:
    answer = brought(functions, pair_of(provider) | changed)

    assert (answer.status, [each["path"] for each in answer.body["details"]]) == (422, [f"credential.data.{path}"])
    assert (provider.asked, told()) == (0, [])


def test_tokens_without_the_workspaces_own_client_are_refused(
    functions: Functions, provider: FakeTokenEndpoint
) -> None:
    functions.call("app_client", "DELETE", "/apps/acme/client")

    answer = brought(functions, pair_of(provider))

    assert (answer.status, answer.body["code"]) == (422, "oauth_app")
    assert told() == []


def test_an_app_of_oauth_alone_without_tokens_is_refused(functions: Functions, provider: FakeTokenEndpoint) -> None:
    answer = brought(functions, {"apiKey": "k"})

    assert (answer.status, answer.body["code"]) == (422, "oauth_app")


def test_no_connect_session_brings_tokens(functions: Functions, provider: FakeTokenEndpoint) -> None:
    who = session(functions)

    answer = functions.call(
        "connect_credentials",
        "POST",
        "/connect/credentials",
        {"app": "acme", "data": pair_of(provider)},
        authorizer=who,
    )

    assert (answer.status, answer.body["code"]) == (422, "oauth_app")
    assert told() == []
