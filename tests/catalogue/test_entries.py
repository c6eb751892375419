"""Every entry of the catalogue keeps the schema's promises."""

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import get_args
from urllib.parse import urlsplit

import pytest
from evergrant.catalogue.loader import FOLDER, load
from evergrant.catalogue.metadata import metadata
from evergrant.domain.app import App, AuthMethod, Kept, OAuth1Method, OAuth2Method, names_in
from evergrant.domain.rendering import hosts, render
from pydantic import BaseModel, ValidationError

from tests.catalogue.samples import given, known_before, sample, typed


def loaded() -> Iterator[App]:
    """Those that load; the others fail in a test of their own."""
    for path in sorted(FOLDER.glob("*.toml")):
        with suppress(ValueError):
            app = load(path.stem)
            assert app
            yield app


APPS = list(loaded())
WAYS = [pytest.param(way, id=f"{app.slug}-{way.way}") for app in APPS for way in app.methods]
PROBED = [pytest.param(way, id=f"{app.slug}-{way.way}") for app in APPS for way in app.methods if way.probe is not None]
PROBES_THAT_BRING = [
    pytest.param(way, id=f"{app.slug}-{way.way}")
    for app in APPS
    for way in app.methods
    if any(each.source == "probe" for each in way.brought())
]
REDIRECTS = [
    pytest.param(way, id=f"{app.slug}-{way.way}")
    for app in APPS
    for way in app.methods
    if isinstance(way, OAuth2Method) or (isinstance(way, OAuth1Method) and way.is_redirect)
]
KEPT = [
    pytest.param(each, id=f"{app.slug}-{way.way}-{each.name}")
    for app in APPS
    for way in app.methods
    for each in way.brought()
]


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.toml")), ids=lambda path: path.stem)
def test_an_entry_is_named_as_its_file_and_names_its_source(path: Path) -> None:
    app, text = load(path.stem), path.read_text("utf-8")

    assert app
    assert app.slug == path.stem
    assert re.match(r"# https://\S+\n", text)
    assert "docs.example.com" not in text, "write what the provider's own documentation says"


@pytest.mark.parametrize("app", APPS, ids=lambda app: app.slug)
def test_a_secret_is_asked_for_where_nothing_else_proves_who_asks(app: App) -> None:
    typed_in = [way for way in app.methods if not (isinstance(way, OAuth2Method | OAuth1Method) and way.registration)]

    assert all(any(each.secret for each in way.properties) or way.kind == "aws_sigv4" for way in typed_in)


@pytest.mark.parametrize("app", APPS, ids=lambda app: app.slug)
def test_metadata_has_the_contracts_shape(app: App) -> None:
    shown = metadata(app)

    assert shown["name"] == shown["connector"] == app.slug
    assert isinstance(shown["properties"], list)


def test_there_are_350_apps_and_four_of_five_can_be_proved_by_a_live_call() -> None:
    proved = [app for app in APPS if any(way.probe for way in app.methods)]

    assert len(APPS) >= 350
    assert len(proved) >= 0.8 * len(APPS)


@pytest.mark.parametrize("way", REDIRECTS)
def test_a_clients_registration_is_told_in_three_lines(way: OAuth2Method | OAuth1Method) -> None:
    assert len(way.registration) == 3


@pytest.mark.parametrize("way", WAYS)
def test_headers_and_hosts_come_out_of_sample_values(way: AuthMethod) -> None:
    values = sample(way)

    headers = {name: render(each, values) for name, each in way.request.headers.items()}
    found = hosts(way, values)

    signs = way.kind in ("oauth1", "aws_sigv4") or getattr(way, "signature", None)
    assert headers or way.request.params or signs
    assert "{" not in "".join(headers.values())
    assert found
    assert all(re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+(:\d+)?", host) for host in found)


@pytest.mark.parametrize("way", WAYS)
def test_what_stands_in_a_host_looks_like_its_placeholder(way: AuthMethod) -> None:
    named = names_in(*way.urls(), *way.pages())

    for each in way.properties:
        assert not each.guard or "…" in each.placeholder or re.fullmatch(each.guard, typed(each)), each.name
        assert each.name not in named or not each.secret, each.name
        assert each.help or each.placeholder, each.name


@pytest.mark.parametrize("way", PROBED)
def test_a_probe_goes_to_a_host_that_the_secret_may_go_to(way: AuthMethod) -> None:
    values = sample(way)
    assert way.probe

    url = urlsplit(render(way.probe.url or f"{way.request.base_url}{way.probe.path}", values))
    headers = way.probe.headers if way.probe.headers is not None else way.request.headers

    assert url.scheme == "https"
    assert url.netloc in hosts(way, values)
    assert all(render(each, values) for each in headers.values())


@pytest.mark.parametrize("way", PROBES_THAT_BRING)
def test_a_probe_needs_nothing_that_it_brings_itself(way: AuthMethod) -> None:
    brought = {each.name for each in way.brought() if each.source == "probe"}
    assert way.probe

    headers = way.probe.headers if way.probe.headers is not None else way.request.headers
    used = [way.probe.url or f"{way.request.base_url}{way.probe.path}", *headers.values()]
    assert not brought & names_in(*used)


@pytest.mark.parametrize("way", REDIRECTS)
def test_a_page_and_its_parameters_need_only_what_is_known_before(way: OAuth2Method | OAuth1Method) -> None:
    templates = [way.authorization_endpoint or "", *way.authorization_parameters.values()]

    assert names_in(*templates) <= known_before(way)


@pytest.mark.parametrize("way", REDIRECTS)
def test_a_code_is_exchanged_with_what_the_redirect_brought_at_most(way: OAuth2Method | OAuth1Method) -> None:
    redirected = {each.name for each in way.brought() if each.source == "redirect"}

    assert names_in(way.token_endpoint or "") <= known_before(way) | redirected


@pytest.mark.parametrize("kept", KEPT)
def test_what_a_provider_gives_is_kept(kept: Kept) -> None:
    assert given(kept)
    assert not re.fullmatch(kept.pattern, f"{kept.example}\n")
    assert kept.secret or not re.fullmatch(kept.pattern, f"{kept.example}/../evil.example")


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
        "properties": [{"name": "host", "label": "Host", "pattern": pattern, "secret": False}],
        "request": {"base_url": "https://{host}"},
    }

    assert App.model_validate({**VALID, "methods": [method]}).methods[0].request.base_url == "https://{host}"


def test_every_field_of_the_schema_is_explained() -> None:
    text = (FOLDER.parent / "README.md").read_text("utf-8")
    explained = {word for code in re.findall(r"`([^`]+)`", text) for word in re.findall(r"\w+", code)}

    assert _fields(App) > {"slug", "token_request_names", "requests", "multiline", "account_id"}
    assert _fields(App) - explained == set()


def _fields(shape: object) -> set[str]:
    """Of a model, and of all that its fields hold."""
    if isinstance(shape, type) and issubclass(shape, BaseModel):
        inner = (_fields(each.annotation) for each in shape.model_fields.values())
        return set(shape.model_fields).union(*inner)
    return set[str]().union(*map(_fields, get_args(shape)))
