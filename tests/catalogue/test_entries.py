"""Every entry of the catalogue keeps the schema's promises."""

import re
from pathlib import Path

import pytest
from evergrant.catalogue.loader import FOLDER, load, load_all
from evergrant.catalogue.metadata import metadata
from evergrant.domain.app import App, OAuth2Method
from pydantic import ValidationError

APPS = load_all()


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.toml")), ids=lambda path: path.stem)
def test_an_entry_is_named_as_its_file_and_names_its_source(path: Path) -> None:
    app = load(path.stem)

    assert app
    assert app.slug == path.stem
    assert re.match(r"# https://\S+\n", path.read_text("utf-8"))


@pytest.mark.parametrize("app", APPS, ids=lambda app: app.slug)
def test_attack_07_every_redirect_uses_s256(app: App) -> None:
    ways = [way for way in app.methods if isinstance(way, OAuth2Method)]

    assert all("S256" in way.code_challenge_methods_supported for way in ways)


@pytest.mark.parametrize("app", APPS, ids=lambda app: app.slug)
def test_metadata_has_the_contracts_shape(app: App) -> None:
    shown = metadata(app)

    assert shown["name"] == shown["connector"] == app.slug
    assert isinstance(shown["properties"], list)


def test_names_and_aliases_are_given_once() -> None:
    names = [name for app in APPS for name in (app.slug, *app.aliases)]

    assert len(names) == len(set(names))


def test_alloys_names_are_known() -> None:
    found = load("wooCommerce")

    assert found
    assert found.slug == "woocommerce"


@pytest.mark.parametrize("slug", ["../apps/stripe", "stripe.toml", "", "STRIPE", "a" * 65, "stripe\0"])
def test_a_name_cannot_leave_the_catalogue(slug: str) -> None:
    assert load(slug) is None


VALID: dict[str, object] = {"slug": "x", "name": "X", "docs_url": "https://x.example/docs"}


@pytest.mark.parametrize(
    "method",
    [
        {"kind": "api_key", "request": {"base_url": "http://x.example"}},
        {"kind": "api_key", "request": {"base_url": "https://user@x.example"}},
        {"kind": "api_key", "request": {"headers": {"A": "{unknown}"}}},
        {"kind": "api_key", "request": {"headers": {"A\r\nB": "c"}}},
        {
            "kind": "api_key",
            "properties": [{"name": "shop", "label": "Shop"}],
            "request": {"base_url": "https://{shop}.x.example"},
        },
        {"kind": "api_key", "properties": [{"name": "a", "label": "A", "pattern": "^(a+)+$"}]},
        {"kind": "api_key", "properties": [{"name": "a", "label": "A", "pattern": "a+"}]},
        {"kind": "api_key", "properties": [{"name": "a", "label": "A"}, {"name": "a", "label": "A"}]},
        {"kind": "magic"},
        {"kind": "api_key", "surprise": True},
    ],
)
def test_attack_74_an_entry_that_breaks_the_schema_is_refused(method: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        App.model_validate({**VALID, "methods": [method]})
