"""Calling a provider through Evergrant: the secret is added on the way, and never seen by the caller."""

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import boto3
import pytest
from evergrant.use_cases.credentials.proxy import MAX_BYTES

from tests.functions.deployment import Answer, Functions, forget_wiring
from tests.functions.keys import connect
from tests.functions.loopback import Asked, Loopback, Told, provider

SECRET = "secret-canary"


def entry(url: str, **fields: Any) -> dict[str, Any]:
    way = {
        "kind": "api_key",
        "properties": [{"name": "apiKey", "label": "Key"}],
        "request": {"base_url": f"{url}/v1", "headers": {"X-Key": "{apiKey}"}, "params": {"key": "{apiKey}"}},
        "probe": {"path": "/me"},
        **fields,
    }
    return {"slug": "erp", "name": "ERP", "docs_url": "https://erp.example/docs", "methods": [way]}


@pytest.fixture
def erp(functions: Functions, monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    monkeypatch.setenv("ALLOW_LOOPBACK", "true")
    forget_wiring()
    with provider() as told:
        put = functions.call("apps", "PUT", "/apps/erp", entry(told.url))
        assert put.status == 200, put.body
        yield told


def a_credential(functions: Functions) -> str:
    made = connect(functions, type="erp", data={"apiKey": SECRET})
    assert made.status == 201, made.body
    return made.body["credentialId"]


def called(functions: Functions, method: str, credential_id: str, path: str, **more: Any) -> Answer:
    event = functions.event(method, f"/proxy/{credential_id}/{path}", **more)
    event["pathParameters"] = {"credentialId": credential_id, "path": path}
    answer = functions.invoke("proxy", event)
    body = base64.b64decode(answer["body"]) if answer["isBase64Encoded"] else answer["body"].encode()
    flat = {key.lower(): values[0] for key, values in answer["multiValueHeaders"].items()}
    return Answer(answer["statusCode"], body, flat)


def test_the_secret_is_added_and_never_shown(functions: Functions, erp: Loopback) -> None:
    credential_id = a_credential(functions)
    erp.answer = lambda _: Told(201, {"made": 1}, {"X-Total": "7"})
    only = {"workspaceId": functions.workspace_id, "apiKeyId": functions.api_key_id, "scopes": "proxy"}

    answer = called(
        functions, "POST", credential_id, "orders/7", content={"a": 1}, query={"page": "2"}, authorizer=only
    )

    asked = erp.asked[-1]
    assert (asked.method, asked.path) == ("POST", f"/v1/orders/7?page=2&key={SECRET}")
    assert (asked.headers["x-key"], json.loads(asked.body)) == (SECRET, {"a": 1})
    assert (answer.status, json.loads(answer.body), answer.headers["x-total"]) == (201, {"made": 1}, "7")
    assert SECRET not in str(answer)


@pytest.mark.parametrize("team", ["team_ada", None])
def test_an_optional_parameter_goes_along_where_its_value_is_there(
    functions: Functions, erp: Loopback, team: str | None
) -> None:
    properties = [
        {"name": "apiKey", "label": "Key"},
        {"name": "team", "label": "T", "required": False, "secret": False},
    ]
    request = {"base_url": f"{erp.url}/v1", "params": {"key": "{apiKey}"}, "optional_params": {"team": "{team}"}}
    assert (
        functions.call("apps", "PUT", "/apps/erp", entry(erp.url, properties=properties, request=request)).status == 200
    )
    data = {"apiKey": SECRET} | ({"team": team} if team else {})
    credential_id = connect(functions, type="erp", data=data).body["credentialId"]

    called(functions, "GET", credential_id, "orders", query={"team": "mine"})
    fresh = functions.call("fresh_token", "POST", f"/credentials/{credential_id}/token", {})

    query = parse_qs(urlsplit(erp.asked[-1].path).query)
    assert query == {"key": [SECRET], "team": [team or "mine"]}
    assert fresh.body["params"] == {"key": SECRET} | ({"team": team} if team else {})


def test_a_key_without_the_scope_proxy_may_not(functions: Functions, erp: Loopback) -> None:
    credential_id = a_credential(functions)
    weak = {"workspaceId": functions.workspace_id, "apiKeyId": functions.api_key_id, "scopes": "secrets:read"}

    answer = called(functions, "GET", credential_id, "orders", authorizer=weak)

    assert (answer.status, erp.asked) == (403, [])


def test_attack_36_another_workspaces_credential_is_not_there(functions: Functions, erp: Loopback) -> None:
    credential_id = a_credential(functions)
    other = functions.invoke("admin", {"action": "create_workspace", "name": "Other", "environment": "production"})
    stranger = {"workspaceId": other["workspaceId"], "apiKeyId": other["apiKeyId"], "scopes": functions.scopes}

    answer = called(functions, "GET", credential_id, "orders", authorizer=stranger)

    assert (answer.status, erp.asked) == (404, [])


@pytest.mark.parametrize(
    "path",
    [
        "../admin",
        "a/../../b",
        "%2e%2e/x",
        "%252e%252e/x",
        "a\\b",
        "//evil.example",
        "a//b",
        "x#y",
        "a\nb",
        "http://evil.example",
    ],
)
def test_attack_41_a_path_cannot_leave_the_base_url(functions: Functions, erp: Loopback, path: str) -> None:
    answer = called(functions, "GET", a_credential(functions), path)

    assert (answer.status in (404, 422), erp.asked) == (True, [])


def test_a_callers_own_proof_and_the_connections_headers_stay_here(functions: Functions, erp: Loopback) -> None:
    sent = {
        "Authorization": "Bearer evg_canary",
        "Cookie": "a=b",
        "X-Forwarded-For": "1.2.3.4",
        "Proxy-Authorization": "x",
        "X-Key": "mine",
        "X-Custom": "kept",
        "Connection": "close, X-Hop",
        "X-Hop": "of this hop",
    }

    called(functions, "GET", a_credential(functions), "orders", headers=sent, query={"key": "mine"})

    asked = erp.asked[-1]
    stays = {"authorization", "cookie", "x-forwarded-for", "proxy-authorization", "x-hop"}
    assert not stays & asked.headers.keys()
    assert (asked.headers["x-key"], asked.headers["x-custom"]) == (SECRET, "kept")
    assert asked.path == f"/v1/orders?key={SECRET}"


def test_a_providers_answer_is_a_document_without_rights(functions: Functions, erp: Loopback) -> None:
    headers = {"Set-Cookie": "a=b", "Content-Type": "text/html", "Retry-After": "7", "Content-Security-Policy": "x"}
    headers |= {"Connection": "X-Hop", "X-Hop": "of that hop"}
    erp.answer = lambda _: Told(429, b"<script>", headers)

    answer = called(functions, "GET", a_credential(functions), "orders")

    assert not {"set-cookie", "x-hop"} & answer.headers.keys()
    assert (answer.status, answer.headers["retry-after"], answer.body) == (429, "7", b"<script>")
    assert answer.headers["content-security-policy"] == "sandbox"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_bytes_pass_both_ways(functions: Functions, erp: Loopback) -> None:
    picture = bytes(range(256))
    erp.answer = lambda asked: Told(200, asked.body, {"Content-Type": "image/png"})
    credential_id = a_credential(functions)
    event = functions.event("PUT", f"/proxy/{credential_id}/picture", raw=base64.b64encode(picture).decode())
    event |= {"isBase64Encoded": True, "pathParameters": {"path": "picture"}}

    answer = functions.invoke("proxy", event)

    assert erp.asked[-1].body == picture
    assert base64.b64decode(answer["body"]) == picture


def test_attack_13_a_redirect_to_another_host_is_handed_back(functions: Functions, erp: Loopback) -> None:
    erp.answer = lambda _: Told(302, b"", {"Location": "http://127.0.0.1:1/elsewhere"})

    answer = called(functions, "GET", a_credential(functions), "orders")

    assert (answer.status, answer.headers["location"]) == (302, "http://127.0.0.1:1/elsewhere")
    assert len(erp.asked) == 1


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        (f"https://elsewhere.example/x?key={SECRET}&page=2#a", "https://elsewhere.example/x?page=2#a"),
        (f"https://elsewhere.example/x?key={SECRET}", "https://elsewhere.example/x"),
        (f"https://elsewhere.example/x?key={SECRET}&key=b", "https://elsewhere.example/x"),
        (f"https://elsewhere.example/{SECRET}", None),
        ("https://elsewhere.example/x?page=2&b", "https://elsewhere.example/x?page=2&b"),
    ],
)
def test_attack_33_an_address_that_repeats_the_secret_does_not_show_it(
    functions: Functions, erp: Loopback, told: str, shown: str | None
) -> None:
    credential_id = a_credential(functions)
    erp.answer = lambda _: Told(302, headers={"Location": told, "X-Echo": f"key={SECRET}", "X-Other": "1"})

    answer = called(functions, "GET", credential_id, "orders")

    assert (answer.status, answer.headers.get("location"), answer.headers["x-other"]) == (302, shown, "1")
    assert SECRET not in str(answer)


