"""Reading and rendering the values of a static credential."""

import pytest
from evergrant.catalogue.loader import load
from evergrant.domain.app import App
from evergrant.domain.errors import AppMisconfiguredError, CredentialExpiredError, ValidationFailedError
from evergrant.domain.rendering import hosts, render
from evergrant.domain.secret import Secret
from evergrant.use_cases.credentials.entry import IN_FORM, read_entry
from pydantic import SecretStr


def entry_of(slug: str, **data: str) -> tuple[App, dict[str, SecretStr]]:
    app = load(slug)
    assert app
    return app, {name: SecretStr(value) for name, value in data.items()}


def test_secrets_and_plain_values_are_told_apart() -> None:
    app, data = entry_of("gorgias", subdomain="ada-shop", username="ada@example.com", password="k")

    entry = read_entry(app, data, places=IN_FORM)

    assert entry.variables == {"subdomain": "ada-shop", "username": "ada@example.com"}
    assert hosts(entry.method, entry.variables) == ("ada-shop.gorgias.com",)


@pytest.mark.parametrize(
    "subdomain",
    ["attacker.tld/", "a.b#", "x@evil", "evil。com", "a\\b", "a:443", "..", "", "a\n", "A", "http://a"],
)
def test_attack_21_a_sub_domain_cannot_become_another_host(subdomain: str) -> None:
    app, data = entry_of("gorgias", subdomain=subdomain, username="ada", password="k")

    with pytest.raises(ValidationFailedError) as refusal:
        read_entry(app, data, places=IN_FORM)

    assert [detail.path for detail in refusal.value.details] == ["data.subdomain"]


@pytest.mark.parametrize("value", ["a\r\nX: y", "a\nb", "a\0b"])
def test_attack_50_a_line_break_never_reaches_a_header(value: str) -> None:
    app, data = entry_of("klaviyo", apiKey=value)

    with pytest.raises(ValidationFailedError):
        read_entry(app, data, places=IN_FORM)
    with pytest.raises(AppMisconfiguredError):
        render("Bearer {apiKey}", {"apiKey": value})


def test_an_app_with_two_ways_takes_the_one_that_fits() -> None:
    app, data = entry_of("shopify", shop="ada", accessToken="shpat_" + "0" * 32)

    entry = read_entry(app, data, places=IN_FORM)

    assert (entry.method.kind, hosts(entry.method, entry.variables)) == ("api_key", ("ada.myshopify.com",))


@pytest.mark.parametrize(
    "url", ["https://evil.example/", "https://a.klaviyo.com.evil.example", "https://a.klaviyo.com:444"]
)
def test_a_secret_goes_only_to_the_hosts_that_were_sealed_with_it(url: str) -> None:
    app, data = entry_of("klaviyo", apiKey="k")
    entry = read_entry(app, data, places=IN_FORM)
    secret = Secret(values=entry.secrets, hosts=hosts(entry.method, entry.variables))

    secret.require_host("https://a.klaviyo.com/api/accounts/")
    with pytest.raises(CredentialExpiredError) as refusal:
        secret.require_host(url)

    assert refusal.value.code == "app_changed"
