"""The scope `apps` never becomes a way to read secrets: where they go is sealed, and a change says so."""

import copy
import json
from typing import Any

import boto3
import pytest
from evergrant.runtime import wiring

from tests.fakes.token_endpoint import FakeTokenEndpoint
from tests.functions.deployment import Functions
from tests.functions.keys import connect
from tests.functions.redirects import ENTRY, connected
from tests.functions.sweeps import told


def changed(**fields: Any) -> dict[str, Any]:
    entry = copy.deepcopy(ENTRY)
    entry["methods"][0] |= fields
    return entry


def cleaned(functions: Functions) -> None:
    """What the cleanups queue holds, done."""
    client, url = boto3.client("sqs"), wiring.settings().required("CLEANUPS_QUEUE_URL")
    messages = client.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    records = [{"messageId": each["MessageId"], "body": each["Body"]} for each in messages]
    functions.invoke("cleanup", {"Records": records})


def test_attack_05_a_clients_secret_goes_only_where_it_was_set_for(
    functions: Functions, provider: FakeTokenEndpoint
) -> None:
    functions.call("apps", "PUT", "/apps/acme", changed(token_endpoint="https://collector.example/token"))

    refused = functions.call("oauth_url", "GET", "/oauthUrl", query={"userId": "ada", "app": "acme"})
    functions.call("app_client", "PUT", "/apps/acme/client", {"clientId": "id", "clientSecret": "s"})
    again = functions.call("oauth_url", "GET", "/oauthUrl", query={"userId": "ada", "app": "acme"})

    assert (refused.status, refused.body["code"]) == (424, "app_changed")
    assert again.status == 200


def test_attack_05_an_owners_value_is_shown_to_browsers_only_where_it_was_set_for(
    functions: Functions, provider: FakeTokenEndpoint
) -> None:
    def asked() -> Any:
        return functions.call("oauth_url", "GET", "/oauthUrl", query={"userId": "ada", "app": "acme"})

    client = {"clientId": "id", "clientSecret": "s", "extra": {"developerToken": "canary"}}
    quiet = {"client_extra": ["developerToken"], "token_parameters": {"x": "{developerToken}"}}
    functions.call("apps", "PUT", "/apps/acme", changed(**quiet))
    functions.call("app_client", "PUT", "/apps/acme/client", client)
    before = asked()
    functions.call("apps", "PUT", "/apps/acme", changed(**quiet, authorization_parameters={"x": "{developerToken}"}))

    refused = asked()
    functions.call("app_client", "PUT", "/apps/acme/client", client)

    assert (before.status, refused.status, refused.body["code"], asked().status) == (200, 424, "app_changed", 200)


LEAK = {"name": "leak", "pattern": "^.+$"}


@pytest.mark.parametrize(
    "fields",
    [
        {"token_answer": {"scope": "refresh_token"}},
        {"token_answer": {"error": "data.access_token"}},
        {"probe": {"path": "/me", "account_id": "user.apiKey"}},
        {"probe": {"path": "/me", "account_name": "client_secret"}},
        {"kept": [{**LEAK, "source": "token", "path": "refresh_token"}]},
        {"kept": [{**LEAK, "source": "probe", "path": "api_token"}]},
        {
            "kept": [{**LEAK, "source": "token", "path": "site"}],
            "authorization_parameters": {"x": "{leak}"},
        },
        {"authorization_parameters": {"x": "{accessToken}"}},
        {"redirect_uri_name": "{accessToken}"},
        {
            "kept": [{**LEAK, "pattern": "^(a\\.example|b\\.example)$", "source": "token", "path": "site"}],
            "authorization_endpoint": "https://{leak}/authorize",
        },
    ],
)
def test_attack_05_no_entry_shows_what_was_granted(
    functions: Functions, provider: FakeTokenEndpoint, fields: dict[str, Any]
) -> None:
    made = connected(functions)

    answer = functions.call("apps", "PUT", "/apps/acme", changed(**fields))

    assert (answer.status, answer.body["code"]) == (422, "validation_failed")
    assert functions.call("apps", "GET", "/apps/acme").body["methods"] == ENTRY["methods"]
    assert functions.call("get_credential", "GET", f"/credentials/{made}").body["status"] == "active"


