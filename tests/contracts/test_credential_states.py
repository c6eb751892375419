"""How all credentials are doing, page by page."""

from evergrant.domain.credential import Failure
from evergrant.ports.credentials import CredentialState

from tests.builders import HOUR, NOON, OTHER_WORKSPACE, SECOND, a_credential, an_id
from tests.contracts.credentials import FULL, kept, leased
from tests.fakes.storage import Storage


def found(storage: Storage) -> list[CredentialState]:
    """All pages."""
    after, states = None, list[CredentialState]()
    while True:
        page = storage.states.page(after)
        states += page.items
        after = page.next
        if after is None:
            return states


def test_where_there_is_nothing_nothing_is_found(storage: Storage) -> None:
    assert found(storage) == []


def test_each_says_how_it_is_doing(storage: Storage) -> None:
    kept(storage, FULL)

    assert found(storage) == [CredentialState("acme-oauth", "degraded", NOON + HOUR, None, "provider_error")]


def test_one_that_waits_for_nothing_and_never_failed_says_so(storage: Storage) -> None:
    kept(storage, a_credential())

    assert found(storage) == [CredentialState("acme", "active", None, None, None)]


def test_one_that_is_being_renewed_says_until_when(storage: Storage) -> None:
    leased(storage, kept(storage, a_credential()))

    assert [each.lease_until for each in found(storage)] == [NOON + 12 * SECOND]


def test_what_a_failure_said_is_its_code_alone(storage: Storage) -> None:
    kept(storage, a_credential(last_failure=Failure(NOON, "busy", "secret-canary", transient=True)))

    assert "secret-canary" not in str(found(storage))


def test_all_of_every_workspace_are_found_once(storage: Storage) -> None:
    for number in range(5):
        kept(storage, a_credential(credential_id=an_id("cred", number), app=f"app{number}"))
    kept(storage, a_credential(credential_id=an_id("cred", 5), app="app5", workspace_id=OTHER_WORKSPACE))

    assert sorted(each.app for each in found(storage)) == [f"app{number}" for number in range(6)]
