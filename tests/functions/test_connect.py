"""Connecting, with time in hand: what is over stays over, and trouble leaves nothing half done."""

import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from evergrant.domain.errors import (
    KeyUnavailableError,
    NotFoundError,
    ProviderError,
    ProviderTimeoutError,
    UnavailableError,
)
from evergrant.runtime import assembly, wiring

from tests.fakes.token_endpoint import FakeTokenEndpoint
from tests.functions.deployment import Functions
from tests.functions.redirects import ENTRY, RETURN_URL, began, called_back, completed, completion_of, connected
from tests.functions.sweeps import Travelling, delivered, swept, told


def test_the_browser_is_bound_by_a_host_cookie_that_scripts_cannot_read(
    functions: Functions, provider: FakeTokenEndpoint
) -> None:
    query = {"userId": "ada", "app": "acme", "returnUrl": RETURN_URL}
    link: str = functions.call("oauth_url", "GET", "/oauthUrl", query=query).body["oauthUrl"]
    cookie = functions.call("oauth_start", "GET", urlsplit(link).path, authorizer={}).headers["set-cookie"]

    assert cookie.startswith("__Host-")
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))


def test_attack_14_a_link_for_one_use_is_kept_by_no_cache(functions: Functions, provider: FakeTokenEndpoint) -> None:
    link = functions.call("oauth_url", "GET", "/oauthUrl", query={"userId": "ada", "app": "acme"})

    assert (link.status, link.headers["cache-control"]) == (200, "no-store")


def test_attack_01_a_state_that_is_over_is_refused(
    functions: Functions, provider: FakeTokenEndpoint, clock: Travelling
) -> None:
    state, cookie = began(functions)
    clock.ahead = timedelta(minutes=10)

    answer = called_back(functions, state, cookie)

    assert (answer.status, answer.body["code"], provider.asked) == (400, "authorization_expired", 0)


def test_a_completion_is_over_after_a_minute(
    functions: Functions, provider: FakeTokenEndpoint, clock: Travelling
) -> None:
    completion = completion_of(called_back(functions, *began(functions)))
    clock.ahead = timedelta(seconds=60)

    answer = completed(functions, completion)

    assert (answer.status, answer.body["code"], provider.asked) == (400, "completion_expired", 0)


@pytest.mark.parametrize("value", ["<script>", "a" * 5000, "server_error\r\nx: y", "unknown_word"])
def test_attack_15_an_error_comes_back_as_a_known_word(
    functions: Functions, provider: FakeTokenEndpoint, value: str
) -> None:
    answer = called_back(functions, *began(functions), error=value, error_description="<img src=x>")

    assert (answer.status, answer.headers["location"]) == (303, f"{RETURN_URL}?error=provider_error")


@pytest.mark.parametrize(
    ("trouble", "status"), [(ProviderTimeoutError("late"), 504), (ProviderError("bad", provider_status=500), 502)]
)
def test_a_providers_trouble_at_the_end_keeps_nothing(
    functions: Functions, provider: FakeTokenEndpoint, trouble: Exception, status: int
) -> None:
    provider.trouble = trouble

    answer = completed(functions, completion_of(called_back(functions, *began(functions))))

    assert answer.status == status
    assert functions.call("list_credentials", "GET", "/users/ada/credentials").body["data"] == []


def orphans(caplog: pytest.LogCaptureFixture) -> list[Any]:
    return [each for each in caplog.records if each.getMessage() == "orphan_grant"]


@pytest.mark.parametrize(("scope", "given_back"), [("token", True), ("grant", False)])
def test_fault_22_a_grant_that_is_not_kept_is_told_and_given_back_where_nothing_else_ends(
    functions: Functions,
    provider: FakeTokenEndpoint,
    caplog: pytest.LogCaptureFixture,
    scope: str,
    given_back: bool,  # noqa: FBT001  # a case
) -> None:
    method = {**ENTRY["methods"][0], "revocation_scope": scope}
    functions.call("apps", "PUT", "/apps/acme", {**ENTRY, "methods": [method]})

    class Refusing:
        def create(self, *_: object, **__: object) -> None:
            raise NotFoundError

        def __getattr__(self, name: str) -> Any:
            return getattr(store, name)

    store = wiring.credentials()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wiring, "credentials", Refusing)
        answer = completed(functions, completion_of(called_back(functions, *began(functions))))
    (told,) = orphans(caplog)

    assert answer.status == 404
    assert (told.app, told.reason, told.given_back) == ("acme", "not_found", given_back)
    assert provider.revoked == int(given_back)
    assert "at.1" not in repr(told.__dict__)


def test_fault_22_a_grant_whose_keeping_is_unknown_is_told_and_left_alone(
    functions: Functions, provider: FakeTokenEndpoint, caplog: pytest.LogCaptureFixture
) -> None:
    method = {**ENTRY["methods"][0], "revocation_scope": "token"}
    functions.call("apps", "PUT", "/apps/acme", {**ENTRY, "methods": [method]})

    class Away:
        def create(self, *_: object, **__: object) -> None:
            raise UnavailableError

        def __getattr__(self, name: str) -> Any:
            return getattr(store, name)

    store = wiring.credentials()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wiring, "credentials", Away)
        answer = completed(functions, completion_of(called_back(functions, *began(functions))))

    assert answer.status == 503
    assert [each.given_back for each in orphans(caplog)] == [False]
    assert provider.revoked == 0


def test_attack_33_what_connecting_leaves_behind_has_no_secret(
    functions: Functions, provider: FakeTokenEndpoint
) -> None:
    state, cookie = began(functions)
    completion = completion_of(called_back(functions, state, cookie))
    verifier = cookie.partition("=")[2]
    completed(functions, completion)
    client = boto3.client("dynamodb")
    kept = str([client.scan(TableName=name)["Items"] for name in client.list_tables()["TableNames"]])

    assert [
        each for each in ("code-canary", "secret-canary", state, completion, verifier, "at.1", "rt.1") if each in kept
    ] == []