def test_a_looser_pattern_of_a_host_is_another_host(functions: Functions, provider: FakeTokenEndpoint) -> None:
    shop = {"name": "shop", "label": "Shop", "secret": False, "pattern": "^(a\\.example|b\\.example)$"}
    there = {"properties": [shop], "token_endpoint": "https://{shop}/token"}
    functions.call("apps", "PUT", "/apps/acme", changed(**there))
    functions.call("app_client", "PUT", "/apps/acme/client", {"clientId": "id", "clientSecret": "s"})
    query = {"userId": "ada", "app": "acme", "shop": "a.example"}
    before = functions.call("oauth_url", "GET", "/oauthUrl", query=query)
    there["properties"] = [{**shop, "pattern": "^(a\\.example|collector\\.example)$"}]

    functions.call("apps", "PUT", "/apps/acme", changed(**there))

    after = functions.call("oauth_url", "GET", "/oauthUrl", query=query)
    assert (before.status, after.status, after.body.get("code")) == (200, 424, "app_changed")


def test_an_override_to_other_hosts_expires_what_was_connected_and_says_so_once(
    functions: Functions, provider: FakeTokenEndpoint
) -> None:
    credential_id = connected(functions)
    other = {"base_url": "https://collector.example", "headers": {"Authorization": "Bearer {accessToken}"}}

    functions.call("apps", "PUT", "/apps/acme", changed(request=other))
    cleaned(functions)
    cleaned(functions)

    shown = functions.call("get_credential", "GET", f"/credentials/{credential_id}").body
    assert (shown["status"], shown["lastFailure"]["code"]) == ("expired", "app_changed")
    assert told().count("credential.expired") == 1


def test_an_override_that_keeps_the_hosts_expires_nothing(functions: Functions, provider: FakeTokenEndpoint) -> None:
    credential_id = connected(functions)

    functions.call("apps", "PUT", "/apps/acme", changed(scopes=["read", "write"]))
    cleaned(functions)

    assert functions.call("get_credential", "GET", f"/credentials/{credential_id}").body["status"] == "active"


def test_an_override_never_shows_what_renews(functions: Functions, provider: FakeTokenEndpoint) -> None:
    credential_id = connected(functions)
    keys = {
        "kind": "api_key",
        "properties": [{"name": "refreshToken", "label": "Token"}],
        "request": {"base_url": "https://acme.example", "headers": {"X-R": "{refreshToken}"}},
    }

    put = functions.call("apps", "PUT", "/apps/acme", {**ENTRY, "methods": [keys]})
    token = functions.call("fresh_token", "POST", f"/credentials/{credential_id}/token")

    assert put.status == 200
    assert (token.status, token.body["code"]) == (424, "app_changed")


@pytest.mark.parametrize(
    "fields",
    [
        {"request": {"base_url": "https://acme.example", "headers": {"X-R": "{refreshToken}"}}},
        {"request": {"base_url": "https://acme.example", "params": {"s": "{clientSecret}"}}},
        {"request": {"base_url": "https://acme.example/{accessToken}"}},
        {"request": {"base_url": "https://acme.example", "headers": {"X-A": "a\r\nX-B: b"}}},
        {"request": {"base_url": "https://acme.example", "headers": {"Host": "evil.example"}}},
        {"request": {"base_url": "https://acme.example", "headers": {"Content-Length": "0"}}},
        {"authorization_parameters": {"state": "mine"}},
        {"authorization_parameters": {"redirect_uri": "https://evil.example"}},
        {"authorization_parameters": {"code_challenge_method": "plain"}},
        {"authorization_request_names": {"state": "x"}},
        {"token_parameters": {"code_verifier": "x"}},
    ],
)
def test_attack_07_an_entry_cannot_say_what_the_protocol_says(functions: Functions, fields: dict[str, Any]) -> None:
    answer = functions.call("apps", "PUT", "/apps/acme", changed(**fields))

    assert answer.status == 422, answer.body


