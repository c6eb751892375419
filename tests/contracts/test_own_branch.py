"""A workspace's own branch key: apart from all others in what it is bound to, in what it opens, and in how it ends."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from evergrant.adapters.kms.branch_keys import CACHED_FOR, SHARED, KmsBranchKeys
from evergrant.adapters.kms.branches import EdgeBranch, WorkspaceBranches
from evergrant.adapters.kms.sealer import BranchKeySealer
from evergrant.domain.errors import SealBrokenError, UnavailableError
from evergrant.domain.sealing import SealContext, SealedBytes
from pydantic import SecretBytes

from tests.contracts.branches import Deployment
from tests.fakes.customer import a_kms_key, switch_off

MINE = SealContext("ws_1", "usr_1", "cred_1", "shopify", 3)
OTHERS = replace(MINE, workspace_id="ws_2")
SECRET = SecretBytes(b'{"values": {"apiKey": "s3cret"}}')


def sealer(keys: KmsBranchKeys) -> BranchKeySealer:
    return BranchKeySealer(WorkspaceBranches(keys))


def branch_of(sealed: bytes) -> tuple[str, int]:
    parsed = SealedBytes.parse(sealed)
    return parsed.branch_id, parsed.branch_version


def test_kms_hears_the_workspace_of_its_own_branch_and_no_workspace_of_the_shared_one(deployment: Deployment) -> None:
    deployment.branch_keys().make_next("ws_1")

    deployment.sealer().seal(SECRET, MINE)
    deployment.sealer().seal(SECRET, OTHERS)

    always = {"purpose": "evergrant-branch-key", "deployment": "test", "version": "1"}
    own = {**always, "branch": "ws_1", "workspace": "ws_1"}
    assert deployment.contexts == [own, own, {**always, "branch": "shared"}]


def test_only_the_workspace_that_has_its_own_leaves_the_shared_one(deployment: Deployment) -> None:
    deployment.branch_keys().make_next("ws_1")
    mine, others = (deployment.sealer().seal(SECRET, each) for each in (MINE, OTHERS))

    opened = [deployment.sealer().open(*each) for each in ((mine, MINE), (others, OTHERS))]

    assert (branch_of(mine), branch_of(others)) == (("ws_1", 1), (SHARED, 1))
    assert opened == [SECRET, SECRET]


def test_attack_26_another_workspaces_branch_opens_nothing_even_with_its_key_at_hand(deployment: Deployment) -> None:
    keys = deployment.branch_keys()
    keys.make_next("ws_2")
    under_theirs = sealer(keys).prepare("ws_2").seal(SECRET, MINE)
    calls = len(deployment.calls)

    with pytest.raises(SealBrokenError):
        sealer(keys).open(under_theirs, MINE)
    with pytest.raises(SealBrokenError):
        sealer(keys).rewrap(under_theirs, MINE.workspace_id)
    assert "Decrypt" not in deployment.calls[calls:]


def test_what_opens_no_secret_opens_under_its_own_branch_alone(deployment: Deployment) -> None:
    keys = deployment.branch_keys()
    edge = BranchKeySealer(EdgeBranch(keys))
    kept = edge.seal(SECRET, MINE)

    assert branch_of(kept) == ("edge", 1)
    assert edge.open(kept, MINE) == SECRET
    with pytest.raises(SealBrokenError):
        sealer(keys).open(kept, MINE)
    with pytest.raises(SealBrokenError):
        edge.open(sealer(keys).seal(SECRET, MINE), MINE)


def test_moving_to_its_own_branch_leaves_the_payload_as_it_is(deployment: Deployment) -> None:
    shared = deployment.sealer().seal(SECRET, MINE)
    deployment.branch_keys().make_next("ws_1", kms_key=a_kms_key(deployment.kms))

    before = deployment.sealer().open(shared, MINE)
    moved = deployment.sealer().rewrap(shared, MINE.workspace_id)

    assert moved is not None
    old, new = SealedBytes.parse(shared), SealedBytes.parse(moved)
    assert (branch_of(moved), new.nonce, new.ciphertext) == (("ws_1", 1), old.nonce, old.ciphertext)
    assert deployment.sealer().open(moved, MINE) == before == SECRET


def test_attack_32_switched_off_by_its_customer_it_is_unreadable_within_the_cache_time(deployment: Deployment) -> None:
    key = a_kms_key(deployment.kms)
    deployment.branch_keys().make_next("ws_1", kms_key=key)
    warm = deployment.sealer()
    mine, others = warm.seal(SECRET, MINE), warm.seal(SECRET, OTHERS)
    switch_off(deployment.kms, key)

    deployment.clock.at += CACHED_FOR - timedelta(seconds=1)
    still = warm.open(mine, MINE)
    deployment.clock.at += timedelta(seconds=1)

    assert still == SECRET
    for used in (warm, deployment.sealer()):
        with pytest.raises(UnavailableError) as refusal:
            used.open(mine, MINE)
        assert refusal.value.code == "key_unavailable"
        assert used.open(others, OTHERS) == SECRET


def test_attack_32_where_its_own_key_is_off_nothing_is_sealed_under_the_shared_one(deployment: Deployment) -> None:
    key = a_kms_key(deployment.kms)
    deployment.branch_keys().make_next("ws_1", kms_key=key)
    switch_off(deployment.kms, key)

    with pytest.raises(UnavailableError):
        deployment.sealer().prepare("ws_1")


def test_attack_32_a_plain_key_whose_time_is_over_does_not_stay_in_memory(deployment: Deployment) -> None:
    keys = deployment.branch_keys()
    keys.make_next("ws_1")
    deployment.clock.at += CACHED_FOR

    sealer(keys).seal(SECRET, OTHERS)

    assert "ws_1" not in str(vars(keys)["_cached"])


def test_that_there_is_none_of_its_own_is_asked_once_in_the_cache_time(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    active, asked = deployment.table.active, list[str]()

    def counted(branch_id: str) -> int | None:
        asked.append(branch_id)
        return active(branch_id)

    monkeypatch.setattr(deployment.table, "active", counted)
    warm = deployment.sealer()
    deployment.branch_keys().current(SHARED)
    asked.clear()

    sealed = [warm.seal(SECRET, MINE) for _ in range(20)]
    opened = [warm.open(each, MINE) for each in sealed]

    assert (asked, set(opened)) == (["ws_1", SHARED], {SECRET})


def test_a_running_environment_finds_the_new_branch_after_the_cache_time(deployment: Deployment) -> None:
    warm = deployment.sealer()
    early = warm.seal(SECRET, MINE)
    deployment.branch_keys().make_next("ws_1")

    late = warm.seal(SECRET, MINE)
    deployment.clock.at += CACHED_FOR
    after = warm.seal(SECRET, MINE)

    assert [branch_of(each) for each in (early, late, after)] == [(SHARED, 1), (SHARED, 1), ("ws_1", 1)]


def test_the_next_version_stands_under_the_same_kms_key_unless_another_is_named(deployment: Deployment) -> None:
    keys, first, second = deployment.branch_keys(), a_kms_key(deployment.kms), a_kms_key(deployment.kms)

    versions = [
        keys.make_next("ws_1", kms_key=first),
        keys.make_next("ws_1"),
        keys.make_next("ws_1", kms_key=second),
    ]

    kept: list[Any] = [deployment.table.wrapped("ws_1", version) for version in versions]
    assert [each.kms_key for each in kept] == [first, first, second]


def test_the_branches_are_those_that_seal_secrets(deployment: Deployment) -> None:
    keys = deployment.branch_keys()
    for workspace in ("ws_2", "ws_1", "ws_2"):
        keys.make_next(workspace)
    EdgeBranch(keys).current("ws_1")
    keys.current(SHARED)

    assert keys.branches() == [SHARED, "ws_1", "ws_2"]