def test_attack_33_an_optional_parameter_that_carries_the_secret_is_taken_out_of_an_address_too(
    functions: Functions, erp: Loopback
) -> None:
    request = {"base_url": f"{erp.url}/v1", "optional_params": {"key": "{apiKey}"}}
    assert functions.call("apps", "PUT", "/apps/erp", entry(erp.url, request=request)).status == 200
    credential_id = a_credential(functions)
    told = {"Location": f"https://elsewhere.example/x?key={SECRET}&page=2", "X-Echo": SECRET}
    erp.answer = lambda _: Told(302, headers=told)

    answer = called(functions, "GET", credential_id, "orders")

    assert (answer.status, answer.headers.get("location")) == (302, "https://elsewhere.example/x?page=2")
    assert SECRET not in str(answer)


LONG = "sk/live+9f8e7d6c5b4a"


@pytest.mark.parametrize(
    "told",
    [
        f'{{"next": "https://api.example/v1/orders?page=2&key={LONG}"}}',
        f'{{"next": "https://api.example/v1/orders?key={quote(LONG, safe="")}&page=2"}}',
        f'{{"keys": [{{"key": "{LONG.replace("/", chr(92) + "/")}"}}]}}',
        f"<h1>{LONG}</h1>",
    ],
)
def test_attack_33_a_body_that_repeats_the_secret_does_not_show_it(
    functions: Functions, erp: Loopback, told: str
) -> None:
    made = connect(functions, type="erp", data={"apiKey": LONG})
    erp.answer = lambda _: Told(200, told.encode())

    answer = called(functions, "GET", made.body["credentialId"], "orders")

    assert "9f8e7d6c5b4a" not in str(answer)
    assert len(answer.body) == len(told)
    assert [part for part in told.split("9f8e7d6c5b4a") if part.rpartition("sk")[0].encode() not in answer.body] == []


