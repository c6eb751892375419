"""The list of apps: paged on the plain route, whole on Alloy's, and never larger than an answer may be."""

import json

from evergrant.catalogue.loader import load_all

from tests.functions.deployment import Functions


def test_pages_have_every_app_once_and_stay_small(functions: Functions) -> None:
    names, cursor, sizes = list[str](), None, list[int]()

    while True:
        query = {"limit": "100"} | ({"cursor": cursor} if cursor else {})
        answer = functions.call("app_metadata", "GET", "/metadata/credentials", query=query)
        names += [each["name"] for each in answer.body["data"]]
        sizes.append(len(json.dumps(answer.body)))
        cursor = answer.body["nextCursor"]
        if cursor is None:
            break

    assert names == sorted({app.slug for app in load_all()})
    assert max(sizes) < 256 * 1024


def test_alloys_route_has_them_all_at_once(functions: Functions) -> None:
    answer = functions.call("app_metadata", "GET", "/2024-03/metadata/credentials")

    assert len(answer.body["data"]) == len(load_all())
    assert "nextCursor" not in answer.body


def test_attack_48_a_cursor_of_another_workspace_is_no_cursor(functions: Functions) -> None:
    first = functions.call("app_metadata", "GET", "/metadata/credentials", query={"limit": "5"}).body["nextCursor"]
    other = functions.invoke("admin", {"action": "create_workspace", "name": "Other", "environment": "production"})
    stranger = {"workspaceId": other["workspaceId"], "apiKeyId": other["apiKeyId"], "scopes": functions.scopes}

    answer = functions.call(
        "app_metadata", "GET", "/metadata/credentials", query={"cursor": first}, authorizer=stranger
    )

    assert (answer.status, answer.body["code"]) == (400, "unusable_cursor")


def test_an_app_has_an_icon_with_a_whole_address(functions: Functions) -> None:
    shown = functions.call("app_metadata", "GET", "/metadata/credentials/shopify").body["data"]
    svg = functions.call("logos", "GET", "/logos/shopify.svg", authorizer={})

    assert shown["icon"] == "https://evergrant.example/logos/shopify.svg"
    assert (svg.status, svg.headers["content-type"]) == (200, "image/svg+xml")


def test_attack_67_a_logo_of_an_odd_name_is_a_letter_and_no_markup(functions: Functions) -> None:
    svg = functions.call("logos", "GET", "/logos/<script>alert(1)<", authorizer={})

    assert "<script" not in str(svg.body)
