"""A workspace's settings: addresses that can be put into a header, a policy or a redirect as they are."""

from collections.abc import Iterator

import pytest

from tests.functions.deployment import Answer, Functions, forget_wiring
from tests.functions.test_webhooks import in_production


def put(functions: Functions, **settings: object) -> Answer:
    return functions.call("workspace", "PUT", "/workspace", {"name": "Shop", **settings})


BROKEN = [
    "https://x/a\r\nX-I: 1",
    "https://x/a b",
    "https://x/\0",
    "https://[::1",
    "https://:pw@x.com/",
    "http://x.com/",
]


@pytest.mark.parametrize("url", BROKEN)
@pytest.mark.parametrize("field", ["returnUrls", "reconnectUrl", "branding"])
def test_attack_50_no_page_splits_a_header(functions: Functions, field: str, url: str) -> None:
    settings: dict[str, tuple[str, object]] = {
        "returnUrls": ("returnUrls.1", ["https://shop.example/", url]),
        "reconnectUrl": ("reconnectUrl", url),
        "branding": ("branding.logo", {"logo": url}),
    }
    path, content = settings[field]

    answer = put(functions, **{field: content})

    assert (answer.status, answer.body["details"][0]["path"]) == (422, path)


@pytest.mark.parametrize(
    "origin", ["https://*", "https://a.com; script-src *", "https://a.com 'self'", "https://A.com", "https://a.com/"]
)
def test_attack_64_an_origin_that_is_not_exact_is_named(functions: Functions, origin: str) -> None:
    answer = put(functions, origins=["https://shop.example", origin])

    assert (answer.status, [each["path"] for each in answer.body["details"]]) == (422, ["origins.1"])


@pytest.mark.parametrize("accent", ["#12345", "#1234567", "#123456; x", "x#123456", "#123456\n"])
def test_an_accent_is_a_colour_and_nothing_else(functions: Functions, accent: str) -> None:
    answer = put(functions, branding={"accent": accent})

    assert (answer.status, answer.body["details"][0]["path"]) == (422, "branding.accent")


def test_what_an_owner_would_set_is_kept(functions: Functions) -> None:
    settings = {
        "origins": ["https://shop.example", "https://admin.shop.example:8443"],
        "returnUrls": ["https://shop.example/return?from=evergrant", "http://localhost:3000/return"],
        "reconnectUrl": "https://shop.example/settings?reconnect={credentialId}",
        "branding": {"accent": "#00aaFF", "logo": "https://shop.example/logo.svg", "theme": "auto"},
    }

    answer = put(functions, **settings)

    assert answer.status == 200, answer.body
    assert {name: answer.body[name] for name in settings} == settings


@pytest.fixture
def local_stack(functions: Functions, monkeypatch: pytest.MonkeyPatch) -> Iterator[Functions]:
    monkeypatch.setenv("ALLOW_LOOPBACK", "true")
    forget_wiring()
    yield functions


def test_an_origin_on_loopback_is_for_development_in_the_local_stack(local_stack: Functions) -> None:
    in_development = put(local_stack, origins=["http://127.0.0.1:3000"]).status
    in_production(local_stack)

    assert (in_development, put(local_stack, origins=["http://127.0.0.1:3000"]).status) == (200, 422)


def test_an_origin_on_loopback_is_not_for_a_deployment(functions: Functions) -> None:
    assert put(functions, origins=["http://127.0.0.1:3000"]).status == 422