def test_a_short_secret_that_is_a_word_of_the_body_spoils_nothing(functions: Functions, erp: Loopback) -> None:
    made = connect(functions, type="erp", data={"apiKey": "password"})
    erp.answer = lambda _: Told(200, {"fields": ["password"]})

    answer = called(functions, "GET", made.body["credentialId"], "fields")

    assert json.loads(answer.body) == {"fields": ["password"]}


def test_a_redirect_within_the_host_is_followed(functions: Functions, erp: Loopback) -> None:
    def moved(asked: Asked) -> Told:
        return Told(200, {"there": 1}) if "new" in asked.path else Told(301, b"", {"Location": "/v1/new"})

    erp.answer = moved

    answer = called(functions, "GET", a_credential(functions), "orders")

    assert (answer.status, json.loads(answer.body)) == (200, {"there": 1})


def test_attack_16_an_answer_beyond_the_limit_is_the_providers_trouble(functions: Functions, erp: Loopback) -> None:
    erp.answer = lambda _: Told(200, b"x" * 4_600_000)

    answer = called(functions, "GET", a_credential(functions), "orders")

    assert (answer.status, json.loads(answer.body)["code"]) == (502, "answer_too_large")


def test_the_most_that_may_pass_fits_into_what_lambda_answers(functions: Functions, erp: Loopback) -> None:
    credential_id = a_credential(functions)
    erp.answer = lambda _: Told(200, b"\xff" * MAX_BYTES, {"Content-Type": "image/png"})
    event = functions.event("GET", f"/proxy/{credential_id}/orders")
    event["pathParameters"] = {"credentialId": credential_id, "path": "orders"}

    answer = functions.invoke("proxy", event)

    assert (answer["statusCode"], len(base64.b64decode(answer["body"]))) == (200, MAX_BYTES)
    assert len(json.dumps(answer)) < 6 * 1024 * 1024


def test_a_401_of_a_key_that_is_dead_expires_it(functions: Functions, erp: Loopback) -> None:
    credential_id = a_credential(functions)
    erp.answer = lambda _: Told(401, {"error": "no"})

    answer = called(functions, "GET", credential_id, "orders")

    assert (answer.status, json.loads(answer.body)["code"]) == (424, "credential_expired")
    assert functions.call("get_credential", "GET", f"/credentials/{credential_id}").body["status"] == "expired"


