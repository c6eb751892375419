"""Workspaces, users and API keys."""

from dataclasses import replace

import pytest
from evergrant.domain.errors import ConflictError
from evergrant.domain.ids import ApiKeyId, UserId
from evergrant.domain.workspace import ApiKey, User, Workspace

from tests.builders import (
    ADA,
    BOB,
    DAY,
    KEY,
    NOON,
    OTHER_WORKSPACE,
    WORKSPACE,
    a_user,
    a_workspace,
    an_api_key,
    an_id,
)
from tests.fakes.storage import Storage

FULL_WORKSPACE = a_workspace(
    environment="development",
    origins=("https://shop.example",),
    reconnect_url="https://shop.example/again/{credentialId}",
    allow_unbound_oauth=False,
    branding={"accentColor": "#123456", "dark": {"on": True}},
)
FULL_USER = a_user(username="Ada Łovelace 🦉" * 15, full_name="Ada", email="ada@shop.example", tags=("vip",))
BARE_USER = a_user(email=None)


@pytest.mark.parametrize("workspace", [a_workspace(), FULL_WORKSPACE], ids=["plain", "full"])
def test_a_workspace_is_read_as_it_was_put_last(storage: Storage, workspace: Workspace) -> None:
    storage.directory.put_workspace(a_workspace(name="before", return_urls=()))

    storage.directory.put_workspace(workspace)

    assert storage.directory.workspace(WORKSPACE) == workspace
    assert storage.directory.workspace(OTHER_WORKSPACE) is None


@pytest.mark.parametrize("user", [FULL_USER, BARE_USER], ids=["full", "bare"])
def test_a_user_is_found_by_id_and_by_name_in_its_own_workspace(storage: Storage, user: User) -> None:
    storage.directory.create_user(user)

    found = [storage.directory.user(WORKSPACE, name) for name in (user.user_id, user.username)]
    elsewhere = [storage.directory.user(OTHER_WORKSPACE, name) for name in (user.user_id, user.username)]

    assert found == [user, user]
    assert elsewhere == [None, None]


@pytest.mark.parametrize("name", ["", "nobody", BOB, "usr_1", "x" * 5000])
def test_a_user_who_is_not_there_is_none(storage: Storage, name: str) -> None:
    storage.directory.create_user(a_user())

    assert storage.directory.user(WORKSPACE, name) is None


def test_a_name_belongs_to_one_user_of_a_workspace(storage: Storage) -> None:
    storage.directory.create_user(a_user())
    storage.directory.create_user(a_user(workspace_id=OTHER_WORKSPACE))

    with pytest.raises(ConflictError) as refused:
        storage.directory.create_user(a_user(user_id=BOB))

    assert refused.value.code == "username_taken"
    assert storage.directory.user(WORKSPACE, BOB) is None
    assert storage.directory.user(WORKSPACE, ADA) == a_user()


def test_an_id_is_used_once(storage: Storage) -> None:
    storage.directory.create_user(a_user())

    for name in (a_user().username, "another name"):
        with pytest.raises(ConflictError):
            storage.directory.create_user(a_user(username=name, full_name="second"))

    assert storage.directory.user(WORKSPACE, ADA) == a_user()
    assert storage.directory.user(WORKSPACE, "another name") is None


def test_a_new_name_replaces_the_old_one_which_is_free_again(storage: Storage) -> None:
    read = a_user()
    storage.directory.create_user(read)
    new = replace(read, username="countess", version=2)

    storage.directory.change_user(new, read=read)

    assert storage.directory.user(WORKSPACE, "countess") == new
    assert storage.directory.user(WORKSPACE, read.username) is None
    storage.directory.create_user(a_user(user_id=BOB))


def test_another_users_name_is_not_taken_over(storage: Storage) -> None:
    ada, bob = a_user(), a_user(user_id=BOB, username="bob")
    for each in (ada, bob):
        storage.directory.create_user(each)

    with pytest.raises(ConflictError) as refused:
        storage.directory.change_user(replace(ada, username="bob", version=2), read=ada)

    assert refused.value.code == "username_taken"
    assert storage.directory.user(WORKSPACE, "bob") == bob
    assert storage.directory.user(WORKSPACE, ADA) == ada


