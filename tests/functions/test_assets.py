"""The modal's page, its parts and the SDK, as a browser gets them; and what the page shows."""

import base64
import gzip
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from evergrant.runtime import assets

from tests.functions.deployment import Answer, Functions
from tests.functions.modal import recognised, session

ORIGINS = ["https://shop.example", "https://admin.example:8443"]
PAGE = (
    '<!doctype html><meta name="evergrant" data-base="{{base}}" data-workspace="{{workspace}}" '
    'data-origins="{{origins}}"><style>{{style}}</style><link rel="modulepreload" '
    'href="{{assets}}/texts/{{language}}.js"><script type="module" src="{{assets}}/main.js"></script>'
)
STYLE = "ul > li { color: #123; }"


@pytest.fixture(autouse=True)
def files(functions: Functions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for name, content in {
        "modal/index.html": PAGE,
        "modal/modal.css": STYLE,
        "modal/main.js": "import './texts/de.js';",
        "modal/texts/de.js": "export default {};",
        "modal/secrets.env": "no",
        "sdk/evergrant.js": "export const Evergrant = 1;",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8")
    monkeypatch.setattr(assets, "root", lambda: tmp_path)
    assets.folder.cache_clear()
    functions.call("workspace", "PUT", "/workspace", {"name": 'Shop "&', "origins": ORIGINS})
    yield tmp_path
    assets.folder.cache_clear()


def got(functions: Functions, path: str, **more: Any) -> Answer:
    return functions.call("connect_assets", "GET", path, authorizer={}, **more)


def page(functions: Functions, workspace: str = "") -> Answer:
    query = {"workspace": workspace or functions.workspace_id}
    return got(functions, "/connect", query=query, headers={"accept": "text/html"})


def policy(answer: Answer) -> dict[str, list[str]]:
    parts = [each.split() for each in answer.headers["content-security-policy"].split(";")]
    return {name: values for name, *values in parts}


def test_the_page_knows_where_it_is_and_whom_it_may_talk_to(functions: Functions) -> None:
    shown = page(functions)

    place = f"/connect/assets/{assets.folder('modal').hash}"
    assert shown.headers["content-type"].startswith("text/html")
    assert f'src="{place}/main.js"' in shown.body
    assert f'data-origins="{" ".join(ORIGINS)}"' in shown.body
    assert f'data-workspace="{functions.workspace_id}"' in shown.body
    assert "{{" not in shown.body


def test_attack_64_only_the_workspaces_origins_frame_the_page(functions: Functions) -> None:
    shown = page(functions)

    assert policy(shown)["frame-ancestors"] == ORIGINS
    assert "x-frame-options" not in shown.headers


def test_attack_64_a_workspace_without_origins_is_framed_by_nobody(functions: Functions) -> None:
    functions.call("workspace", "PUT", "/workspace", {"name": "Shop"})

    assert policy(page(functions))["frame-ancestors"] == ["'none'"]


@pytest.mark.parametrize("workspace", ["ws_nobody", "x; script-src *", "ws_" + "0" * 36, " "])
def test_attack_64_an_unknown_workspace_has_no_page(functions: Functions, workspace: str) -> None:
    shown = page(functions, workspace)

    assert shown.status == 404
    assert policy(shown)["frame-ancestors"] == ["'none'"]


def test_attack_65_nothing_runs_that_is_not_ours(functions: Functions) -> None:
    found = policy(page(functions))

    assert found["default-src"] == ["'none'"]
    assert all(found[name] == ["'self'"] for name in ("script-src", "connect-src", "img-src"))
    assert (found["base-uri"], found["form-action"]) == (["'none'"], ["'self'"])
    assert (found["require-trusted-types-for"], found["trusted-types"]) == (["'script'"], ["'none'"])


def test_the_style_is_in_the_page_and_no_other_may_be(functions: Functions) -> None:
    """The first paint waits for nothing but the page itself."""
    shown = page(functions)

    digest = base64.b64encode(hashlib.sha384(STYLE.encode()).digest()).decode()
    assert f"<style>{STYLE}</style>" in shown.body
    assert policy(shown)["style-src"] == [f"'sha384-{digest}'"]


def test_the_page_is_packed_for_whom_it_may_be(functions: Functions) -> None:
    headers = {"accept": "text/html", "accept-encoding": "gzip, br"}

    query = {"workspace": functions.workspace_id}
    sent = functions.invoke("connect_assets", functions.event("GET", "/connect", query=query, headers=headers))

    assert sent["multiValueHeaders"]["content-encoding"] == ["gzip"]
    assert sent["multiValueHeaders"]["vary"] == ["accept-encoding, accept-language"]
    assert STYLE in gzip.decompress(base64.b64decode(sent["body"])).decode()


@pytest.mark.parametrize(("accepted", "language"), [("de-CH, en;q=0.5", "de"), ("xx", "en"), ("", "en")])
def test_the_texts_that_the_browser_will_want_come_along(functions: Functions, accepted: str, language: str) -> None:
    query = {"workspace": functions.workspace_id}

    shown = got(functions, "/connect", query=query, headers={"accept": "text/html", "accept-language": accepted})

    assert f'href="/connect/assets/{assets.folder("modal").hash}/texts/{language}.js"' in shown.body


def test_attack_67_the_workspaces_logo_is_a_picture_and_nothing_else(functions: Functions) -> None:
    branding = {"logo": "https://cdn.example/logo.svg"}
    functions.call("workspace", "PUT", "/workspace", {"name": "Shop", "branding": branding})

    found = policy(page(functions))

    assert found["img-src"] == ["'self'", "https://cdn.example"]
    assert found["script-src"] == ["'self'"]


def test_attack_66_the_frame_says_its_origin_alone_and_sets_no_cookie(functions: Functions) -> None:
    shown = page(functions)

    assert shown.headers["referrer-policy"] == "strict-origin"
    assert not {"set-cookie", "cross-origin-opener-policy"} & set(shown.headers)


def test_parts_are_kept_for_ever_under_their_hash(functions: Functions, files: Path) -> None:
    place = f"/connect/assets/{assets.folder('modal').hash}"
    before = got(functions, f"{place}/texts/de.js")
    (files / "modal/main.js").write_text("changed", "utf-8")
    assets.folder.cache_clear()

    after = got(functions, f"{place}/texts/de.js")

    assert (before.status, before.body) == (200, "export default {};")
    assert before.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert before.headers["content-type"] == "text/javascript; charset=utf-8"
    assert before.headers["x-content-type-options"] == "nosniff"
    assert after.status == 404


@pytest.mark.parametrize(
    "name", ["index.html", "secrets.env", "../sdk/evergrant.js", "%2e%2e/sdk/evergrant.js", "", "x"]
)
def test_attack_41_no_other_file_is_served(functions: Functions, name: str) -> None:
    place = f"/connect/assets/{assets.folder('modal').hash}"

    assert [got(functions, f"{each}{name}").status for each in (f"{place}/", "/connect/", "/sdk/../modal/")] == [
        404
    ] * 3


def test_parts_travel_compressed(functions: Functions) -> None:
    place = f"/connect/assets/{assets.folder('modal').hash}/main.js"
    event = functions.event("GET", place, headers={"accept-encoding": "gzip, br"}, authorizer={})

    sent = functions.invoke("connect_assets", event)

    assert sent["multiValueHeaders"]["content-encoding"] == ["gzip"]
    assert sent["isBase64Encoded"] is True
    assert gzip.decompress(base64.b64decode(sent["body"])) == b"import './texts/de.js';"


def test_attack_68_the_sdk_has_a_published_hash(functions: Functions) -> None:
    published = got(functions, "/sdk/integrity.json").body
    path = published["url"].removeprefix("https://evergrant.example")

    pinned, plain = got(functions, path), got(functions, "/sdk/evergrant.js")

    assert published["files"]["evergrant.js"]["integrity"] == published["integrity"]
    digest = base64.b64encode(hashlib.sha384(pinned.body.encode()).digest()).decode()
    assert published["integrity"] == f"sha384-{digest}"
    assert pinned.body == plain.body
    assert "immutable" in pinned.headers["cache-control"]
    assert plain.headers["cache-control"] == "public, max-age=300"
    assert pinned.headers["access-control-allow-origin"] == "*"


def shown_to(functions: Functions, **more: object) -> Any:
    made = functions.call("connect_sessions", "POST", "/connect/sessions", {"userId": "ada", **more})
    who = recognised(functions, made.body["token"])
    return functions.call("connect_session", "GET", "/connect/session", authorizer=who).body


def test_the_modal_is_shown_all_that_it_needs(functions: Functions) -> None:
    functions.call("users", "POST", "/users", {"username": "ada", "fullName": "Ada"})
    branding = {"accent": "#aa3300", "theme": "dark"}
    functions.call("workspace", "PUT", "/workspace", {"name": "Shop", "branding": branding, "origins": ORIGINS})
    credential = {"type": "klaviyo", "data": {"apiKey": "pk_canary"}}
    functions.call("create_credential", "POST", "/credentials", {"userId": "ada", "credential": credential})

    shown = shown_to(functions, apps=["klaviyo"], locale="de-AT")

    (app,) = shown["apps"]
    (there,) = shown["credentials"]
    assert app["icon"] == "https://evergrant.example/logos/klaviyo.svg"
    assert {each["kind"]: each["isRedirect"] for each in app["ways"]} == {"oauth2": True, "api_key": False}
    assert [each["name"] for each in app["properties"]] == ["apiKey"]
    assert (there["status"], there["reusable"], there["missingScopes"]) == ("active", True, [])
    assert (shown["user"]["fullName"], shown["locale"], shown["hosted"]) == ("Ada", "de-AT", False)
    assert shown["branding"] == {"name": "Shop", **branding}
    assert (shown["workspaceId"], shown["origins"]) == (functions.workspace_id, ORIGINS)
    assert "pk_canary" not in json.dumps(shown)


def test_all_apps_are_shown_in_brief_and_one_in_full(functions: Functions) -> None:
    functions.call("users", "POST", "/users", {"username": "ada"})
    who = session(functions)

    shown = shown_to(functions)
    one = functions.call("connect_session", "GET", "/connect/apps/klaviyo", authorizer=who)

    assert len(shown["apps"]) > 300
    assert len(json.dumps(shown)) < 100_000
    assert set(shown["apps"][0]) == {"name", "displayName", "icon", "isOauth", "isReady", "categories"}
    assert one.body["data"]["properties"][0]["name"] == "apiKey"


def test_an_app_is_ready_where_something_of_it_can_be_connected(functions: Functions) -> None:
    functions.call("users", "POST", "/users", {"username": "ada"})

    def ready() -> dict[str, bool]:
        return {each["name"]: each["isReady"] for each in shown_to(functions)["apps"]}

    before = ready()
    client = {"clientId": "id", "clientSecret": "secret"}
    functions.call("app_client", "PUT", "/apps/dropbox/client", client)
    (way,) = shown_to(functions, apps=["dropbox"])["apps"][0]["ways"]

    assert (before["dropbox"], before["klaviyo"]) == (False, True)
    assert (ready()["dropbox"], way["isReady"]) == (True, True)


def test_attack_10_a_session_sees_its_own_apps_alone(functions: Functions) -> None:
    functions.call("users", "POST", "/users", {"username": "ada"})
    who = session(functions, apps=["klaviyo"])

    answers = [
        functions.call("connect_session", "GET", f"/connect/apps/{each}", authorizer=who)
        for each in ("dropbox", "nobody")
    ]

    assert [each.status for each in answers] == [403, 404]


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "\u202egpj.exe"])
def test_attack_67_a_hostile_workspace_is_on_no_page_of_ours(functions: Functions, name: str) -> None:
    functions.call("workspace", "PUT", "/workspace", {"name": name, "origins": ORIGINS})

    assert name not in page(functions).body
