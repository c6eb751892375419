"""The owners' OAuth clients."""

import pytest
from evergrant.domain.client import OAuthClient
from evergrant.domain.errors import TooLargeError
from pydantic import SecretStr

from tests.builders import OTHER_WORKSPACE, WORKSPACE, a_client
from tests.fakes.storage import Storage

FULL = a_client(
    scopes=("read", "write"),
    extra={"developerToken": SecretStr("extra-secret")},
    hosts=frozenset({"acme.example", "api.acme.example"}),
)
PUBLIC = a_client(client_secret=None, hosts=frozenset())


@pytest.mark.parametrize("client", [a_client(), FULL, PUBLIC], ids=["plain", "full", "public"])
def test_a_client_is_found_as_it_was_put_last(storage: Storage, client: OAuthClient) -> None:
    storage.clients.put(a_client(client_id="before", scopes=("old",)))

    storage.clients.put(client)

    assert storage.clients.find(WORKSPACE, client.app) == client


@pytest.mark.parametrize("app", ["other", "", "x" * 100])
def test_a_client_is_of_one_app_in_one_workspace(storage: Storage, app: str) -> None:
    storage.clients.put(a_client())

    assert storage.clients.find(WORKSPACE, app) is None
    assert storage.clients.find(OTHER_WORKSPACE, "acme-oauth") is None


def test_a_deleted_client_is_gone_and_deleting_again_is_nothing(storage: Storage) -> None:
    storage.clients.put(a_client())
    storage.clients.put(a_client(app="other"))

    for _ in range(2):
        storage.clients.delete(WORKSPACE, "acme-oauth")

    assert storage.clients.find(WORKSPACE, "acme-oauth") is None
    assert storage.clients.find(WORKSPACE, "other") == a_client(app="other")


def test_fault_16_a_client_that_is_too_large_is_refused_and_the_old_one_kept(storage: Storage) -> None:
    storage.clients.put(a_client())

    with pytest.raises(TooLargeError):
        storage.clients.put(a_client(scopes=("x" * 400_000,)))

    assert storage.clients.find(WORKSPACE, "acme-oauth") == a_client()
