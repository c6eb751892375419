"""A deletion: unreadable at once, revoked where that can be done, and never dropped on the way."""

from datetime import timedelta
from typing import Any

import pytest
from evergrant.domain.caller import SYSTEM
from evergrant.domain.credential import Credential
from evergrant.domain.due import partitions
from evergrant.domain.errors import NotFoundError, ProviderError, UnavailableError
from evergrant.use_cases.credentials.cleanup import (
    DELETION_TAKES,
    GIVE_UP_AFTER,
    PAGE,
    delete_user_credentials,
    finish_deletion,
)
from evergrant.use_cases.credentials.delete import FOUND_AGAIN, Deleted, delete_credential, forget
from evergrant.use_cases.credentials.delete import PAGE as SHARED_PAGE

from tests.builders import (
    ADA,
    CREDENTIAL,
    HOUR,
    MINUTE,
    NOON,
    OTHER_CREDENTIAL,
    SECOND,
    WORKSPACE,
    a_grant,
    a_user,
    an_id,
)
from tests.fakes.deployment import CALLER, FakeDeployment

TROUBLE = ProviderError("Not now.")


@pytest.fixture
def deployment() -> FakeDeployment:
    return FakeDeployment()


def ports(deployment: FakeDeployment) -> dict[str, Any]:
    return {
        "directory": deployment.storage.directory,
        "credentials": deployment.storage.credentials,
        "revoker": deployment.revoker,
        "clock": deployment.clock,
        "entropy": deployment.entropy,
    }


def forgotten(deployment: FakeDeployment, read: Credential) -> Deleted:
    return forget(read, actor=SYSTEM, revoke=True, **ports(deployment))


def finished(deployment: FakeDeployment) -> Deleted | None:
    return finish_deletion(CREDENTIAL, actor=SYSTEM, **ports(deployment))


def last_detail(deployment: FakeDeployment) -> dict[str, str]:
    """Of the newest line of the trail."""
    page = deployment.storage.audit.lines(WORKSPACE, credential_id=None, since=None, limit=1, after=None)
    return dict(page.items[0].detail)


def test_what_is_revoked_is_gone_and_told_once(deployment: FakeDeployment) -> None:
    row = deployment.kept(a_grant())

    outcome = delete_credential(CALLER, CREDENTIAL, user=None, revoke=True, **ports(deployment))

    assert outcome == Deleted(revoked=True)
    assert deployment.storage.credentials.find(row.credential_id) is None
    assert deployment.events() == deployment.trail() == ["credential.deleted"]
    assert last_detail(deployment) == {"revoked": "true"}


def test_another_users_credential_is_not_deleted(deployment: FakeDeployment) -> None:
    row = deployment.kept(a_grant())
    deployment.storage.directory.create_user(a_user(user_id=an_id("usr", 2), username="bob"))

    with pytest.raises(NotFoundError):
        delete_credential(CALLER, CREDENTIAL, user="bob", revoke=True, **ports(deployment))

    assert deployment.row(row) == row


def test_who_does_not_ask_for_it_revokes_nothing(deployment: FakeDeployment) -> None:
    deployment.kept(a_grant())

    outcome = delete_credential(CALLER, CREDENTIAL, user=None, revoke=False, **ports(deployment))

    assert outcome == Deleted(revoked=False, reason="not_asked")
    assert deployment.revoker.asked == []
    assert deployment.storage.credentials.find(CREDENTIAL) is None


def test_what_the_provider_does_not_take_is_unreadable_and_tried_again(deployment: FakeDeployment) -> None:
    row = deployment.kept(a_grant())
    deployment.revoker.trouble = TROUBLE

    outcome = forgotten(deployment, row)

    assert outcome == Deleted(revoked=None)
    assert deployment.storage.credentials.get(CREDENTIAL) is None
    assert deployment.row(row).due_at == NOON + MINUTE
    assert deployment.events() == ["credential.deleted"]


@pytest.mark.parametrize("written", [True, False])
def test_another_try_has_the_pair_that_the_try_before_it_was_given(
    deployment: FakeDeployment, monkeypatch: pytest.MonkeyPatch, *, written: bool
) -> None:
    """The refresh token before it may be spent: refused, the grant would look ended, and live on."""
    row = deployment.kept(a_grant())
    deployment.revoker.trouble, deployment.revoker.renews_to = TROUBLE, b"a newer pair"
    if not written:
        change = deployment.storage.credentials.change

        def away(new: Credential, **more: Any) -> None:
            if new.sealed == b"a newer pair" and new.deletion_told is False:
                raise UnavailableError
            change(new, **more)

        monkeypatch.setattr(deployment.storage.credentials, "change", away)

    forgotten(deployment, row)
    stored, deployment.revoker.trouble = deployment.row(row), None
    done = finished(deployment)

    assert (stored.sealed, done) == (b"a newer pair", Deleted(revoked=True))
    assert [each.sealed for each, _ in deployment.revoker.asked] == [row.sealed, b"a newer pair"]


def test_the_newer_pair_is_stored_before_the_provider_is_asked_further(deployment: FakeDeployment) -> None:
    """Whoever dies then leaves it to the next."""
    row = deployment.kept(a_grant())
    deployment.revoker.trouble, deployment.revoker.renews_to = KeyboardInterrupt(), b"a newer pair"

    with pytest.raises(KeyboardInterrupt):
        forgotten(deployment, row)

    assert (deployment.row(row).sealed, deployment.row(row).deleting) == (b"a newer pair", True)


