"""Every entry of the catalogue keeps the schema's promises."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from evergrant.catalogue.loader import FOLDER, load, load_all
from evergrant.catalogue.metadata import metadata
from evergrant.domain.app import App, AuthMethod, Kept, OAuth1Method, OAuth2Method
from evergrant.domain.rendering import hosts, render, with_derived
from pydantic import ValidationError

APPS = load_all()
WAYS = [pytest.param(way, id=f"{app.slug}-{way.kind}") for app in APPS for way in app.methods]
REDIRECTS = [pytest.param(way, id=app.slug) for app in APPS for way in app.methods if isinstance(way, OAuth2Method)]
KEPT = {
    "dc": ("us6", "us6"),
    "instance": ("https://ada-dev-ed.my.salesforce.com", "ada-dev-ed.my"),
    "merchantId": ("QNAXZTNH4H2BT", "QNAXZTNH4H2BT"),
    "realmId": ("9130347246064609", "9130347246064609"),
    "sellingPartnerId": ("A3TH9S8BH6GOGM", "A3TH9S8BH6GOGM"),
    "teamId": ("T9TK3CUKW", "T9TK3CUKW"),
    "tenantId": ("fe79f7dd-b6d4-4a92-ba7b-538af6289c58", "fe79f7dd-b6d4-4a92-ba7b-538af6289c58"),
    "workspaceId": ("fe79f7dd-b6d4-4a92-ba7b-538af6289c58", "fe79f7dd-b6d4-4a92-ba7b-538af6289c58"),
}
"""What a provider gives on the way, as it gives it, and what of it is kept."""


def kept_of(app: App) -> list[Kept]:
    """What is kept of a connection to an app."""
    way = app.oauth2()
    return list(way.kept) if way else []


def sample(way: AuthMethod) -> dict[str, str]:
    """Values as a credential of that way would have them."""
    values = {each.name: each.default or each.placeholder or "sample" for each in way.properties}
    if isinstance(way, OAuth2Method):
        values |= {"accessToken": "token", "clientId": "client"}
        values |= dict.fromkeys(way.client_extra, "extra")
        values |= {each.name: KEPT[each.name][1] for each in way.kept}
    return with_derived(way.request, values)


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


def test_there_are_25_apps() -> None:
    assert len(APPS) == 25


@pytest.mark.parametrize("way", REDIRECTS)
def test_a_clients_registration_is_told_in_three_lines(way: OAuth2Method) -> None:
    assert len(way.registration) == 3


@pytest.mark.parametrize("way", WAYS)
def test_headers_and_hosts_come_out_of_sample_values(way: AuthMethod) -> None:
    values = sample(way)

    headers = {name: render(each, values) for name, each in way.request.headers.items()}
    found = hosts(way, values)

    assert headers or isinstance(way, OAuth1Method)
    assert "{" not in "".join(headers.values())
    assert found
    assert all(re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", host) for host in found)


@pytest.mark.parametrize("way", WAYS)
def test_what_stands_in_a_host_looks_like_its_placeholder(way: AuthMethod) -> None:
    addresses = "".join([*way.urls(), *way.pages()])
    guarded = [each for each in way.properties if each.pattern and f"{{{each.name}}}" in addresses]

    assert all(re.fullmatch(each.pattern or "", each.default or each.placeholder) for each in guarded)
    assert all(each.label and (each.help or each.placeholder) for each in way.properties)


@pytest.mark.parametrize("way", WAYS)
def test_a_probe_goes_to_a_host_that_the_secret_may_go_to(way: AuthMethod) -> None:
    values = sample(way)
    if way.probe is None:
        return

    url = urlsplit(render(way.probe.url or f"{way.request.base_url}{way.probe.path}", values))
    headers = way.probe.headers if way.probe.headers is not None else way.request.headers

    assert url.scheme == "https"
    assert url.netloc in hosts(way, values)
    assert all(render(each, values) for each in headers.values())
    assert not set(way.probe.alive) & set(way.probe.dead)
    assert way.probe.error or not way.probe.dead_errors


@pytest.mark.parametrize("way", REDIRECTS)
def test_a_probe_needs_nothing_that_it_brings_itself(way: OAuth2Method) -> None:
    brought = {each.name for each in way.kept if each.source == "probe"}
    if not brought:
        return

    assert way.probe
    headers = way.probe.headers if way.probe.headers is not None else way.request.headers
    used = [way.probe.url or f"{way.request.base_url}{way.probe.path}", *headers.values()]
    assert not any(f"{{{name}}}" in template for name in brought for template in used)


@pytest.mark.parametrize("way", REDIRECTS)
def test_a_page_and_its_parameters_need_only_what_is_known_before(way: OAuth2Method) -> None:
    before = {each.name for each in way.properties} | set(way.client_extra) | {"clientId"}
    templates = [way.authorization_endpoint, way.token_endpoint, *way.authorization_parameters.values()]

    assert set(re.findall(r"\{(\w+)\}", "".join(templates))) <= before


@pytest.mark.parametrize(("app", "name"), [(app, each.name) for app in APPS for each in kept_of(app)])
def test_what_a_provider_gives_is_kept(app: App, name: str) -> None:
    kept = next(each for each in kept_of(app) if each.name == name)
    given, expected = KEPT[name]

    match = re.fullmatch(kept.pattern, given)

    assert match
    assert match.group(match.re.groups and 1) == expected
    assert not re.fullmatch(kept.pattern, f"{given}/../evil.example")
    assert not re.fullmatch(kept.pattern, f"{given}\n")


def test_names_and_aliases_are_given_once() -> None:
    names = [name for app in APPS for name in (app.slug, *app.aliases)]

    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("alias", "slug"),
    [
        ("wooCommerce", "woocommerce"),
        ("bigCommerce", "bigcommerce"),
        ("quickbooks", "quickbooks-online"),
        ("google-sheet", "google-sheets"),
        ("outlook", "microsoft-outlook"),
        ("squareup", "square"),
    ],
)
def test_names_that_users_bring_along_are_known(alias: str, slug: str) -> None:
    found = load(alias)

    assert found
    assert found.slug == slug


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
        {
            "kind": "api_key",
            "properties": [{"name": "host", "label": "Host", "pattern": "^[a-z.]{1,60}$"}],
            "request": {"base_url": "https://{host}"},
        },
        {
            "kind": "api_key",
            "properties": [{"name": "host", "label": "Host", "pattern": "^(a.example|b.example)$"}],
            "request": {"base_url": "https://{host}"},
        },
        {"kind": "api_key", "probe": {"url": "https://x.example", "headers": {"A": "{unknown}"}}},
        {"kind": "api_key", "request": {"base_url": "https://x.example"}, "probe": {"path": "/{unknown}"}},
        {"kind": "oauth1", "realm": "{unknown}"},
        {
            "kind": "oauth2",
            "authorization_endpoint": "https://x.example/authorize",
            "token_endpoint": "https://x.example/token",
            "authorization_parameters": {"a": "{unknown}"},
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


def test_a_host_may_be_one_of_those_that_a_pattern_lists() -> None:
    pattern = r"^(a\.example|b\.example)$"
    method = {
        "kind": "api_key",
        "properties": [{"name": "host", "label": "Host", "pattern": pattern}],
        "request": {"base_url": "https://{host}"},
    }

    assert App.model_validate({**VALID, "methods": [method]}).methods[0].request.base_url == "https://{host}"
