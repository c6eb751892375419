"""One renewal: who may ask the provider, and what of its answer is kept when things happen meanwhile."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from evergrant.domain.credential import Credential, Failure
from evergrant.domain.errors import ProviderError, SealBrokenError
from evergrant.domain.renewal import LEASE, LONGEST_WITHOUT_KEY, Dead, Ours, Outcome, Terms, Transient, Verified
from evergrant.domain.secret import Secret
from evergrant.domain.times import from_iso
from evergrant.use_cases.renewals.orphans import revoke_orphan
from evergrant.use_cases.renewals.pairs import Pair, row_in
from evergrant.use_cases.renewals.renew import renew_due
from evergrant.use_cases.renewals.sweep import renewals_due, sweep_due

from tests.builders import (
    CREDENTIAL,
    DAY,
    HOUR,
    MINUTE,
    NOON,
    OTHER_CREDENTIAL,
    SECOND,
    WORKSPACE,
    a_credential,
    an_audit_line,
)
from tests.fakes.deployment import FakeDeployment
from tests.fakes.work import FakeQueue
from tests.unit.renewing import NEW, another_lease, due

LATER = Transient("provider_timeout", "No answer.")


@pytest.fixture
def deployment() -> FakeDeployment:
    """At the time when the grant below is due."""
    made = FakeDeployment()
    made.clock.at = NOON + 50 * MINUTE
    return made


def renewed(deployment: FakeDeployment, row: Credential, *, due_at: datetime | None = None) -> str:
    """By its message."""
    at = due_at or row.due_at
    assert at
    return renew_due(
        row.credential_id, at, renewer=deployment.renewer, cleanups=deployment.cleanups, renewals=deployment.renewals
    )


def test_a_new_secret_is_sealed_for_the_next_generation(deployment: FakeDeployment) -> None:
    deployment.upstream.outcome = NEW
    row = due(deployment)

    done = renewed(deployment, row)

    now = deployment.row(row)
    assert done == "persisted"
    assert deployment.opened(row)["apiKey"] == "second"
    assert (now.generation, now.lease_until, now.token_expires_at) == (2, None, NOON + 2 * HOUR)
    assert now.due_at
    assert now.due_at > deployment.clock.at
    assert deployment.events() == deployment.trail() == []


def test_fault_24_a_message_that_comes_twice_asks_once(deployment: FakeDeployment) -> None:
    row = due(deployment)

    done = [renewed(deployment, row), renewed(deployment, row)]

    assert done == ["persisted", "nothing_due"]
    assert len(deployment.upstream.asked) == 1


@pytest.mark.parametrize("microseconds", [0, 400, 600])
def test_fault_29_what_the_sweep_queues_is_what_is_renewed(deployment: FakeDeployment, microseconds: int) -> None:
    row = due(deployment, due_at=deployment.clock.at + timedelta(microseconds=microseconds))
    queue = FakeQueue()
    sweep = {"renewals": renewals_due(deployment.storage.credentials, queue=queue, cursor=deployment.storage.cursor)}
    sweep_due(sweep, clock=deployment.clock, has_time=lambda: True)
    ((_, message),) = queue.sent
    deployment.clock.pass_(SECOND)

    done = renewed(deployment, row, due_at=from_iso(str(message["due"])))

    assert done == "persisted"


@pytest.mark.parametrize("changed", [{"due_at": NOON + HOUR}, {"status": "expired"}, {"due_at": None}])
def test_what_is_not_due_is_left_alone(deployment: FakeDeployment, changed: dict[str, Any]) -> None:
    row = due(deployment, **changed)

    done = renewed(deployment, row, due_at=row.due_at or NOON)

    assert done == "nothing_due"
    assert deployment.row(row) == row
    assert deployment.upstream.asked == []


def test_a_message_of_another_time_than_the_rows_is_somebody_elses(deployment: FakeDeployment) -> None:
    row = due(deployment)

    done = renewed(deployment, row, due_at=deployment.clock.at - MINUTE)

    assert done == "nothing_due"
    assert deployment.upstream.asked == []


def test_fault_27_while_another_has_the_lease_nobody_asks(deployment: FakeDeployment) -> None:
    """Made by a fake: another worker has the message too."""
    row = due(deployment)
    held = another_lease(deployment)
    deployment.storage.credentials.change(
        replace(held, due_at=deployment.clock.at, version=held.version + 1), read=held
    )

    done = renewed(deployment, deployment.row(row))

    assert done == "elsewhere"
    assert deployment.upstream.asked == []


def test_who_read_before_another_took_the_lease_does_not_ask(deployment: FakeDeployment) -> None:
    read = due(deployment)
    another_lease(deployment)

    done, _ = deployment.renewer.attempt(read)

    assert done == "elsewhere"
    assert deployment.upstream.asked == []


def test_fault_27_who_lost_the_lease_saves_a_new_secret_all_the_same(deployment: FakeDeployment) -> None:
    row = due(deployment)
    deployment.upstream.outcome = NEW

    def stall(_: Credential) -> None:
        deployment.clock.pass_(LEASE + SECOND)
        another_lease(deployment)

    deployment.upstream.meanwhile = stall

    done = renewed(deployment, row)

    assert done == "persisted"
    assert deployment.opened(row)["apiKey"] == "second"


@pytest.mark.parametrize("outcome", [LATER, Verified(), Dead("refresh_token_rejected")])
def test_who_lost_the_lease_says_nothing_else(deployment: FakeDeployment, outcome: Outcome) -> None:
    row = due(deployment)
    deployment.upstream.outcome = outcome
    taken: list[Credential] = []

    def stall(_: Credential) -> None:
        deployment.clock.pass_(LEASE + SECOND)
        taken.append(another_lease(deployment))

    deployment.upstream.meanwhile = stall

    done = renewed(deployment, row)

    assert done == "refused"
    assert [deployment.row(row)] == taken
    assert deployment.events() == []


@pytest.mark.parametrize("outcome", [NEW, LATER, Dead("refresh_token_rejected")])
def test_fault_35_what_the_owner_replaced_meanwhile_is_the_owners(deployment: FakeDeployment, outcome: Outcome) -> None:
    row = due(deployment)
    deployment.upstream.outcome = outcome
    reconnected: list[Credential] = []

    def reconnect(held: Credential) -> None:
        reconnected.append(held.changed(at=NOON, sealed=b"reconnected").regranted())
        deployment.storage.credentials.change(reconnected[0], read=held)

    deployment.upstream.meanwhile = reconnect

    done = renewed(deployment, row)

    assert done == ("orphaned" if outcome is NEW else "refused")
    assert [deployment.row(row)] == reconnected
    assert deployment.events() == []


def test_a_rename_meanwhile_is_kept_beside_what_the_provider_said(deployment: FakeDeployment) -> None:
    row = due(deployment)
    deployment.upstream.outcome = NEW
    deployment.upstream.meanwhile = lambda held: deployment.storage.credentials.change(
        held.changed(at=NOON, name="renamed", fence=held.fence + 1), read=held
    )

    done = renewed(deployment, row)

    assert done == "persisted"
    assert (deployment.row(row).name, deployment.opened(row)["apiKey"]) == ("renamed", "second")


@pytest.mark.parametrize("how", ["deleting", "deleted"])
def test_a_pair_that_comes_for_a_deleted_row_is_revoked_and_told(deployment: FakeDeployment, how: str) -> None:
    row = due(deployment)
    deployment.upstream.outcome = NEW

    def delete(held: Credential) -> None:
        if how == "deleted":
            deployment.storage.credentials.delete(held, event=None, audit=an_audit_line(action="deleted"))
        else:
            deployment.storage.credentials.change(held.changed(at=NOON, deleting=True), read=held)

    deployment.upstream.meanwhile = delete

    done = renewed(deployment, row)

    assert done == "orphaned"
    ((orphan, _),) = deployment.revoker.asked
    assert orphan.generation == 2
    assert deployment.trail()[-1] == "grant.orphaned"


def orphaned(deployment: FakeDeployment) -> str:
    """What became of a pair that came for a row that was deleted meanwhile, while its provider takes nothing back."""
    row = due(deployment)
    deployment.upstream.outcome = NEW
    deployment.upstream.meanwhile = lambda held: deployment.storage.credentials.delete(
        held, event=None, audit=an_audit_line(action="deleted")
    )
    deployment.revoker.trouble = ProviderError("down", provider_status=503)
    return renewed(deployment, row)


def ends(deployment: FakeDeployment) -> list[dict[str, str]]:
    """What the trail says of it, in its order."""
    found = deployment.storage.audit.lines(WORKSPACE, credential_id=None, since=None, limit=100, after=None).items
    return [dict(each.detail) for each in reversed(found) if each.action == "grant.orphaned"]


def test_an_orphan_that_cannot_be_revoked_is_tried_again_until_it_is(deployment: FakeDeployment) -> None:
    orphaned(deployment)
    (first,) = deployment.cleanups.sent
    revoke_orphan(first[1], keeper=deployment.renewer.keeper)
    (_, second) = deployment.cleanups.sent
    deployment.revoker.trouble = None
    deployment.clock.pass_(MINUTE)

    ended = revoke_orphan(second[1], keeper=deployment.renewer.keeper)

    (*_, (asked, shared)) = deployment.revoker.asked
    opened = Secret.from_bytes(deployment.sealer.open(asked.sealed, asked.seal_context()))
    assert (first[0], second[0], "second" in str(first)) == (60, 900, False)
    assert (ended.revoked, opened.revealed()["apiKey"], shared) == (True, "second", False)
    assert [each["revoked"] for each in ends(deployment)] == ["queued", "true"]
    assert len(deployment.cleanups.sent) == 2


def test_an_orphans_next_try_has_the_pair_that_the_try_before_it_was_given(deployment: FakeDeployment) -> None:
    deployment.revoker.renews_to = b"newer"
    orphaned(deployment)
    (first,) = deployment.cleanups.sent
    deployment.revoker.renews_to = b"newest"

    revoke_orphan(first[1], keeper=deployment.renewer.keeper)

    (_, second) = deployment.cleanups.sent
    assert [row_in(message).sealed for _, message in (first, second)] == [b"newer", b"newest"]


def test_an_orphan_is_given_up_after_three_days_and_the_trail_says_so(deployment: FakeDeployment) -> None:
    orphaned(deployment)
    ((_, message),) = deployment.cleanups.sent
    deployment.clock.pass_(3 * DAY)

    revoke_orphan(message, keeper=deployment.renewer.keeper)

    assert ends(deployment)[-1] == {"revoked": "false", "reason": "revocation_failed"}
    assert len(deployment.cleanups.sent) == 1


def test_an_orphan_is_not_dropped_where_the_queue_is_away_too(deployment: FakeDeployment) -> None:
    deployment.cleanups.away = True

    done = orphaned(deployment)

    assert (done, len(deployment.rescues.sent)) == ("rescued", 1)


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("refresh_token_rejected", ("persisted", "active", 4, "credential.recovered", "second")),
        ("expired_by_date", ("spared", "expired", 3, "", "second")),
    ],
)
def test_a_pair_of_an_earlier_generation_revives_what_the_provider_called_dead(
    deployment: FakeDeployment, reason: str, expected: tuple[object, ...]
) -> None:
    row = due(deployment)
    context = replace(row, generation=row.generation + 1).seal_context()
    late = Pair(row, NEW, deployment.sealer.seal(NEW.secret.to_bytes(), context), deployment.clock.at, Terms())
    failure = Failure(NOON, reason, "Dead.", transient=False)
    dead = row.changed(at=NOON, generation=3, status="expired", due_at=None, last_failure=failure)
    deployment.storage.credentials.change(dead, read=row)

    outcome, _ = deployment.renewer.keeper.keep(late, deployment.row(row))

    now = deployment.row(row)
    place = (now.sealed, now.seal_context()) if now.spare is None else (now.spare, now.spare_context())
    opened = Secret.from_bytes(deployment.sealer.open(*place)).revealed()
    assert (outcome, now.status, now.generation, "".join(deployment.events()), opened["apiKey"]) == expected


def test_a_known_end_is_told_without_provider_or_key(deployment: FakeDeployment) -> None:
    row = deployment.kept(a_credential(expires_at=deployment.clock.at, due_at=deployment.clock.at))
    deployment.sealer.away = True

    done = renewed(deployment, row)

    now = deployment.row(row)
    assert done == "persisted"
    assert (now.status, now.due_at, now.last_failure and now.last_failure.code) == ("expired", None, "expired_by_date")
    assert deployment.upstream.asked == []
    assert deployment.events() == deployment.trail() == ["credential.expired"]


def test_fault_36_a_dead_grant_is_told_once_with_the_way_back(deployment: FakeDeployment) -> None:
    row = due(deployment)
    deployment.upstream.outcome = Dead("refresh_token_rejected", "invalid_grant")

    renewed(deployment, row)
    again = renewed(deployment, row)

    assert again == "nothing_due"
    assert deployment.events() == deployment.trail() == ["credential.expired"]
    (event, _) = deployment.storage.webhooks.events(row.workspace_id, since=None, limit=9, after=None).items
    assert event.data["reason"] == "refresh_token_rejected"
    assert event.data["reconnectUrl"] == f"https://shop.example/again/{CREDENTIAL}"


def test_a_bad_day_is_told_once_and_so_is_its_end(deployment: FakeDeployment) -> None:
    row = due(deployment)
    for outcome in (LATER, LATER, NEW):
        deployment.upstream.outcome = outcome
        deployment.clock.at = deployment.row(row).due_at or NOON
        renewed(deployment, deployment.row(row))

    assert deployment.events() == deployment.trail() == ["credential.degraded", "credential.recovered"]
    assert deployment.row(row).status == "active"


def test_a_wrong_client_is_told_once_for_all_its_credentials_and_none_dies(deployment: FakeDeployment) -> None:
    rows = [due(deployment), due(deployment, credential_id=OTHER_CREDENTIAL)]
    deployment.upstream.outcome = Ours("invalid_client", "Wrong.", NOON)

    done = [renewed(deployment, each) for each in rows]

    assert done == ["persisted", "persisted"]
    assert deployment.events() == deployment.trail() == ["app.misconfigured"]
    assert {deployment.row(each).status for each in rows} == {"degraded"}


def test_fault_03_04_while_its_key_is_away_a_renewal_is_put_off_and_nothing_marked(deployment: FakeDeployment) -> None:
    row = due(deployment)
    deployment.sealer.away = True
    done, waits = list[str](), list[timedelta]()
    for _ in range(20):
        now = deployment.row(row)
        deployment.clock.at = now.due_at or NOON
        done.append(renewed(deployment, now))
        waits.append((deployment.row(row).due_at or NOON) - deployment.clock.at)

    noted = deployment.row(row)
    deployment.sealer.away, deployment.upstream.outcome, deployment.clock.at = False, NEW, noted.due_at or NOON
    back = renewed(deployment, noted)

    assert done == ["no_key"] * 20
    assert MINUTE <= min(waits) <= max(waits) <= LONGEST_WITHOUT_KEY
    assert replace(noted, due_at=row.due_at, failures=row.failures) == row
    assert back == "persisted"
    assert (len(deployment.upstream.asked), deployment.events()) == (1, [])


def test_fault_03_a_known_end_is_not_put_off_beyond_itself(deployment: FakeDeployment) -> None:
    end = deployment.clock.at + 90 * SECOND
    row = due(deployment, expires_at=end, forecast_said=1, failures=3)
    deployment.sealer.away = True

    renewed(deployment, row)

    assert deployment.row(row).due_at == end


def test_fault_05_what_cannot_be_opened_is_not_leased(deployment: FakeDeployment) -> None:
    row = due(deployment)
    broken = replace(row, sealed=b"broken", version=2)
    deployment.storage.credentials.change(broken, read=row)

    with pytest.raises(SealBrokenError):
        renewed(deployment, broken)

    assert deployment.row(row) == broken


def test_fault_38_once_the_provider_was_asked_no_key_is_needed(deployment: FakeDeployment) -> None:
    row = due(deployment)
    deployment.upstream.outcome = NEW

    def send_keys_away(_: Credential) -> None:
        deployment.sealer.away = True

    deployment.upstream.meanwhile = send_keys_away

    done = renewed(deployment, row)

    deployment.sealer.away = False
    assert done == "persisted"
    assert deployment.opened(row)["apiKey"] == "second"


def test_fault_20_a_deletion_that_died_is_handed_to_the_cleanups(deployment: FakeDeployment) -> None:
    row = due(deployment, deleting=True)

    done = renewed(deployment, row)

    ((_, message),) = deployment.cleanups.sent
    assert done == "deletion_queued"
    assert (message["action"], message["credentialId"]) == ("revoke", CREDENTIAL)
    assert deployment.upstream.asked == []
