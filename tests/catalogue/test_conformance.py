"""Each app of the catalogue goes its whole round against a provider that plays its entry."""

from collections.abc import Iterator
from contextlib import suppress

import pytest
from evergrant.catalogue.loader import FOLDER, load
from evergrant.domain.app import App, AuthMethod, OAuth2Method, StaticMethod

from tests.conformance.driving import Driven
from tests.functions.loopback import Loopback, provider


def ways() -> Iterator[object]:
    for path in sorted(FOLDER.glob("*.toml")):
        with suppress(ValueError):
            app = load(path.stem)
            assert app
            yield from (pytest.param(app, way, id=f"{app.slug}-{way.way}") for way in app.methods)


WAYS = list(ways())


@pytest.fixture(scope="module")
def server() -> Iterator[Loopback]:
    with provider() as running:
        yield running


@pytest.mark.parametrize(("app", "way"), WAYS)
def test_an_app_goes_its_whole_round(server: Loopback, app: App, way: AuthMethod) -> None:
    driven = Driven(app, way, server)

    try:
        secret = driven.connected()
        alive = driven.probed(secret)
        renewed = driven.renewed(secret)
        again = driven.probed(renewed) if renewed else alive
        told = driven.revoked(renewed or secret)
    finally:
        assert driven.played.trouble == []

    assert alive.verdict is (None if way.probe is None else True)
    assert again.verdict is alive.verdict
    assert renewed is not None or not _renews(way)
    assert driven.played.revoked == (1 if told else 0)
    if told and way.probe and way.probe.dead:
        assert driven.probed(renewed or secret).verdict is False


def _renews(way: AuthMethod) -> bool:
    return way.mints or (isinstance(way, OAuth2Method) and way.refresh != "none")


@pytest.mark.parametrize(("app", "way"), WAYS)
def test_a_secret_that_is_not_the_providers_is_found_out(server: Loopback, app: App, way: AuthMethod) -> None:
    if way.probe is None or not way.probe.dead or not isinstance(way, StaticMethod) or way.signature:
        pytest.skip("nothing to find out")
    driven = Driven(app, way, server)
    secret = driven.connected()
    driven.played.values |= {each.name: "another" for each in way.properties if each.secret}

    assert driven.probed(secret).verdict is False
