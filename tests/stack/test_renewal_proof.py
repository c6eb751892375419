"""Renewals by processes of their own that race, die and stand still: what benchmarks/renewal shows in full size."""

from datetime import timedelta

import pytest

from benchmarks.renewal import kills, outages, readers, stalls


def test_fault_29_readers_at_once_ask_the_provider_once_for_each_expiry() -> None:
    """No fault but the crowd: a dozen processes, a provider that ends the grant on reuse."""
    seen = readers.read(credentials=4, expiries=12, readers=12)

    assert (seen.calls, seen.expiries) == (12, 12)
    assert (seen.lost, seen.unanswered, seen.unusable) == (0, 0, 0)


def test_without_leases_the_same_crowd_loses_grants() -> None:
    """The twin: what the proof would show if the lease were not there."""
    twin = readers.read(credentials=4, expiries=4, readers=12, leases=False)

    assert twin.lost > 0


def test_fault_34_readers_killed_at_any_moment_lose_no_grant_where_there_is_an_overlap() -> None:
    """Made by SIGKILL."""
    survived = kills.of_readers(credentials=4, kills=4, readers=12)

    assert survived.kills >= 4
    assert (survived.lost, survived.unusable) == (0, 0)


def test_fault_34_a_strict_grant_is_lost_with_a_worker_that_had_asked_and_with_no_other() -> None:
    """Made by SIGKILL, each worker a process for one invocation."""
    survived = kills.of_the_queue(credentials=10, kills=4)

    assert survived.kills >= 4
    assert 0 < survived.lost == survived.told <= survived.inside
    assert survived.unusable == 0


@pytest.mark.parametrize("overlap", [stalls.OVERLAP, timedelta(0)], ids=["overlap", "strict"])
def test_fault_27_a_holder_that_stands_still_beyond_its_lease_costs_no_grant(overlap: timedelta) -> None:
    """Made by SIGSTOP, when the provider has spent the token and not yet answered."""
    stalled = stalls.stalled(credentials=4, rounds=1, overlap=overlap)

    assert stalled.stalls == 1
    assert (stalled.lost, stalled.unusable) == (0, 0)


def test_fault_37_a_minute_without_writes_of_new_secrets_costs_no_grant() -> None:
    """Made by refusing them in the workers; the rescue queue is the emulator's."""
    outlived = outages.storage_refuses(credentials=4)

    assert (outlived.lost, outlived.statuses_changed) == (0, 0)
    assert outlived.calls == outlived.renewed == outlived.working_after == 4


def test_fault_03_and_38_five_minutes_without_the_key_mark_nothing_and_all_work_within_a_minute() -> None:
    """Made by disabling the emulator's key while everything comes due."""
    outlived = outages.key_is_off(credentials=4)

    assert outlived.codes == {"key_unavailable"}
    assert (outlived.lost, outlived.statuses_changed) == (0, 0)
    assert outlived.calls == outlived.renewed == outlived.working_after == 4
