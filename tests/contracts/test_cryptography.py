"""The cryptography of sealing, over moto's KMS, which really encrypts."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from evergrant.adapters.kms.branch_keys import SHARED, PlainBranchKey
from evergrant.adapters.kms.branches import WorkspaceBranches
from evergrant.adapters.kms.sealer import BranchKeySealer, seal_with
from evergrant.domain.errors import SealBrokenError, UnavailableError
from evergrant.domain.sealing import SealContext, SealedBytes
from pydantic import SecretBytes

from tests.contracts.branches import Deployment
from tests.fakes.customer import switch_off

CONTEXT = SealContext("ws_1", "usr_1", "cred_1", "shopify", 3)
SECRET = SecretBytes(b'{"values": {"apiKey": "s3cret"}}')
_FOLDER = Path(__file__).parents[1] / "vectors"
VECTORS: list[dict[str, Any]] = json.loads((_FOLDER / "sealing.json").read_text())
REFUSED: list[dict[str, Any]] = json.loads((_FOLDER / "sealing_refused.json").read_text())
"""What is done to each vector: bytes xored by place (from the end where negative), a cut, another context."""


def test_what_was_sealed_opens(deployment: Deployment) -> None:
    sealed = deployment.sealer().seal(SECRET, CONTEXT)

    opened = deployment.sealer().open(sealed, CONTEXT)

    assert opened == SECRET
    assert SECRET.get_secret_value() not in sealed


def test_attack_30_no_bit_can_be_flipped_and_nothing_cut_off(deployment: Deployment) -> None:
    sealer = deployment.sealer()
    sealed = sealer.seal(SECRET, CONTEXT)
    flipped = [
        sealed[:at] + bytes([sealed[at] ^ (1 << bit)]) + sealed[at + 1 :]
        for at in range(len(sealed))
        for bit in range(8)
    ]

    for broken in [*flipped, *(sealed[:length] for length in range(len(sealed))), sealed + b"\0"]:
        with pytest.raises(SealBrokenError, match=r"^This secret cannot be opened\. The operator has been told\.$"):
            sealer.open(broken, CONTEXT)


@pytest.mark.parametrize(
    "changed",
    [
        {"workspace_id": "ws_2"},
        {"user_id": "usr_2"},
        {"credential_id": "cred_2"},
        {"app": "stripe"},
        {"generation": 4},
        {"field": "other"},
        {"workspace_id": "ws_1usr_1", "user_id": ""},
    ],
)
def test_attack_26_another_row_field_or_generation_does_not_open_it(
    deployment: Deployment, changed: dict[str, Any]
) -> None:
    sealer = deployment.sealer()
    sealed = sealer.seal(SECRET, CONTEXT)

    with pytest.raises(SealBrokenError):
        sealer.open(sealed, replace(CONTEXT, **changed))


@pytest.mark.parametrize("part", ["salt", "wrapped_key", "nonce", "ciphertext"])
def test_attack_26_no_part_can_be_swapped_between_rows(deployment: Deployment, part: str) -> None:
    sealer = deployment.sealer()
    mine, other = (SealedBytes.parse(sealer.seal(SECRET, CONTEXT)) for _ in range(2))

    with pytest.raises(SealBrokenError):
        sealer.open(replace(mine, **{part: getattr(other, part)}).to_bytes(), CONTEXT)


@pytest.mark.parametrize("version", [0, 2, 255])
def test_attack_28_no_other_format_is_spoken(deployment: Deployment, version: int) -> None:
    sealer = deployment.sealer()
    sealed = sealer.seal(SECRET, CONTEXT)

    with pytest.raises(SealBrokenError):
        sealer.open(bytes([version]) + sealed[1:], CONTEXT)


def test_attack_27_an_older_generation_does_not_open_in_a_newer_row(deployment: Deployment) -> None:
    sealer = deployment.sealer()
    old = sealer.seal(SECRET, CONTEXT)

    with pytest.raises(SealBrokenError):
        sealer.open(old, replace(CONTEXT, generation=CONTEXT.generation + 1))


def test_attack_25_no_key_and_nonce_come_twice(deployment: Deployment) -> None:
    prepared = deployment.sealer().prepare("ws_1")

    parsed = [SealedBytes.parse(prepared.seal(SECRET, CONTEXT)) for _ in range(2000)]

    assert len({(each.wrapped_key, each.nonce) for each in parsed}) == len(parsed)
    assert len({each.salt for each in parsed}) == len(parsed)


def test_attack_29_another_deployments_context_does_not_open_the_branch(deployment: Deployment) -> None:
    sealed = deployment.sealer().seal(SECRET, CONTEXT)

    with pytest.raises(SealBrokenError):
        BranchKeySealer(WorkspaceBranches(deployment.branch_keys("other"))).open(sealed, CONTEXT)


def test_fault_06_another_kms_key_does_not_open_the_branch(deployment: Deployment) -> None:
    """Made by a hook of botocore, which refuses as AWS does."""
    sealed = deployment.sealer().seal(SECRET, CONTEXT)
    deployment.key_arn = deployment.kms.create_key()["KeyMetadata"]["Arn"]

    def refuse(**_: object) -> None:
        raise ClientError({"Error": {"Code": "IncorrectKeyException"}}, "Decrypt")

    # moto answers AccessDenied here; AWS says IncorrectKeyException.
    deployment.kms.meta.events.register("before-send.kms.Decrypt", refuse)

    with pytest.raises(SealBrokenError):
        deployment.sealer().open(sealed, CONTEXT)


def test_kms_is_called_once_in_a_cold_environment_and_not_when_warm(deployment: Deployment) -> None:
    sealed = deployment.sealer().seal(SECRET, CONTEXT)
    assert deployment.calls == ["GenerateDataKey"]
    deployment.calls.clear()
    cold = deployment.sealer()

    for _ in range(100):
        cold.open(sealed, CONTEXT)
        cold.seal(SECRET, CONTEXT)

    assert deployment.calls == ["Decrypt"]


def test_fault_03_a_key_service_that_is_away_is_said_and_nothing_else(deployment: Deployment) -> None:
    sealed = deployment.sealer().seal(SECRET, CONTEXT)
    switch_off(deployment.kms, deployment.key_arn)

    with pytest.raises(UnavailableError) as refusal:
        deployment.sealer().open(sealed, CONTEXT)
    assert refusal.value.code == "key_unavailable"


def test_attack_31_rotation_moves_data_keys_and_loses_nothing(deployment: Deployment) -> None:
    keys = deployment.branch_keys()
    sealer = BranchKeySealer(WorkspaceBranches(keys))
    old = sealer.seal(SECRET, CONTEXT)

    keys.make_next(SHARED)
    moved = sealer.rewrap(old, "ws_1")

    assert moved is not None
    assert sealer.rewrap(moved, "ws_1") is None
    assert [SealedBytes.parse(each).branch_version for each in (old, moved)] == [1, 2]
    assert sealer.open(old, CONTEXT) == sealer.open(moved, CONTEXT) == SECRET
    assert SealedBytes.parse(old).ciphertext == SealedBytes.parse(moved).ciphertext


def test_racing_makers_of_the_first_branch_key_go_on_with_the_winners(deployment: Deployment) -> None:
    first, second = deployment.branch_keys(), deployment.branch_keys()
    active, raced = deployment.table.active, list[str]()

    def late(branch_id: str) -> int | None:
        found = active(branch_id)
        if not raced:
            raced.append(branch_id)
            second.current(SHARED)
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(deployment.table, "active", late)
        mine = first.current(SHARED)

    assert mine == second.current(SHARED)


def test_a_rotation_that_lost_the_race_names_the_version_that_won(deployment: Deployment) -> None:
    mine, other = deployment.branch_keys(), deployment.branch_keys()
    mine.current(SHARED)
    active, raced = deployment.table.active, list[int]()

    def late(branch_id: str) -> int | None:
        found = active(branch_id)
        if not raced:
            raced.append(0)
            raced.extend([other.make_next(SHARED), other.make_next(SHARED)])
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(deployment.table, "active", late)
        version = mine.make_next(SHARED)

    assert version == mine.current(SHARED).version == 3


def test_a_cached_branch_key_is_asked_for_again_after_minutes(deployment: Deployment) -> None:
    sealer = deployment.sealer()
    sealed = sealer.seal(SECRET, CONTEXT)
    deployment.clock.at += timedelta(minutes=6)

    sealer.open(sealed, CONTEXT)

    assert deployment.calls == ["GenerateDataKey", "Decrypt"]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: str(vector["name"]))
def test_the_format_is_what_it_was(vector: dict[str, Any]) -> None:
    branch = PlainBranchKey(
        vector["branchId"], vector["branchVersion"], SecretBytes(bytes.fromhex(vector["branchKey"]))
    )

    sealed = seal_with(
        branch,
        SecretBytes(vector["plaintext"].encode()),
        SealContext(**vector["context"]),
        data_key=bytes.fromhex(vector["dataKey"]),
        salt=bytes.fromhex(vector["salt"]),
        nonce=bytes.fromhex(vector["nonce"]),
    )

    assert sealed.hex() == vector["sealed"]


def _opened(vector: dict[str, Any], sealed: bytes, **changed: Any) -> SecretBytes:
    key = SecretBytes(bytes.fromhex(vector["branchKey"]))
    known = (vector["branchId"], vector["branchVersion"])

    class Branches:
        def current(self, workspace_id: str) -> PlainBranchKey:
            return self.version(workspace_id, *known)

        def version(self, workspace_id: str, branch_id: str, version: int) -> PlainBranchKey:
            if (branch_id, version) != known:
                raise SealBrokenError
            return PlainBranchKey(branch_id, version, key)

    return BranchKeySealer(Branches()).open(sealed, replace(SealContext(**vector["context"]), **changed))


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: str(vector["name"]))
def test_what_was_sealed_once_opens_still(vector: dict[str, Any]) -> None:
    assert _opened(vector, bytes.fromhex(vector["sealed"])).get_secret_value() == vector["plaintext"].encode()


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: str(vector["name"]))
@pytest.mark.parametrize("refused", REFUSED, ids=lambda refused: str(refused["name"]))
def test_what_a_vector_refuses_is_refused_with_one_word(vector: dict[str, Any], refused: dict[str, Any]) -> None:
    sealed = bytearray(bytes.fromhex(vector["sealed"]))
    if "length" in refused:
        del sealed[refused["length"] :]
    for at, value in refused.get("bytes", {}).items():
        sealed[int(at)] ^= value

    with pytest.raises(SealBrokenError, match=r"^This secret cannot be opened\. The operator has been told\.$"):
        _opened(vector, bytes(sealed), **refused.get("context", {}))