@pytest.mark.parametrize(
    "address",
    [
        *("https://10.0.0.1/token", "https://169.254.169.254/latest", "https://127.0.0.1/token", "https://[::1]/token"),
        *("https://localhost/token", "https://db.internal/token", "https://printer.local/", "https://intranet/token"),
        *(
            "https://2130706433/token",
            "https://0x7f.1/token",
            "http://acme.example/token",
            "https://user@acme.example/",
        ),
    ],
)
def test_attack_51_an_own_apps_token_endpoint_is_public(functions: Functions, address: str) -> None:
    answer = functions.call("apps", "PUT", "/apps/acme", changed(token_endpoint=address))

    assert answer.status == 422, answer.body
    assert answer.body["details"][0]["path"].endswith("token_endpoint")


@pytest.mark.parametrize(
    "pattern",
    ["^($", "^(a|aa)+$", r"^\d*\d*\d*\d*$", "^(a+)+$", r"^(?=a)a$", r"^(a)\1$", "^" + "a?" * 9 + "$", "^(a{1,9}){2}$"],
)
def test_attack_74_a_pattern_that_could_run_for_long_is_refused(functions: Functions, pattern: str) -> None:
    entry = changed(properties=[{"name": "shop", "label": "Shop", "secret": False, "pattern": pattern}])

    answer = functions.call("apps", "PUT", "/apps/acme", entry)

    assert answer.status == 422, answer.body


@pytest.mark.parametrize(
    "shop", ["evil.example/", "evil.example#", "evil.example?", "a@evil.example", "a b", "evil.example\\"]
)
def test_attack_21_no_pattern_lets_a_value_leave_the_hosts_suffix(functions: Functions, shop: str) -> None:
    entry = {
        "slug": "vendor",
        "name": "Vendor",
        "docs_url": "https://vendor.example/docs",
        "methods": [
            {
                "kind": "api_key",
                "properties": [
                    {"name": "shop", "label": "Shop", "secret": False, "pattern": r"^[^x]{1,200}$"},
                    {"name": "apiKey", "label": "Key"},
                ],
                "request": {"base_url": "https://{shop}.vendor.example.com", "headers": {"X": "{apiKey}"}},
            }
        ],
    }
    functions.call("apps", "PUT", "/apps/vendor", entry)

    answer = connect(functions, type="vendor", data={"shop": shop, "apiKey": "k"})

    assert answer.status == 422, answer.body
    assert "evil.example/" not in json.dumps(
        boto3.client("dynamodb").scan(TableName="credentials")["Items"], default=str
    )


def test_signing_values_are_never_handed_out(functions: Functions) -> None:
    data = {
        "domain": "1234567",
        "accountId": "1234567",
        "consumerKey": "ck",
        "consumerSecret": "cs-canary",
        "tokenId": "ti",
        "tokenSecret": "ts-canary",
    }
    made = connect(functions, type="netsuite", data=data)
    assert made.status == 201, made.body

    token = functions.call("fresh_token", "POST", f"/credentials/{made.body['credentialId']}/token")

    assert (token.status, token.body["secret"], token.body["headers"]) == (200, {}, {})


def test_reading_an_entry_needs_the_scope_apps(functions: Functions) -> None:
    weak = {"workspaceId": functions.workspace_id, "apiKeyId": functions.api_key_id, "scopes": "credentials:read"}

    assert functions.call("apps", "GET", "/apps/shopify", authorizer=weak).status == 403
