"""Deleting a credential: once, at once, and beside whatever else is done to it."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from evergrant.domain.credential import Credential
from evergrant.domain.errors import ProviderError
from evergrant.runtime import wiring
from evergrant.use_cases.renewals import keeper

from tests.fakes.token_endpoint import FakeTokenEndpoint
from tests.functions.deployment import Answer, Functions
from tests.functions.faults import KilledError, fault
from tests.functions.keys import connect
from tests.functions.redirects import connected
from tests.functions.sweeps import Travelling, delivered, swept, told
from tests.functions.test_users import cleaned


def delete(functions: Functions, credential_id: str) -> Answer:
    return functions.call("delete_credential", "DELETE", f"/credentials/{credential_id}")


def row(credential_id: str) -> Credential | None:
    return wiring.credentials().find(credential_id)  # type: ignore[arg-type]  # an id


def ends(functions: Functions, credential_id: str) -> list[str]:
    """What the trail says of it, newest first."""
    audit = functions.call("audit", "GET", "/audit", query={"credentialId": credential_id}).body["data"]
    return [each["detail"]["revoked"] for each in audit if each["action"] == "credential.deleted"]


def after_each_read(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object], *, times: int = 1) -> None:
    """Somebody else's `act` comes between the caller's read and its write."""
    store: Any = type(wiring.credentials())
    real = store.change

    def late(self: object, *arguments: object, **named: object) -> object:
        nonlocal times
        if times:
            times -= 1
            with monkeypatch.context() as patch:
                patch.setattr(store, "change", real)
                act()
        return real(self, *arguments, **named)

    monkeypatch.setattr(store, "change", late)


def test_of_two_deletions_at_once_the_second_finds_nothing(
    functions: Functions, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = connect(functions).body["credentialId"]
    first: list[int] = []
    after_each_read(monkeypatch, lambda: first.append(delete(functions, made).status))

    second = delete(functions, made)

    assert (first, second.status) == ([200], 404)


def test_a_deletion_stands_beside_renames_and_checks(functions: Functions, monkeypatch: pytest.MonkeyPatch) -> None:
    made = connect(functions).body["credentialId"]

    names = ["one", "two"]

    def others() -> None:
        functions.call("patch_credential", "PATCH", f"/credentials/{made}", {"name": names.pop()})
        functions.call("verify_credential", "POST", f"/credentials/{made}/verify")

    after_each_read(monkeypatch, others, times=2)

    answer = delete(functions, made)

    assert (answer.status, row(made)) == (200, None)


def test_fault_20_a_revocation_that_failed_is_tried_again_by_the_sweep(
    functions: Functions, provider: FakeTokenEndpoint, clock: Travelling
) -> None:
    functions.invoke("sweep", {})
    made = connected(functions)
    provider.trouble = ProviderError("down", provider_status=500)
    queued = delete(functions, made)
    for minutes in (2, 20):
        clock.ahead = timedelta(minutes=minutes)
        delivered(functions, swept(functions))
        cleaned(functions)
    provider.trouble = None
    clock.ahead = timedelta(minutes=40)

    delivered(functions, swept(functions))
    cleaned(functions)

    assert queued.body == {"success": True, "revoked": None}
    assert (row(made), provider.revoked) == (None, 1)
    assert ends(functions, made) == ["true", "queued"]
    assert told().count("credential.deleted") == 1


def test_fault_20_a_deletion_that_dies_before_it_says_so_is_finished(
    functions: Functions, provider: FakeTokenEndpoint, clock: Travelling
) -> None:
    """Made by a hook of botocore, which kills the worker."""
    functions.invoke("sweep", {})
    made = connected(functions)
    provider.trouble = ProviderError("down", provider_status=500)
    with fault("killed_before", "TransactWriteItems", "credential.deleted"), pytest.raises(KilledError):
        delete(functions, made)
    provider.trouble = None
    clock.ahead = timedelta(minutes=6)

    delivered(functions, swept(functions))
    cleaned(functions)

    assert delete(functions, made).status == 404
    assert row(made) is None
    assert ends(functions, made) == ["true"]
    assert told().count("credential.deleted") == 1


def test_a_worker_whose_row_was_changed_meanwhile_asks_for_its_message_again(
    functions: Functions, provider: FakeTokenEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = connected(functions)
    provider.trouble = ProviderError("down", provider_status=500)
    delete(functions, made)
    provider.trouble = None
    store: Any = type(wiring.credentials())
    real = store.delete

    def late(self: Any, read: Credential, **named: Any) -> None:
        monkeypatch.setattr(store, "delete", real)
        self.change(read.changed(at=read.updated_at), read=read)
        real(self, read, **named)

    monkeypatch.setattr(store, "delete", late)
    record = {"messageId": "1", "body": json.dumps({"action": "revoke", "credentialId": made, "actor": "test"})}

    first = functions.invoke("cleanup", {"Records": [record]})
    second = functions.invoke("cleanup", {"Records": [record]})

    assert first == {"batchItemFailures": [{"itemIdentifier": "1"}]}
    assert second == {"batchItemFailures": []}
    assert row(made) is None


def test_a_token_that_is_renewed_while_it_is_deleted_is_not_handed_out(
    functions: Functions, provider: FakeTokenEndpoint, clock: Travelling, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = connected(functions)
    clock.ahead = timedelta(minutes=59)
    refresh = provider.refresh
    deleted: list[int] = []

    def beside(*arguments: Any) -> Any:
        tokens = refresh(*arguments)
        deleted.append(delete(functions, made).status)
        return tokens

    monkeypatch.setattr(provider, "refresh", beside)

    answer = functions.call("fresh_token", "POST", f"/credentials/{made}/token", {})

    assert deleted == [200]
    assert (answer.status, answer.body["code"]) == (404, "not_found")


def test_a_pair_that_comes_for_a_deleted_row_is_revoked(
    functions: Functions, provider: FakeTokenEndpoint, clock: Travelling, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = connected(functions)
    clock.ahead = timedelta(minutes=59)
    refresh = provider.refresh

    def before(*arguments: Any) -> Any:
        tokens = refresh(*arguments)
        delete(functions, made)
        return tokens

    monkeypatch.setattr(provider, "refresh", before)

    functions.call("fresh_token", "POST", f"/credentials/{made}/token", {})

    audit = functions.call("audit", "GET", "/audit", query={"credentialId": made}).body["data"]
    assert provider.alive == set()
    assert [each["detail"]["revoked"] for each in audit if each["action"] == "grant.orphaned"] == ["true"]


@pytest.mark.parametrize("worker", ["fresh_token", "verify_credential", "proxy", "renew"])
def test_a_pair_for_a_deleted_row_that_cannot_be_revoked_at_once_is_revoked_later(
    functions: Functions, provider: FakeTokenEndpoint, clock: Travelling, monkeypatch: pytest.MonkeyPatch, worker: str
) -> None:
    functions.invoke("sweep", {})
    made = connected(functions)
    clock.ahead = timedelta(minutes=59)
    refresh = provider.refresh
    monkeypatch.setattr(keeper, "FIRST_RETRY", timedelta(0))

    def before(*arguments: Any) -> Any:
        tokens = refresh(*arguments)
        delete(functions, made)
        provider.trouble = ProviderError("down", provider_status=503)
        return tokens

    monkeypatch.setattr(provider, "refresh", before)
    calls: dict[str, Callable[[], object]] = {
        "renew": lambda: delivered(functions, swept(functions)),
        "fresh_token": lambda: functions.call("fresh_token", "POST", f"/credentials/{made}/token", {}),
        "verify_credential": lambda: functions.call("verify_credential", "POST", f"/credentials/{made}/verify"),
        "proxy": lambda: functions.call("proxy", "GET", f"/proxy/{made}/x"),
    }
    calls[worker]()
    left, provider.trouble = set(provider.alive), None

    cleaned(functions)

    audit = functions.call("audit", "GET", "/audit", query={"credentialId": made}).body["data"]
    assert (len(left), provider.alive) == (1, set())
    assert [each["detail"]["revoked"] for each in audit if each["action"] == "grant.orphaned"] == ["true", "queued"]
