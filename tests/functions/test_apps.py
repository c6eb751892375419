"""A workspace's own apps and overrides."""

from typing import Any

import pytest

from tests.functions.deployment import Functions
from tests.functions.keys import connect

OWN: dict[str, Any] = {
    "slug": "my-erp",
    "name": "My ERP",
    "docs_url": "https://erp.example/docs",
    "methods": [
        {
            "kind": "api_key",
            "properties": [{"name": "apiKey", "label": "API key"}],
            "request": {"base_url": "https://api.erp.example", "headers": {"X-Key": "{apiKey}"}},
        }
    ],
}


def test_an_own_app_is_used_like_any_other_and_forgotten(functions: Functions) -> None:
    put = functions.call("apps", "PUT", "/apps/my-erp", OWN)
    made = connect(functions, type="my-erp", data={"apiKey": "k"})
    token = functions.call("fresh_token", "POST", f"/credentials/{made.body['credentialId']}/token")
    deleted = functions.call("apps", "DELETE", "/apps/my-erp")
    after = functions.call("apps", "GET", "/apps/my-erp")

    assert (put.status, put.body["source"]) == (200, "own")
    assert token.body["headers"] == {"X-Key": "k"}
    assert (deleted.status, after.status) == (200, 404)


def test_an_override_never_receives_a_secret_that_was_sealed_for_other_hosts(functions: Functions) -> None:
    made = connect(functions)
    entry = functions.call("apps", "GET", "/apps/klaviyo").body
    entry["methods"][-1]["request"]["base_url"] = "https://collector.example"

    put = functions.call("apps", "PUT", "/apps/klaviyo", entry)
    token = functions.call("fresh_token", "POST", f"/credentials/{made.body['credentialId']}/token")

    assert put.body["source"] == "override"
    assert (token.status, token.body["code"]) == (424, "app_changed")


def test_a_warm_token_route_sees_an_override_at_once(functions: Functions) -> None:
    path = f"/credentials/{connect(functions).body['credentialId']}/token"
    entry = functions.call("apps", "GET", "/apps/klaviyo").body
    entry["methods"][-1]["request"]["params"] = {"late": "yes"}
    functions.call("fresh_token", "POST", path)
    functions.call("apps", "PUT", "/apps/klaviyo", entry)

    answer = functions.call("fresh_token", "POST", path)

    assert answer.body["params"] == {"late": "yes"}


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        ({"slug": "other"}, "slug"),
        ({"surprise": 1}, "surprise"),
        ({"docs_url": "http://127.0.0.1/docs"}, "docs_url"),
        ({"methods": []}, "methods"),
    ],
)
def test_an_entry_that_breaks_the_schema_is_refused_by_its_path(
    functions: Functions, changed: dict[str, Any], path: str
) -> None:
    answer = functions.call("apps", "PUT", "/apps/my-erp", {**OWN, **changed})

    assert answer.status == 422
    assert answer.body["details"][0]["path"] == path


def test_attack_36_an_own_app_is_its_workspaces_alone(functions: Functions) -> None:
    functions.call("apps", "PUT", "/apps/my-erp", OWN)
    other = functions.invoke("admin", {"action": "create_workspace", "name": "Other", "environment": "production"})
    stranger = {"workspaceId": other["workspaceId"], "apiKeyId": other["apiKeyId"], "scopes": functions.scopes}

    assert functions.call("apps", "GET", "/apps/my-erp", authorizer=stranger).status == 404


def listed(functions: Functions, **more: Any) -> dict[str, Any]:
    found = functions.call("app_metadata", "GET", "/headless/metadata/credentials", **more).body["data"]
    assert [each["name"] for each in found] == sorted(each["name"] for each in found)
    return {each["name"]: each for each in found}


def test_own_apps_and_overrides_are_listed_for_their_workspace(functions: Functions) -> None:
    other = functions.invoke("admin", {"action": "create_workspace", "name": "Other", "environment": "production"})
    stranger = {"workspaceId": other["workspaceId"], "apiKeyId": other["apiKeyId"], "scopes": functions.scopes}
    before = listed(functions)
    override = {**functions.call("apps", "GET", "/apps/klaviyo").body, "name": "Our Klaviyo"}

    functions.call("apps", "PUT", "/apps/my-erp", OWN)
    functions.call("apps", "PUT", "/apps/klaviyo", override)

    after, theirs = listed(functions), listed(functions, authorizer=stranger)
    assert after.keys() - before.keys() == {"my-erp"}
    assert (after["my-erp"]["displayName"], after["klaviyo"]["displayName"]) == ("My ERP", "Our Klaviyo")
    assert theirs == before


def test_an_own_app_is_known_by_its_own_aliases(functions: Functions) -> None:
    functions.call("apps", "PUT", "/apps/my-erp", {**OWN, "aliases": ["myErp", "oldErp"]})
    made = connect(functions, type="myErp", data={"apiKey": "k"})
    shown = functions.call("app_metadata", "GET", "/metadata/credentials/oldErp")

    functions.call("apps", "PUT", "/apps/my-erp", {**OWN, "aliases": ["myErp"]})
    forgotten = functions.call("app_metadata", "GET", "/metadata/credentials/oldErp")
    functions.call("apps", "DELETE", "/apps/my-erp")
    gone = functions.call("app_metadata", "GET", "/metadata/credentials/myErp")

    assert (made.status, made.body["credential"]["type"]) == (201, "my-erp")
    assert (shown.status, shown.body["data"]["name"]) == (200, "my-erp")
    assert (forgotten.status, gone.status) == (404, 404)


@pytest.mark.parametrize("alias", ["activeCampaign", "active-campaign"])
def test_an_alias_of_the_catalogue_cannot_be_overridden_and_names_its_slug(functions: Functions, alias: str) -> None:
    answer = functions.call("apps", "PUT", f"/apps/{alias}", {**OWN, "slug": alias})

    assert answer.status == 422
    assert "PUT /apps/activecampaign" in answer.body["details"][0]["message"]


def test_no_alias_takes_the_name_of_another_app(functions: Functions) -> None:
    functions.call("apps", "PUT", "/apps/my-erp", {**OWN, "aliases": ["myErp"]})
    other = {**OWN, "slug": "other-erp", "aliases": ["fine", "klaviyo", "wooCommerce", "myErp", "my-erp"]}

    answer = functions.call("apps", "PUT", "/apps/other-erp", other)

    assert answer.status == 422
    assert [each["path"] for each in answer.body["details"]] == [f"aliases.{place}" for place in range(1, 5)]
