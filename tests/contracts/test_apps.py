"""The effective entry of an app, by any of its names."""

import pytest
from evergrant.catalogue.apps import LayeredApps
from evergrant.domain.app import App
from evergrant.ports.workspaces import Apps

from tests.builders import WORKSPACE, an_app, an_oauth_app
from tests.fakes.apps import FakeApps, FakeOAuthClients, FakeOwnApps

ACME = an_app(aliases=("Acme Inc.",))


def layered(*entries: App) -> Apps:
    own = FakeOwnApps(FakeOAuthClients())
    for each in entries:
        own.put(WORKSPACE, each)
    return LayeredApps(own)


@pytest.fixture(params=["fake", "layered"])
def apps(request: pytest.FixtureRequest) -> Apps:
    made = FakeApps if request.param == "fake" else layered
    return made(ACME, an_oauth_app())


@pytest.mark.parametrize("name", ["acme", "Acme Inc."])
def test_an_app_is_found_by_each_of_its_names(apps: Apps, name: str) -> None:
    assert apps.find(WORKSPACE, name) == ACME


@pytest.mark.parametrize("name", ["", "nothing", "../acme", "ACME"])
def test_what_nobody_defined_is_none(apps: Apps, name: str) -> None:
    assert apps.find(WORKSPACE, name) is None


def test_what_the_workspace_defined_comes_before_the_catalogue() -> None:
    catalogued = layered().find(WORKSPACE, "stripe")
    assert catalogued
    own = catalogued.model_copy(update={"name": "Ours"})

    found = layered(own).find(WORKSPACE, "stripe")

    assert found == own