def test_a_read_renews_a_token_that_is_over(
    functions: Functions, provider: FakeTokenEndpoint, clock: Travelling
) -> None:
    path = f"/credentials/{connected(functions)}/token"
    clock.ahead = timedelta(minutes=59)

    token = functions.call("fresh_token", "POST", path, {})
    again = functions.call("fresh_token", "POST", path, {})

    assert [each.body["secret"]["accessToken"] for each in (token, again)] == ["at.2", "at.2"]
    assert provider.asked == 2


def test_fault_31_a_token_that_is_over_and_cannot_be_renewed_is_the_providers_trouble(
    functions: Functions, provider: FakeTokenEndpoint, clock: Travelling
) -> None:
    path = f"/credentials/{connected(functions)}/token"
    clock.ahead = timedelta(hours=2)
    provider.trouble = ProviderTimeoutError("late")

    answer = functions.call("fresh_token", "POST", path, {})

    assert (answer.status, answer.body["code"]) == (504, "provider_timeout")
    assert answer.headers["retry-after"]


def test_the_sweep_renews_ahead_of_the_end(
    functions: Functions, provider: FakeTokenEndpoint, clock: Travelling
) -> None:
    functions.invoke("sweep", {})
    connected(functions)
    clock.ahead = timedelta(minutes=51)

    delivered(functions, swept(functions))

    assert provider.asked == 2
    assert told() == ["credential.created"]


def test_fault_38_without_a_key_the_provider_is_not_asked(
    functions: Functions, provider: FakeTokenEndpoint, clock: Travelling, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/credentials/{connected(functions)}/token"
    clock.ahead = timedelta(hours=2)

    class Away:
        def __getattr__(self, name: str) -> Any:
            raise KeyUnavailableError

    monkeypatch.setattr(wiring, "sealer", Away)
    assembly.renewer.cache_clear()
    answer = functions.call("fresh_token", "POST", path, {})

    assert (answer.status, answer.body["code"], provider.asked) == (503, "key_unavailable", 1)


def test_a_revocation_that_fails_is_queued_and_said_and_finished_later(
    functions: Functions, provider: FakeTokenEndpoint, clock: Travelling
) -> None:
    credential_id = connected(functions)
    provider.trouble = ProviderError("down", provider_status=500)
    deleted = functions.call("delete_credential", "DELETE", f"/credentials/{credential_id}")
    gone = functions.call("get_credential", "GET", f"/credentials/{credential_id}")
    twice = functions.call("delete_credential", "DELETE", f"/credentials/{credential_id}")
    provider.trouble = None
    message = {"action": "revoke", "credentialId": credential_id, "actor": "test"}
    record = {"messageId": "1", "body": json.dumps(message)}

    functions.invoke("cleanup", {"Records": [record, record]})
    audit = functions.call("audit", "GET", "/audit", query={"credentialId": credential_id}).body["data"]

    assert deleted.body == {"success": True, "revoked": None}
    assert (gone.status, twice.status) == (404, 404)
    assert provider.revoked == 1
    assert told().count("credential.deleted") == 1
    assert [each["detail"]["revoked"] for each in audit if each["action"] == "credential.deleted"] == ["true", "queued"]


def test_a_revocation_is_given_up_after_72_hours(
    functions: Functions, provider: FakeTokenEndpoint, clock: Travelling
) -> None:
    credential_id = connected(functions)
    provider.trouble = ProviderError("down", provider_status=500)
    functions.call("delete_credential", "DELETE", f"/credentials/{credential_id}")
    clock.ahead = timedelta(hours=73)
    message = {"action": "revoke", "credentialId": credential_id, "actor": "test"}

    functions.invoke("cleanup", {"Records": [{"messageId": "1", "body": json.dumps(message)}]})

    audit = functions.call("audit", "GET", "/audit", query={"credentialId": credential_id}).body["data"]
    assert audit[0]["detail"] == {"revoked": "false", "reason": "revocation_failed"}


def test_fault_20_a_deletion_that_died_is_found_by_the_sweep(
    functions: Functions, provider: FakeTokenEndpoint, clock: Travelling
) -> None:
    functions.invoke("sweep", {})
    credential_id = connected(functions)
    read = wiring.credentials().get(credential_id)  # type: ignore[arg-type]  # an id
    assert read
    now = clock.now()
    wiring.credentials().change(read.changed(at=now, deleting=True, due_at=now + timedelta(minutes=5)), read=read)
    clock.ahead = timedelta(minutes=6)

    delivered(functions, swept(functions))
    queued = boto3.client("sqs").receive_message(QueueUrl=wiring.settings().required("CLEANUPS_QUEUE_URL"))

    assert credential_id in queued["Messages"][0].get("Body", "")


def test_attack_32_what_was_deleted_is_in_no_table(functions: Functions, provider: FakeTokenEndpoint) -> None:
    credential_id = connected(functions)
    row = wiring.credentials().get(credential_id)  # type: ignore[arg-type]  # an id
    assert row

    functions.call("delete_credential", "DELETE", f"/credentials/{credential_id}")

    client = boto3.client("dynamodb")
    items = [item for name in client.list_tables()["TableNames"] for item in client.scan(TableName=name)["Items"]]
    sealed = [value["B"] for item in items for value in item.values() if "B" in value]
    assert row.sealed
    assert row.sealed not in sealed
    assert [item["sk"]["S"] for item in items if item["sk"]["S"] == credential_id] == []
