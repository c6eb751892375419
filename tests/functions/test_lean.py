"""What the benchmarks count, held as promises."""

import pytest

from benchmarks import kms_calls, storage_calls
from benchmarks.delivery import costs
from benchmarks.imports import NOT_ON_THE_HOT_PATH, probe_warm
from tests.functions.iam import denied


def test_the_hot_path_imports_nothing_heavy() -> None:
    warm = probe_warm()["fresh_token"]

    assert warm.called.heavy.isdisjoint(NOT_ON_THE_HOT_PATH)


def test_kms_is_called_as_often_as_promised() -> None:
    measured = kms_calls.measure()

    assert [each.use for each in measured if each.calls != each.promised] == []


def test_dynamodb_is_called_as_often_as_promised() -> None:
    promised = storage_calls.promises(storage_calls.measure())

    assert len(promised) == 3
    assert [each.says for each in promised if not each.holds] == []


def test_a_notification_makes_no_more_calls_than_its_price_says() -> None:
    promised = costs.promises(costs.counted())

    assert len(promised) == 3
    assert [each.says for each in promised if not each.holds] == []


def test_attack_70_a_call_outside_a_functions_policy_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KMS_KEY_ARN", "the deployment's")
    assert denied("health", "GetItem", {"TableName": "credentials"}) == [
        "health may not dynamodb:GetItem CredentialsTable"
    ]
    secrets = {"EncryptionContext": {"purpose": "evergrant-branch-key"}}
    for function in ("api_key_authorizer", "list_credentials"):
        for key, name in (("the deployment's", "BranchKeysKey"), ("a customer's", "CustomerKeyArns")):
            assert denied(function, "Decrypt", {"KeyId": key, **secrets}) == [
                f"{function} may not kms:Decrypt {name} for evergrant-branch-key"
            ]
