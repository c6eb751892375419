"""What stands in an address: anything may be asked for, and what cannot be there is not there."""

import unicodedata

import pytest

from tests.functions.deployment import Functions

LONG = ["a" * 1_100, "a" * 3_000, f"cred_{'0' * 3_000}", "é" * 2_000]
ROUTES = [
    ("get_credential", "GET", "/credentials/{}", None),
    ("patch_credential", "PATCH", "/credentials/{}", {"name": "x"}),
    ("delete_credential", "DELETE", "/credentials/{}", None),
    ("fresh_token", "POST", "/credentials/{}/token", None),
    ("verify_credential", "POST", "/credentials/{}/verify", None),
    ("users", "GET", "/users/{}", None),
    ("list_credentials", "GET", "/users/{}/credentials", None),
    ("apps", "GET", "/apps/{}", None),
    ("apps", "DELETE", "/apps/{}", None),
    ("app_metadata", "GET", "/metadata/credentials/{}", None),
    ("app_client", "GET", "/apps/{}/client", None),
    ("webhook_endpoints", "GET", "/webhooks/endpoints/{}", None),
    ("events", "GET", "/events/{}", None),
    ("events", "GET", "/events/{}/deliveries", None),
    ("api_keys", "DELETE", "/api-keys/{}", None),
]


def test_attack_38_a_name_that_none_of_ours_can_be_is_not_there(functions: Functions) -> None:
    asked = [(each, name) for each in ROUTES for name in LONG]

    answers = {
        f"{method} {path} {name[:6]}": functions.call(function, method, path.format(name), body).status
        for (function, method, path, body), name in asked
    }

    assert {name: status for name, status in answers.items() if status != 404} == {}


@pytest.mark.parametrize("name", LONG, ids=lambda name: f"{len(name)}-{name[0]}")
def test_a_link_that_none_of_ours_can_be_is_unknown(functions: Functions, name: str) -> None:
    answer = functions.call("oauth_start", "GET", f"/oauth/start/{name}", authorizer={})

    assert (answer.status, answer.body["code"]) == (400, "link_unknown")


def test_the_trail_of_what_cannot_be_there_is_empty(functions: Functions) -> None:
    answer = functions.call("audit", "GET", "/audit", query={"credentialId": "a" * 3_000})

    assert (answer.status, answer.body["data"]) == (200, [])


def test_a_key_with_an_endless_id_is_unauthorized(functions: Functions) -> None:
    from evergrant.domain.workspace import compose_key

    key = compose_key("key_" + "a" * 3_000, "secret")  # type: ignore[arg-type]  # an id

    with pytest.raises(Exception, match=r"^Unauthorized$"):
        functions.invoke(
            "api_key_authorizer", functions.event("GET", "/users", headers={"authorization": f"Bearer {key}"})
        )


@pytest.mark.parametrize(
    "name",
    [
        unicodedata.normalize("NFD", "Zoë"),
        " ada ",
        "ada lovelace",
        'a"b',
        "a`b",
        "a\\b",
        "a#b?c",
        "😀",
        "100%",
        "a;b=c",
        "<i>",
    ],
)
def test_attack_44_a_user_is_found_by_the_very_name_it_was_made_with(functions: Functions, name: str) -> None:
    made = functions.call("users", "POST", "/users", {"username": name})

    found = functions.call("users", "GET", f"/users/{name}")
    listed = functions.call("list_credentials", "GET", f"/users/{name}/credentials")

    assert made.status == 200, made.body
    assert (found.status, found.body.get("userId")) == (200, made.body["userId"])
    assert listed.status == 200


@pytest.mark.parametrize("name", ["a/b", "/", "batch", ".", "..", f"usr_{'0' * 36}"])
def test_a_name_that_no_address_could_mean_is_refused(functions: Functions, name: str) -> None:
    functions.call("users", "POST", "/users", {"username": "ada"})

    made = functions.call("users", "POST", "/users", {"username": name})
    changed = functions.call("users", "PUT", "/users/ada", {"username": name})

    assert [each.status for each in (made, changed)] == [422, 422]
    assert [each.body["details"][0]["path"] for each in (made, changed)] == ["username", "username"]
