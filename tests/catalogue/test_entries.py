"""Every entry of the catalogue keeps the schema's promises."""

import re
from pathlib import Path

import pytest
from evergrant.catalogue.loader import FOLDER, load, load_all
from evergrant.catalogue.metadata import metadata
from evergrant.domain.app import PLACEHOLDER, App, OAuth2Method
from evergrant.domain.rendering import hosts, render, with_derived
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


FIRST = (
    *("shopify", "bigcommerce", "woocommerce", "klaviyo", "mailchimp", "hubspot", "salesforce", "quickbooks-online"),
    *(
        "xero",
        "netsuite",
        "slack",
        "google-sheets",
        "google-ads",
        "microsoft-outlook",
        "zendesk",
        "gorgias",
        "recharge",
    ),
    *("shipstation", "stripe", "paypal", "square", "amazon-selling-partner", "notion", "twilio", "github"),
)
OAUTH = [(app, way) for app in APPS for way in app.methods if isinstance(way, OAuth2Method)]


def test_the_first_twenty_five_are_there() -> None:
    assert len(FIRST) == 25
    assert set(FIRST) <= {app.slug for app in APPS}


@pytest.mark.parametrize(("app", "way"), OAUTH, ids=lambda each: getattr(each, "slug", ""))
def test_an_oauth_app_says_in_three_lines_how_a_client_is_registered(app: App, way: OAuth2Method) -> None:
    assert len(way.registration) == 3
    assert any(f"GET /apps/{app.slug}/client" in line for line in way.registration)


SAMPLES = {"shop": "shop", "login": "login", "instance": "na1", "dataCenter": "us6", "store": "shop.example.com"}


@pytest.mark.parametrize("app", APPS, ids=lambda app: app.slug)
def test_what_a_request_carries_can_be_filled_in(app: App) -> None:
    for way in app.methods:
        names = {each.name for each in way.properties} | way.derived() | {"accessToken"}
        values = {name: SAMPLES.get(name, "sample") for name in names}
        filled = with_derived(way.request, values)

        headers = [render(template, filled) for template in way.request.headers.values()]

        assert all("{" not in header for header in headers)
        assert hosts(way, values)


@pytest.mark.parametrize("app", APPS, ids=lambda app: app.slug)
def test_attack_21_a_value_in_a_host_matches_in_full_and_a_suffix_is_fixed(app: App) -> None:
    hostile = ("evil.example/", "a.b#", "x@evil.example", "evil.example?", "a\\b", "\uff41", "a..b", "")
    for way in app.methods:
        in_hosts = {name for url in (*way.urls(), *way.pages()) for name in PLACEHOLDER.findall(url.split("/", 3)[2])}
        for name, pattern in way.patterns().items():
            if name in in_hosts and pattern and not pattern.startswith("^https://"):
                assert [each for each in hostile if re.fullmatch(pattern, each) and each != "a..b"] == []