@pytest.mark.parametrize("username", ["ada@shop.example", "countess", "bob"])
def test_a_change_of_what_is_not_as_it_was_read_is_refused(storage: Storage, username: str) -> None:
    read = a_user()
    storage.directory.create_user(read)
    storage.directory.create_user(a_user(user_id=BOB, username="bob"))
    first = replace(read, full_name="first", version=2)
    storage.directory.change_user(first, read=read)

    with pytest.raises(ConflictError) as refused:
        storage.directory.change_user(replace(read, username=username, full_name="second", version=2), read=read)

    assert refused.value.code == "changed_meanwhile"
    assert storage.directory.user(WORKSPACE, ADA) == first


def test_a_deleted_user_is_gone_by_id_name_and_list_and_the_name_is_free(storage: Storage) -> None:
    read = a_user()
    storage.directory.create_user(read)

    storage.directory.delete_user(read)

    assert storage.directory.user(WORKSPACE, ADA) is None
    assert storage.directory.user(WORKSPACE, read.username) is None
    assert storage.directory.users(WORKSPACE, limit=10, after=None).items == []
    storage.directory.create_user(a_user(user_id=BOB))


@pytest.mark.parametrize("username", ["ada@shop.example", "countess"])
def test_a_delete_of_what_is_not_as_it_was_read_is_refused(storage: Storage, username: str) -> None:
    read = a_user()
    storage.directory.create_user(read)
    changed = replace(read, username=username, full_name="changed", version=2)
    storage.directory.change_user(changed, read=read)

    with pytest.raises(ConflictError):
        storage.directory.delete_user(read)

    assert storage.directory.user(WORKSPACE, username) == changed


def test_who_is_gone_is_not_deleted_again(storage: Storage) -> None:
    storage.directory.create_user(a_user())
    storage.directory.delete_user(a_user())

    with pytest.raises(ConflictError):
        storage.directory.delete_user(a_user())


def test_users_are_listed_in_the_order_of_creation_page_by_page(storage: Storage) -> None:
    ids = [UserId(an_id("usr", number)) for number in (3, 1, 2)]
    for each in ids:
        storage.directory.create_user(a_user(user_id=each, username=each))
    storage.directory.create_user(a_user(workspace_id=OTHER_WORKSPACE))

    first = storage.directory.users(WORKSPACE, limit=2, after=None)
    second = storage.directory.users(WORKSPACE, limit=2, after=first.next)

    assert [each.user_id for each in (*first.items, *second.items)] == sorted(ids)
    assert (len(first.items), second.next) == (2, None)


@pytest.mark.parametrize(
    "key", [an_api_key(), an_api_key(scopes=("proxy",), expires_at=NOON + DAY, revoked=True)], ids=["plain", "full"]
)
def test_an_api_key_is_read_as_it_was_put_last(storage: Storage, key: ApiKey) -> None:
    storage.directory.put_api_key(an_api_key(name="before"))

    storage.directory.put_api_key(key)

    assert storage.directory.api_key(KEY) == key
    assert storage.directory.api_keys(WORKSPACE, limit=10, after=None).items == [key]


@pytest.mark.parametrize("name", ["", "key_1", an_id("key", 9), an_id("usr")])
def test_an_api_key_that_is_not_there_is_none(storage: Storage, name: str) -> None:
    storage.directory.put_api_key(an_api_key())

    assert storage.directory.api_key(ApiKeyId(name)) is None


def test_api_keys_are_listed_in_the_order_of_creation_revoked_ones_too(storage: Storage) -> None:
    ids = [ApiKeyId(an_id("key", number)) for number in (3, 1, 2)]
    for each in ids:
        storage.directory.put_api_key(an_api_key(api_key_id=each, revoked=each == ids[0]))
    storage.directory.put_api_key(an_api_key(api_key_id=an_id("key", 4), workspace_id=OTHER_WORKSPACE))

    first = storage.directory.api_keys(WORKSPACE, limit=2, after=None)
    second = storage.directory.api_keys(WORKSPACE, limit=2, after=first.next)

    assert [each.api_key_id for each in (*first.items, *second.items)] == sorted(ids)
    assert second.next is None


def test_all_workspaces_are_found_and_nothing_else(storage: Storage) -> None:
    for each in (WORKSPACE, OTHER_WORKSPACE):
        storage.directory.put_workspace(a_workspace(workspace_id=each))
    storage.directory.create_user(a_user())

    found = storage.directory.workspaces(after=None)

    assert (sorted(found.items), found.next) == ([WORKSPACE, OTHER_WORKSPACE], None)
