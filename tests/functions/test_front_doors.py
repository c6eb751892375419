"""What comes in at the front doors: keys, names, sizes, floods."""

import hmac
import json
from typing import Any

import boto3
import pytest

from tests.fakes.token_endpoint import FakeTokenEndpoint
from tests.functions.deployment import Functions
from tests.functions.keys import connect
from tests.functions.redirects import began, called_back

NAUGHTY = [
    "\u202etest\u202c",
    "Z\u0324\u0336a\u0334lgo",
    "\u200b\u200d\ufeff",
    "田中さんにあげて下さい",
    "𠜎𠜱𠝹",
    "👩‍👩‍👧‍👦",
    "' OR 1=1 -- 1",
    "<script>alert(0)</script>",
    "{% print 'x' * 64 * 1024**3 %}",
    "../../../../etc/passwd%00",
    "e\u0301 and \u00e9",
    "$(touch /tmp/x)`id`",
]


def asked(functions: Functions, key: str, **changed: object) -> dict[str, Any]:
    event = {
        "headers": {"Authorization": f"Bearer {key}"},
        "methodArn": "arn:aws:execute-api:eu-central-1:123456789012:api/v1/GET/users",
        **changed,
    }
    return functions.invoke("api_key_authorizer", event)


def test_attack_35_a_keys_secret_is_compared_in_constant_time(
    functions: Functions, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[tuple[str, str]] = []
    compare = hmac.compare_digest

    def note(left: Any, right: Any) -> bool:
        compared.append((str(left), str(right)))
        return compare(left, right)

    monkeypatch.setattr(hmac, "compare_digest", note)
    asked(functions, functions.api_key)

    rows = str(boto3.client("dynamodb").scan(TableName="directory")["Items"])
    assert [left for left, _ in compared if len(left) == 64 and left in rows]


def test_attack_39_what_the_authorizer_says_depends_on_the_key_alone(functions: Functions) -> None:
    arn = "arn:aws:execute-api:eu-central-1:123456789012:api/v1/"
    plain = asked(functions, functions.api_key)
    others = [
        asked(functions, functions.api_key, methodArn=f"{arn}DELETE/credentials/cred_1"),
        asked(functions, functions.api_key, path="/x", httpMethod="POST", queryStringParameters={"scopes": "admin"}),
        asked(
            functions,
            functions.api_key,
            headers={
                "authorization": f"Bearer {functions.api_key}",
                "x-workspace-id": "ws_other",
                "x-api-version": "1",
            },
        ),
    ]

    assert others == [plain] * 3
    assert plain["policyDocument"]["Statement"][0]["Resource"] == f"{arn}*"


@pytest.mark.parametrize("text", NAUGHTY)
def test_attack_44_secrets_come_back_byte_for_byte(functions: Functions, text: str) -> None:
    entry = functions.call("apps", "GET", "/apps/klaviyo").body
    own = {
        "slug": "own",
        "name": "Own",
        "docs_url": entry["docs_url"],
        "methods": [
            {
                "kind": "api_key",
                "properties": [{"name": "apiKey", "label": "Key"}],
                "request": {"base_url": "https://own.example", "params": {"k": "{apiKey}"}},
            }
        ],
    }
    functions.call("apps", "PUT", "/apps/own", own)
    made = connect(functions, type="own", data={"apiKey": text})

    token = functions.call("fresh_token", "POST", f"/credentials/{made.body['credentialId']}/token", {})

    assert made.status == 201, made.body
    assert token.body["secret"] == {"apiKey": text}


@pytest.mark.parametrize("text", [*NAUGHTY, "\u0000", "\u001b[31m", "a" * 100_000])
@pytest.mark.parametrize("path", ["/users/{}", "/credentials/{}", "/webhooks/endpoints/{}"])
def test_attack_44_a_name_in_a_path_is_found_or_not_and_nothing_breaks(
    functions: Functions, path: str, text: str
) -> None:
    name = {"/users/{}": "users", "/credentials/{}": "get_credential"}.get(path, "webhook_endpoints")

    assert functions.call(name, "GET", path.format(text)).status in (400, 404, 422)


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        ("[" * 100_000, 400),
        ('{"username": ' + "9" * 100_000 + "}", (400, 422)),
        ('{"a":' * 40 + "1" + "}" * 40, (400, 422)),
        (json.dumps({"username": "a", "tags": ["t"] * 100_000}), 413),
    ],
)
def test_attack_43_75_what_blows_up_is_refused_before_it_does(
    functions: Functions, raw: str, status: int | tuple[int, ...]
) -> None:
    answer = functions.call("users", "POST", "/users", raw=raw)

    assert answer.status in ((status,) if isinstance(status, int) else status), answer.body


def test_attack_76_what_nobody_asked_for_can_be_posted_without_end_and_leaves_no_row(
    functions: Functions, provider: FakeTokenEndpoint
) -> None:
    spent, cookie = began(functions)
    called_back(functions, spent, cookie)
    before = boto3.client("dynamodb").scan(TableName="sessions")["Count"]
    form = {"content-type": "application/x-www-form-urlencoded"}
    path = f"/oauth/callback/{functions.workspace_id}/acme"

    answers = [
        functions.call("oauth_callback", "POST", path, raw=f"state={state}&code=x", headers=form, authorizer={})
        for state in (*map(str, range(30)), spent)
    ]

    assert {(each.status, each.body["code"]) for each in answers} == {(400, "state_unknown")}
    assert boto3.client("dynamodb").scan(TableName="sessions")["Count"] == before


def test_attack_76_every_row_of_a_flow_that_is_begun_ends_by_itself(
    functions: Functions, provider: FakeTokenEndpoint
) -> None:
    for _ in range(5):
        began(functions)
    functions.call("connect_sessions", "POST", "/connect/sessions", {"userId": "ada"})

    items = boto3.client("dynamodb").scan(TableName="sessions")["Items"]

    begun = [each for each in items if "sweep" not in str(each["pk"])]
    assert len(begun) >= 6
    assert [each for each in begun if "ttl" not in each] == []
