"""PATCH /credentials/{credentialId}: a new secret brings its own end, and what changes nothing says nothing."""

import copy
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

from evergrant.domain.credential import Credential
from evergrant.domain.times import iso
from evergrant.runtime import wiring

from tests.fakes.token_endpoint import FakeTokenEndpoint
from tests.functions.deployment import Answer, Functions
from tests.functions.keys import connect
from tests.functions.redirects import ENTRY, connected
from tests.functions.sweeps import Travelling, told
from tests.functions.test_apps import OWN

NEW = {"data": {"apiKey": "pk_other"}}


def patch(functions: Functions, credential_id: str, body: object) -> Answer:
    return functions.call("patch_credential", "PATCH", f"/credentials/{credential_id}", body)


def row(credential_id: str) -> Credential:
    found = wiring.credentials().get(credential_id)  # type: ignore[arg-type]  # an id
    assert found
    return found


def test_a_new_key_does_not_inherit_the_end_of_the_old_one(functions: Functions, clock: Travelling) -> None:
    made = connect(functions, expiresAt=iso(clock.now() + timedelta(hours=1))).body["credentialId"]
    clock.ahead = timedelta(hours=2)

    patched = patch(functions, made, NEW)
    token = functions.call("fresh_token", "POST", f"/credentials/{made}/token")

    assert (patched.body["status"], patched.body["expiresAt"]) == ("active", None)
    assert (token.status, token.body["secret"]) == (200, {"apiKey": "pk_other"})


def test_a_new_key_has_the_end_that_is_sent_with_it(functions: Functions, clock: Travelling) -> None:
    ends = iso(clock.now() + timedelta(hours=1))
    made = connect(functions, expiresAt=ends).body["credentialId"]

    patched = patch(functions, made, {**NEW, "expiresAt": ends})

    assert patched.body["expiresAt"] == ends


def test_a_new_key_lives_as_long_as_its_app_says(functions: Functions, clock: Travelling) -> None:
    entry: dict[str, Any] = copy.deepcopy(OWN)
    entry["methods"][0]["lifetime_days"] = 30
    functions.call("apps", "PUT", "/apps/my-erp", entry)
    made = connect(functions, type="my-erp", data={"apiKey": "k"}).body["credentialId"]
    clock.ahead = timedelta(days=20)

    patched = patch(functions, made, {"data": {"apiKey": "k2"}})

    assert patched.body["expiresAt"] > iso(clock.now() + timedelta(days=29))


def test_of_the_old_secret_nothing_is_left(functions: Functions) -> None:
    made = connect(functions).body["credentialId"]
    read = row(made)
    known = replace(read, version=2, scopes=("read",), missing_scopes=("write",), account_id="acme-1")
    wiring.credentials().change(known, read=read)

    patched = patch(functions, made, NEW)

    assert (patched.body["scopes"], patched.body["missingScopes"], patched.body["accountId"]) == ([], [], None)


def test_what_was_connected_by_a_redirect_takes_no_typed_secret(
    functions: Functions, provider: FakeTokenEndpoint
) -> None:
    made = connected(functions)
    functions.call("apps", "PUT", "/apps/acme", {**ENTRY, "methods": [*ENTRY["methods"], *OWN["methods"]]})
    before = row(made)

    patched = patch(functions, made, {"data": {"apiKey": "k"}})

    assert (patched.status, patched.body["code"], patched.body["details"][0]["path"]) == (422, "oauth_app", "data")
    assert row(made) == before


def test_what_changes_nothing_says_nothing(functions: Functions) -> None:
    made = connect(functions).body
    before = row(made["credentialId"])

    answers = [patch(functions, made["credentialId"], body) for body in ({}, {"name": made["credential"]["name"]})]

    assert [each.status for each in answers] == [200, 200]
    assert row(made["credentialId"]) == before
    assert told() == ["credential.created"]


def _wide(count: int) -> dict[str, Any]:
    """An app that asks for much."""
    properties = [{"name": f"p{number}", "label": "P", "secret": False} for number in range(count)]
    key = {"name": "apiKey", "label": "Key"}
    method = {**OWN["methods"][0], "properties": [key, *properties]}
    return {**OWN, "methods": [method]}


def test_attack_43_a_plain_value_has_its_limit(functions: Functions) -> None:
    functions.call("apps", "PUT", "/apps/my-erp", _wide(8))
    data = {"apiKey": "k", **{f"p{number}": "x" * 31_000 for number in range(8)}}

    answer = connect(functions, type="my-erp", data=data)

    assert answer.status == 422
    assert {each["path"] for each in answer.body["details"]} == {f"credential.data.p{number}" for number in range(8)}


def test_fault_16_what_is_too_large_to_be_kept_is_413(functions: Functions) -> None:
    """Made by the caller."""
    functions.call("apps", "PUT", "/apps/my-erp", _wide(40))
    small = {"apiKey": "k", **{f"p{number}": "x" for number in range(40)}}
    data = {"apiKey": "k", **{f"p{number}": "€" * 2_000 for number in range(40)}}
    made = connect(functions, type="my-erp", data=small).body["credentialId"]
    new = {"userId": "ada@example.com", "credential": {"type": "my-erp", "data": data}}

    def sent(function: str, method: str, path: str, content: object) -> Answer:
        # Within the body's limit, which counts bytes.
        return functions.call(function, method, path, raw=json.dumps(content, ensure_ascii=False))

    created = sent("create_credential", "POST", "/credentials", new)
    changed = sent("patch_credential", "PATCH", f"/credentials/{made}", {"data": data})

    assert [(each.status, each.body["code"]) for each in (created, changed)] == [(413, "too_large")] * 2
