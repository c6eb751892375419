"""The renewal's protocol, through the handlers: whatever breaks between two steps, no grant is lost or said dead."""

import json
from datetime import timedelta
from typing import Any

import pytest
from evergrant.adapters.kms.branch_keys import KmsBranchKeys
from evergrant.domain import renewal
from evergrant.domain.errors import ProviderError, ProviderTimeoutError, UnavailableError
from evergrant.domain.ids import CredentialId
from evergrant.domain.times import iso
from evergrant.runtime import assembly, wiring

from tests.functions.deployment import LambdaContext
from tests.functions.faults import KilledError, fault, refused
from tests.functions.renewing import Renewing, overlapping, renewing, stalled, strict
from tests.functions.sweeps import delivered, told

__all__ = ["overlapping", "renewing", "strict"]  # Fixtures that these tests take.


@pytest.mark.parametrize("kind", ["overlapping", "strict"])
@pytest.mark.parametrize("worker", ["renew", "fresh_token", "verify_credential", "proxy"])
def test_fault_37_a_new_secret_that_storage_refuses_is_rescued(
    request: pytest.FixtureRequest, kind: str, worker: str
) -> None:
    """Made by a hook of botocore: the write never arrives."""
    renewing: Renewing = request.getfixturevalue(kind)
    renewing.pass_time(minutes=61)
    calls: dict[str, Any] = {
        "renew": renewing.sweep,
        "fresh_token": renewing.token,
        "verify_credential": lambda: renewing.functions.call("verify_credential", "POST", f"{renewing.path}/verify"),
        "proxy": lambda: renewing.functions.call("proxy", "GET", f"/proxy/{renewing.credential_id}/x"),
    }
    with refused("TransactWriteItems", "#sealed"):
        calls[worker]()
        messages = renewing.rescued()
        kept_back = renewing.rescue(messages)

    landed = renewing.rescue(messages * 2)

    assert (len(messages), "at.2" in messages[0], "rt.2" in messages[0]) == (1, False, False)
    assert (len(kept_back["batchItemFailures"]), landed["batchItemFailures"]) == (1, [])
    assert (renewing.row.generation, renewing.row.spare, renewing.token()) == (2, None, "at.2")
    assert renewing.provider.asked == 2


def test_fault_37_a_reader_has_the_new_token_though_storage_refuses_it(strict: Renewing) -> None:
    strict.pass_time(minutes=61)
    with refused("TransactWriteItems", "#sealed"):
        answer = strict.read()

    assert (answer.status, answer.body["secret"]["accessToken"]) == (200, "at.2")


def test_fault_37_what_waits_for_rescue_is_not_spent_again_where_that_ends_the_grant(strict: Renewing) -> None:
    strict.pass_time(minutes=52)
    with refused("TransactWriteItems", "#sealed"):
        strict.sweep()
    messages = strict.rescued()

    strict.sweep(minutes=2)
    strict.rescue(messages)
    strict.sweep(minutes=10)

    assert (strict.provider.asked, strict.token(), told()) == (2, "at.2", ["credential.created"])


def test_fault_37_both_away_is_said_and_leaves_it_to_the_next_try(overlapping: Renewing) -> None:
    overlapping.pass_time(minutes=52)
    ends = overlapping.clock.now() + timedelta(seconds=40)
    context = LambdaContext(remaining=lambda: ends - overlapping.clock.now())
    with refused("TransactWriteItems", "#sealed"), refused("SendMessageBatch", "sealed"):
        answer = overlapping.read(context=context)

    overlapping.sweep(minutes=2)
    overlapping.sweep(minutes=2)

    assert answer.status == 503
    assert (overlapping.row.generation, overlapping.row.status) == (2, "active")