def test_a_401_of_a_key_that_lives_is_passed_on(functions: Functions, erp: Loopback) -> None:
    credential_id = a_credential(functions)
    erp.answer = lambda asked: Told(200) if "/me" in asked.path else Told(401, {"error": "no"})

    answer = called(functions, "GET", credential_id, "orders")

    assert (answer.status, json.loads(answer.body)) == (401, {"error": "no"})
    assert functions.call("get_credential", "GET", f"/credentials/{credential_id}").body["status"] == "active"


def test_a_401_leads_to_one_renewal_and_one_more_call(functions: Functions, erp: Loopback) -> None:
    def answered(asked: Asked) -> Told:
        if asked.path == "/v1/login":
            tokens.append(f"t{len(tokens)}")
            return Told(200, {"access_token": tokens[-1], "expires_in": 3600})
        return Told(200, {"ok": 1}) if asked.headers["x-token"] == "t1" else Told(401)

    tokens: list[str] = []
    erp.answer = answered
    login = {"path": "/login", "body": {"key": "{apiKey}"}}
    request = {"base_url": f"{erp.url}/v1", "headers": {"X-Token": "{accessToken}"}}
    put = functions.call("apps", "PUT", "/apps/erp", entry(erp.url, kind="two_step", exchange=login, request=request))
    assert put.status == 200, put.body
    credential_id = a_credential(functions)

    answer = called(functions, "GET", credential_id, "orders")

    assert (answer.status, tokens) == (200, ["t0", "t1"])
    assert [asked.path for asked in erp.asked] == ["/v1/login", "/v1/orders", "/v1/login", "/v1/orders"]


def as_it_is(content: object) -> object:
    return content


@pytest.mark.parametrize("written", [json.dumps, as_it_is], ids=["as a string", "as it is"])
def test_passthrough_takes_json_and_json_in_strings(
    functions: Functions, erp: Loopback, written: Callable[[object], object]
) -> None:
    erp.answer = lambda _: Told(200, {"orders": []})
    body, query, extra = {"a": [1]}, {"page": 2}, {"X-Custom": "y"}
    asked = {
        "method": "POST",
        "path": "/orders",
        "body": written(body),
        "query": written(query),
        "extraHeaders": written(extra),
    }

    answer = functions.call(
        "proxy", "POST", "/2024-03/passthrough", asked, query={"credentialId": a_credential(functions)}
    )

    assert (answer.status, answer.body["status"], answer.body["data"]) == (200, 200, {"orders": []})
    assert erp.asked[-1].path == f"/v1/orders?page=2&key={SECRET}"
    assert json.loads(erp.asked[-1].body) == body
    assert erp.asked[-1].headers["x-custom"] == "y"


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"path": "https://evil.example/"}, 422),
        ({"method": "TRACE"}, 422),
        ({"body": "{not json"}, 400),
        ({"query": [1]}, 422),
        ({"extraHeaders": {"X-A": "a\r\nX-B: b"}}, 422),
        ({"extraHeaders": {"X A": "a"}}, 422),
        ({"extraHeaders": {"X:A": "a"}}, 422),
        ({"extraHeaders": {"": "a"}}, 422),
        ({"extraHeaders": {"X-A": "\u20ac"}}, 422),
        ({"surprise": 1}, 422),
    ],
)
def test_passthrough_refuses_what_it_cannot_send(
    functions: Functions, erp: Loopback, fields: dict[str, Any], status: int
) -> None:
    asked = {"method": "GET", "path": "/orders", **fields}

    answer = functions.call("proxy", "POST", "/passthrough", asked, query={"credentialId": a_credential(functions)})

    assert (answer.status, erp.asked) == (status, [])


def test_attack_33_the_proxys_log_line_names_and_shows_nothing(
    functions: Functions, erp: Loopback, caplog: pytest.LogCaptureFixture
) -> None:
    called(functions, "GET", a_credential(functions), "orders", query={"page": "personal"})

    printed = str([vars(record) for record in caplog.records])
    assert "secret_used" in printed
    assert SECRET not in printed
    assert "personal" not in printed
    assert SECRET not in str(boto3.client("dynamodb").scan(TableName="audit")["Items"])
