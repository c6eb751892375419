"""A workspace's own apps and overrides."""

import pytest
from evergrant.domain.app import App
from evergrant.domain.errors import TooLargeError

from tests.builders import OTHER_WORKSPACE, WORKSPACE, a_client, an_app, an_oauth_app
from tests.fakes.storage import Storage


@pytest.mark.parametrize("app", [an_app(), an_app(aliases=("Acme Inc.",), categories=("crm",)), an_oauth_app()])
def test_an_app_is_found_by_its_slug_as_it_was_put(storage: Storage, app: App) -> None:
    storage.own_apps.put(WORKSPACE, app)

    assert storage.own_apps.find(WORKSPACE, app.slug) == app
    assert storage.own_apps.find(OTHER_WORKSPACE, app.slug) is None


@pytest.mark.parametrize("name", ["", "nothing", "Acme Inc.", "../acme", "x" * 3000])
def test_what_is_no_slug_of_an_app_is_none(storage: Storage, name: str) -> None:
    storage.own_apps.put(WORKSPACE, an_app(aliases=("Acme Inc.",)))

    assert storage.own_apps.find(WORKSPACE, name) is None


def test_an_app_is_named_by_its_aliases(storage: Storage) -> None:
    app = an_app(aliases=("Acme Inc.", "acme-two"))
    storage.own_apps.put(WORKSPACE, app)

    named = [storage.own_apps.named(WORKSPACE, each) for each in (*app.aliases, "acme", "nothing", "x" * 3000)]

    assert named == [app, app, None, None, None]
    assert storage.own_apps.named(OTHER_WORKSPACE, "acme-two") is None


def test_putting_replaces_the_entry_and_its_aliases(storage: Storage) -> None:
    storage.own_apps.put(WORKSPACE, an_app(aliases=("old", "both")))
    new = an_app(name="Acme anew", aliases=("both", "new"))

    storage.own_apps.put(WORKSPACE, new)

    assert storage.own_apps.find(WORKSPACE, "acme") == new
    assert [storage.own_apps.named(WORKSPACE, each) for each in ("old", "both", "new")] == [None, new, new]


def test_a_deleted_app_is_gone_with_its_aliases_and_deleting_again_is_nothing(storage: Storage) -> None:
    storage.own_apps.put(WORKSPACE, an_app(aliases=("acme-two",)))

    for _ in range(2):
        storage.own_apps.delete(WORKSPACE, "acme")

    assert storage.own_apps.find(WORKSPACE, "acme") is None
    assert storage.own_apps.named(WORKSPACE, "acme-two") is None
    assert storage.own_apps.all(WORKSPACE) == []


def test_all_are_the_workspaces_own(storage: Storage) -> None:
    mine = [an_app(aliases=("acme-two",)), an_oauth_app()]
    for each in reversed(mine):
        storage.own_apps.put(WORKSPACE, each)
    storage.own_apps.put(OTHER_WORKSPACE, an_app(name="theirs"))
    storage.clients.put(a_client())

    assert storage.own_apps.all(WORKSPACE) == mine


def test_the_apps_with_a_client_are_known_whoever_defined_them(storage: Storage) -> None:
    for app in ("acme-oauth", "xero"):
        storage.clients.put(a_client(app=app))
    storage.own_apps.put(WORKSPACE, an_app())

    assert storage.own_apps.with_client(WORKSPACE) == {"acme-oauth", "xero"}
    assert storage.own_apps.with_client(OTHER_WORKSPACE) == frozenset()


def test_fault_16_an_entry_that_is_too_large_is_refused_and_the_old_one_kept(storage: Storage) -> None:
    app = an_app()
    storage.own_apps.put(WORKSPACE, app)
    ways = [{**app.methods[0].model_dump(exclude_none=True), "id": f"way-{number}"} for number in range(20)]
    for each in ways:
        each["properties"] = [{"name": f"p{number}", "label": "P", "help": "h" * 200} for number in range(200)]
        each["request"] = {"base_url": "https://acme.example"}

    with pytest.raises(TooLargeError):
        storage.own_apps.put(WORKSPACE, an_app(*ways))

    assert storage.own_apps.find(WORKSPACE, "acme") == app