def test_fault_38_a_key_service_that_goes_away_during_the_call_costs_nothing(
    strict: Renewing,
) -> None:
    """Made by a fake in the place of the branch keys."""
    strict.pass_time(minutes=52)

    def away(*_: object) -> None:
        raise UnavailableError

    with pytest.MonkeyPatch.context() as patch:

        def goes_away() -> None:
            patch.setattr(KmsBranchKeys, "current", away)
            patch.setattr(KmsBranchKeys, "version", away)

        strict.provider.meanwhile = goes_away
        strict.sweep()

    assert (strict.row.generation, strict.rescued()) == (2, [])


def test_fault_32_an_unknown_outcome_is_asked_again_at_once_where_the_provider_overlaps(overlapping: Renewing) -> None:
    """Made by the provider, which loses its answer."""
    overlapping.pass_time(minutes=61)
    overlapping.provider.loses_answers = 1

    assert overlapping.token() == "at.3"
    assert (overlapping.row.status, told()) == ("active", ["credential.created"])


def test_fault_32_an_unknown_outcome_is_asked_again_as_late_as_can_be_where_reuse_ends_the_grant(
    strict: Renewing,
) -> None:
    """Made by the provider."""
    strict.pass_time(minutes=52)
    strict.provider.fails_before = [ProviderError("down", provider_status=503)]
    strict.sweep()

    read = [strict.read().body["secret"]["accessToken"], strict.read(force=True).body["secret"]["accessToken"]]
    strict.sweep(minutes=3)
    before = strict.provider.asked
    strict.sweep(minutes=5)

    assert (read, before, strict.provider.asked) == (["at.1", "at.1"], 2, 3)
    assert sorted(told()) == ["credential.created", "credential.degraded", "credential.recovered"]


@pytest.mark.parametrize(
    "trouble",
    [ProviderError("busy", provider_status=429), ProviderTimeoutError("not reached", nothing_done=True)],
)
def test_fault_31_what_has_certainly_spent_nothing_is_soon_asked_again(
    strict: Renewing, trouble: ProviderError
) -> None:
    """Made by the provider."""
    strict.pass_time(minutes=52)
    strict.provider.fails_before = [trouble]
    strict.sweep()

    strict.sweep(minutes=4)

    assert (strict.provider.asked, strict.row.status) == (3, "active")


def test_fault_33_an_answer_lost_after_rotation_ends_a_strict_grant_once(strict: Renewing) -> None:
    """Made by the provider, which loses its answer."""
    strict.pass_time(minutes=52)
    strict.provider.loses_answers = 1
    strict.sweep()
    before = strict.row.status

    for _ in range(4):
        strict.sweep(minutes=8)

    assert (before, strict.row.status, told().count("credential.expired")) == ("degraded", "expired", 1)


def test_fault_33_an_answer_lost_again_and_again_loses_no_grant_where_the_provider_overlaps(
    overlapping: Renewing,
) -> None:
    """Made by the provider, which loses its answers."""
    overlapping.pass_time(minutes=52)
    overlapping.provider.loses_answers = 3
    overlapping.sweep()

    overlapping.sweep(minutes=3)

    assert (overlapping.row.status, overlapping.token()) == ("active", "at.5")


@pytest.mark.parametrize("kind", ["overlapping", "strict"])
def test_fault_13_a_lease_whose_answer_was_lost_is_one_call_at_the_provider(
    request: pytest.FixtureRequest, kind: str
) -> None:
    """Made by a hook of botocore, which loses the answer of a write that was done."""
    renewing: Renewing = request.getfixturevalue(kind)
    renewing.pass_time(minutes=52)
    with fault("answer_lost", "TransactWriteItems", "lease_until"):
        left = renewing.sweep()

    for _ in range(2):
        renewing.sweep(minutes=6)

    assert len(left["batchItemFailures"]) == 1
    assert (renewing.provider.asked, renewing.row.generation, renewing.token()) == (2, 2, "at.2")