def test_a_queued_revocation_ends_in_the_trail_and_is_told_to_no_receiver_twice(deployment: FakeDeployment) -> None:
    row = deployment.kept(a_grant())
    deployment.revoker.trouble = TROUBLE
    forgotten(deployment, row)
    again = finished(deployment)
    deployment.revoker.trouble = None

    done = finished(deployment)

    assert (again, done) == (Deleted(revoked=None), Deleted(revoked=True))
    assert deployment.storage.credentials.find(CREDENTIAL) is None
    assert deployment.events() == ["credential.deleted"]
    assert deployment.trail() == ["credential.deleted", "credential.deleted"]
    assert finished(deployment) is None


def test_what_nobody_deletes_is_not_finished(deployment: FakeDeployment) -> None:
    row = deployment.kept(a_grant())

    assert finished(deployment) is None
    assert deployment.row(row) == row


@pytest.mark.parametrize(
    ("after", "outcome"),
    [
        (GIVE_UP_AFTER - SECOND, Deleted(revoked=None)),
        (GIVE_UP_AFTER, Deleted(revoked=False, reason="revocation_failed")),
    ],
)
def test_it_is_tried_for_72_hours_from_the_first_moment(
    deployment: FakeDeployment, after: timedelta, outcome: Deleted
) -> None:
    deployment.revoker.trouble = TROUBLE
    forgotten(deployment, deployment.kept(a_grant()))
    deployment.clock.pass_(HOUR)
    finished(deployment)
    deployment.clock.at = NOON + after

    assert finished(deployment) == outcome


def test_fault_20_a_deletion_that_dies_on_the_way_is_found_by_the_sweep(deployment: FakeDeployment) -> None:
    row = deployment.kept(a_grant())
    deployment.revoker.trouble = KeyboardInterrupt()  # the process ends here

    with pytest.raises(KeyboardInterrupt):
        forgotten(deployment, row)

    at = NOON + FOUND_AGAIN
    minute = int(at.timestamp()) // 60
    found = [each for name in partitions(minute) for each in deployment.storage.credentials.due(name, until=at)]
    assert found == [(CREDENTIAL, at)]
    assert deployment.storage.credentials.get(CREDENTIAL) is None


def test_a_renewal_in_between_does_not_keep_it_alive(deployment: FakeDeployment) -> None:
    read = deployment.kept(a_grant())
    deployment.storage.credentials.begin_renewal(read, lease_until=NOON + SECOND, due_at=NOON + MINUTE)

    outcome = forgotten(deployment, read)

    assert outcome == Deleted(revoked=True)
    assert deployment.storage.credentials.find(CREDENTIAL) is None


def test_who_deletes_second_finds_nothing(deployment: FakeDeployment) -> None:
    read = deployment.kept(a_grant())
    forgotten(deployment, read)

    with pytest.raises(NotFoundError):
        forgotten(deployment, read)

    assert deployment.events() == ["credential.deleted"]


@pytest.mark.parametrize(
    ("other", "shared"),
    [
        ({"account_id": "acct"}, True),
        ({"account_id": "acct", "status": "degraded"}, True),
        ({"account_id": "acct", "status": "expired"}, False),
        ({"account_id": "other"}, False),
        ({"account_id": "acct", "app": "other"}, False),
        ({"account_id": "acct", "deleting": True}, False),
    ],
)
def test_a_grant_that_another_live_credential_rests_on_is_shared(
    deployment: FakeDeployment, other: dict[str, Any], *, shared: bool
) -> None:
    deployment.kept(a_grant(credential_id=OTHER_CREDENTIAL, **other))

    forgotten(deployment, deployment.kept(a_grant(account_id="acct")))

    assert [each for _, each in deployment.revoker.asked] == [shared]


def test_a_grant_is_shared_with_the_last_of_very_many(deployment: FakeDeployment) -> None:
    for number in range(SHARED_PAGE + 1):
        last = number == SHARED_PAGE
        deployment.kept(a_grant(credential_id=an_id("cred", 1000 + number), account_id="acct" if last else "other"))

    forgotten(deployment, deployment.kept(a_grant(account_id="acct")))

    assert [each for _, each in deployment.revoker.asked] == [True]


def cleaned(deployment: FakeDeployment) -> int:
    """Asked for at noon."""
    return delete_user_credentials(
        WORKSPACE, ADA, actor=SYSTEM, asked_at=NOON, tags=("vip",), cleanups=deployment.cleanups, **ports(deployment)
    )


def test_all_that_a_deleted_user_had_is_forgotten_and_a_second_run_does_nothing(deployment: FakeDeployment) -> None:
    for number in range(PAGE + 1):
        deployment.kept(a_grant(credential_id=an_id("cred", number)))
    deployment.storage.directory.delete_user(a_user())

    counts = [cleaned(deployment), cleaned(deployment)]

    assert counts == [PAGE + 1, 0]
    assert len(deployment.revoker.asked) == PAGE + 1


def test_while_the_user_is_there_nothing_is_touched_and_it_is_looked_at_again_for_a_while(
    deployment: FakeDeployment,
) -> None:
    row = deployment.kept(a_grant())

    first = cleaned(deployment)
    deployment.clock.pass_(DELETION_TAKES)
    second = cleaned(deployment)

    ((delay, message),) = deployment.cleanups.sent
    assert (first, second) == (0, 0)
    assert (delay, message["userId"], message["askedAt"]) == (5, ADA, "2026-11-24T12:00:00.000Z")
    assert deployment.row(row) == row


def test_what_storage_refuses_is_not_said_to_be_gone(deployment: FakeDeployment) -> None:
    row = deployment.kept(a_grant())
    deployment.revoker.trouble = UnavailableError()

    outcome = forgotten(deployment, row)

    assert outcome.revoked is None
    assert deployment.row(row).deleting
