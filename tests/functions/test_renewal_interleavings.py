"""What happens to a credential while it is renewed: the newer grant wins, no spare crosses, and no pair is dropped."""

from evergrant.domain.ids import CredentialId
from evergrant.domain.sealing import SealedBytes
from evergrant.runtime import wiring

from tests.functions.faults import refused
from tests.functions.renewing import Renewing, overlapping, renewing, stalled
from tests.functions.sweeps import told

__all__ = ["overlapping", "renewing"]  # Fixtures that these tests take.


def deleted(renewing: Renewing) -> None:
    assert renewing.functions.call("delete_credential", "DELETE", renewing.path).status == 200


def test_a_reconnect_in_the_middle_wins_and_no_spare_crosses(overlapping: Renewing) -> None:
    overlapping.pass_time(minutes=52)
    overlapping.provider.meanwhile = overlapping.reconnect

    overlapping.sweep()

    row = overlapping.row
    assert (row.grant, row.generation, row.spare, overlapping.token()) == (2, 2, None, "at.3")
    assert overlapping.audit("grant.orphaned") == [{"revoked": "false", "reason": "shared_grant"}]


def test_a_reconnect_destroys_the_spare(overlapping: Renewing) -> None:
    stalled(overlapping)

    overlapping.reconnect()

    assert (overlapping.row.spare, overlapping.row.grant) == (None, 2)


def test_a_rescue_that_comes_after_a_reconnect_is_not_kept(overlapping: Renewing) -> None:
    overlapping.pass_time(minutes=61)
    with refused("TransactWriteItems", "#sealed"):
        overlapping.token()
    messages = overlapping.rescued()
    overlapping.reconnect()

    overlapping.rescue(messages)

    assert (overlapping.row.spare, overlapping.token()) == (None, "at.3")
    assert len(overlapping.audit("grant.orphaned")) == 1


def test_a_rescue_that_comes_after_a_deletion_is_revoked(overlapping: Renewing) -> None:
    overlapping.pass_time(minutes=61)
    with refused("TransactWriteItems", "#sealed"):
        overlapping.token()
    messages = overlapping.rescued()
    deleted(overlapping)

    overlapping.rescue(messages)

    assert "rt.2" not in overlapping.provider.alive
    assert overlapping.audit("grant.orphaned") == [{"revoked": "true", "reason": "deleted_while_renewed"}]


def test_a_rename_in_the_middle_stays(overlapping: Renewing) -> None:
    overlapping.pass_time(minutes=52)
    changes = {"name": "Renamed", "tags": ["kept"]}
    overlapping.provider.meanwhile = lambda: overlapping.functions.call(
        "patch_credential", "PATCH", overlapping.path, changes
    )

    overlapping.sweep()

    row = overlapping.row
    assert (row.name, row.tags, row.generation) == ("Renamed", ("kept",), 2)


def test_a_rotation_of_branch_keys_in_the_middle_loses_nothing(overlapping: Renewing) -> None:
    stalled(overlapping)
    overlapping.pass_time(minutes=52)

    def rotate() -> None:
        overlapping.functions.invoke("admin", {"action": "rotate_keys"})
        overlapping.functions.invoke("admin", {"action": "rewrap"})

    overlapping.provider.meanwhile = rotate
    overlapping.sweep()
    overlapping.functions.invoke("admin", {"action": "rewrap"})

    row = overlapping.row
    assert (overlapping.token(), row.generation) == ("at.4", 3)
    assert wiring.sealer().rewrap(row.spare or b"", row.workspace_id) is None
    assert wiring.sealer().open(row.spare or b"", row.spare_context())


def test_a_pair_that_arrives_for_a_deleted_row_is_revoked(overlapping: Renewing) -> None:
    overlapping.pass_time(minutes=52)
    overlapping.provider.meanwhile = lambda: deleted(overlapping)

    overlapping.sweep()

    assert wiring.credentials().find(CredentialId(overlapping.credential_id)) is None
    assert "rt.2" not in overlapping.provider.alive
    assert overlapping.audit("grant.orphaned") == [{"revoked": "true", "reason": "deleted_while_renewed"}]
    assert told().count("credential.deleted") == 1


def test_a_key_of_the_workspaces_own_in_the_middle_loses_nothing(overlapping: Renewing) -> None:
    overlapping.pass_time(minutes=52)
    workspace_id = overlapping.functions.workspace_id

    def moves() -> None:
        overlapping.functions.invoke("admin", {"action": "own_key", "workspaceId": workspace_id})
        overlapping.functions.invoke("admin", {"action": "rewrap"})

    overlapping.provider.meanwhile = moves
    overlapping.sweep()
    overlapping.functions.invoke("admin", {"action": "rewrap"})

    row = overlapping.row
    assert (overlapping.token(), row.generation) == ("at.2", 2)
    assert SealedBytes.parse(row.sealed).branch_id == workspace_id