@pytest.mark.parametrize("kind", ["overlapping", "strict"])
def test_fault_34_a_worker_killed_before_the_call_costs_no_grant(request: pytest.FixtureRequest, kind: str) -> None:
    renewing: Renewing = request.getfixturevalue(kind)
    renewing.pass_time(minutes=52)
    with fault("killed_after", "TransactWriteItems", "lease_until"), pytest.raises(KilledError):
        renewing.sweep()

    for _ in range(3):
        renewing.sweep(minutes=6)

    assert (renewing.provider.asked, renewing.row.status, renewing.token()) == (2, "active", "at.2")


def test_fault_34_a_worker_killed_before_it_persists_costs_no_grant_where_the_provider_overlaps(
    overlapping: Renewing,
) -> None:
    """Made by a hook of botocore, which kills the worker."""
    overlapping.pass_time(minutes=52)
    with fault("killed_before", "TransactWriteItems", "#sealed"), pytest.raises(KilledError):
        overlapping.sweep()

    overlapping.sweep(minutes=2)
    overlapping.sweep(minutes=2)

    assert (overlapping.row.status, overlapping.token()) == ("active", "at.3")


def test_fault_34_a_worker_killed_before_it_persists_is_made_good_within_a_short_overlap(renewing: Renewing) -> None:
    renewing.provider.overlap = timedelta(seconds=75)
    renewing.connect(refresh="rotate_overlap", refresh_overlap_seconds=75)
    renewing.pass_time(minutes=52)
    with fault("killed_before", "TransactWriteItems", "#sealed"), pytest.raises(KilledError):
        renewing.sweep()

    # A minute is the nearest that a lease can be due; the worker that comes then sends for another itself.
    renewing.sweep(seconds=61)
    row = renewing.row
    assert row.due_at
    renewing.pass_time(seconds=9)
    delivered(renewing.functions, [{"credentialId": row.credential_id, "due": iso(row.due_at)}])

    assert (renewing.row.status, renewing.row.generation, renewing.token()) == ("active", 2, "at.3")


def test_fault_34_a_write_whose_answer_is_lost_is_recognised_as_its_own(strict: Renewing) -> None:
    strict.pass_time(minutes=61)
    with fault("answer_lost", "TransactWriteItems", "#sealed"):
        read = strict.token()

    assert (read, strict.row.generation, strict.row.spare, strict.provider.asked) == ("at.2", 2, None, 2)


@pytest.mark.parametrize("ahead", [timedelta(minutes=5), timedelta(minutes=-5)])
def test_fault_30_a_clock_that_goes_wrong_asks_nobody_twice(overlapping: Renewing, ahead: timedelta) -> None:
    """Made by the clock, which one of the workers reads five minutes off."""
    overlapping.pass_time(minutes=52)
    meanwhile: list[str] = []

    def elsewhere() -> None:
        overlapping.clock.ahead += ahead
        meanwhile.append(assembly.renewer().attempt(overlapping.row)[0])
        overlapping.clock.ahead -= ahead

    overlapping.provider.meanwhile = elsewhere
    overlapping.sweep()

    assert meanwhile in (["awaited"], ["elsewhere"])
    assert (overlapping.provider.asked, overlapping.row.generation, overlapping.row.spare) == (2, 2, None)


def test_fault_27_a_pair_that_comes_too_late_is_kept_as_the_spare(overlapping: Renewing) -> None:
    stalled(overlapping)

    row = overlapping.row
    opened = wiring.sealer().open(row.spare or b"", row.spare_context()).get_secret_value()
    assert (overlapping.token(), b"rt.2" in opened) == ("at.3", True)


def test_fault_35_a_refusal_tries_the_spare_before_it_is_believed(overlapping: Renewing) -> None:
    """Made by the provider."""
    stalled(overlapping)
    overlapping.provider.alive.discard("rt.3")

    overlapping.sweep(minutes=52)

    assert (overlapping.row.status, overlapping.row.spare, overlapping.token()) == ("active", None, "at.5")
    assert told() == ["credential.created"]


def test_fault_35_a_spare_that_comes_while_the_provider_refuses_is_tried(overlapping: Renewing) -> None:
    stalled(overlapping)
    row = overlapping.row
    spare = row.spare or b""
    wiring.credentials().change(row.changed(at=row.updated_at, spare=None), read=row)
    overlapping.provider.alive.discard("rt.3")
    overlapping.provider.before = lambda: wiring.credentials().keep_spare(overlapping.row, spare)
    overlapping.sweep(minutes=52)

    assert (overlapping.row.status, told()) == ("active", ["credential.created"])


def test_fault_36_a_spare_that_is_refused_too_ends_the_grant_once(overlapping: Renewing) -> None:
    stalled(overlapping)
    overlapping.provider.alive.clear()

    overlapping.sweep(minutes=52)
    asked = overlapping.provider.asked
    overlapping.sweep(minutes=10)

    assert (overlapping.row.status, overlapping.row.spare) == ("expired", None)
    assert (told().count("credential.expired"), overlapping.provider.asked) == (1, asked)


def test_a_pair_that_comes_after_the_refusal_brings_the_credential_back(strict: Renewing) -> None:
    strict.pass_time(minutes=52)
    with refused("TransactWriteItems", "#sealed"):
        strict.sweep()
    messages = strict.rescued()
    for _ in range(3):
        strict.sweep(minutes=6)
    dead = strict.row.status

    strict.rescue(messages)

    assert (dead, strict.row.status) == ("expired", "active")
    assert sorted(told()) == ["credential.created", "credential.expired", "credential.recovered"]


@pytest.mark.parametrize(("minutes", "status"), [(52, 200), (61, 503)])
def test_too_little_time_starts_nothing(overlapping: Renewing, minutes: int, status: int) -> None:
    overlapping.pass_time(minutes=minutes)

    answer = overlapping.read(context=LambdaContext(remaining=lambda: timedelta(seconds=19)))

    assert (answer.status, overlapping.provider.asked, overlapping.row.lease_until) == (status, 1, None)


def test_a_message_that_there_is_no_time_for_comes_again(overlapping: Renewing) -> None:
    overlapping.pass_time(minutes=52)
    row = overlapping.row
    body = json.dumps({"credentialId": row.credential_id, "due": row.due_at and row.due_at.isoformat()})
    record = {"messageId": "1", "body": body}

    answer = overlapping.functions.invoke(
        "renew", {"Records": [record]}, LambdaContext(remaining=lambda: timedelta(seconds=19))
    )

    assert (answer["batchItemFailures"], overlapping.provider.asked) == ([{"itemIdentifier": "1"}], 1)


def test_a_reader_gives_up_waiting_before_its_time_is_over(overlapping: Renewing) -> None:
    overlapping.pass_time(minutes=61)
    row = overlapping.row
    until = overlapping.clock.now() + timedelta(minutes=5)
    assert wiring.credentials().begin_renewal(row, lease_until=until, due_at=until)
    ends = overlapping.clock.now() + timedelta(seconds=28)

    answer = overlapping.read(context=LambdaContext(remaining=lambda: ends - overlapping.clock.now()))

    assert (answer.status, answer.body["code"]) == (503, "being_renewed")
    assert overlapping.clock.now() < ends


def test_what_is_said_twice_is_one_event(overlapping: Renewing) -> None:
    row = overlapping.row
    at = overlapping.clock.now()
    held = wiring.credentials().begin_renewal(row, lease_until=at, due_at=at)
    assert held
    change = renewal.expired(held, at=at, reason="refresh_token_rejected")
    keeper = assembly.outcome_keeper()
    keeper.settle(held, lambda _: change)
    back = overlapping.row
    wiring.credentials().change(back.changed(at=at, status="active", transitions=0, fence=back.fence), read=back)

    again = wiring.credentials().find(CredentialId(overlapping.credential_id))
    assert again
    keeper.settle(again, lambda now: renewal.expired(now, at=at, reason="refresh_token_rejected"))

    assert (overlapping.row.status, told().count("credential.expired")) == ("expired", 1)
