"""What a connect session may do: its own user's credentials, and of them only those it was made for."""

from typing import Any

import pytest
from evergrant.runtime import wiring

from tests.fakes.probing import FakeProbing
from tests.functions.deployment import Answer, Functions
from tests.functions.faults import fault
from tests.functions.keys import connect
from tests.functions.sweeps import told

FORM = {"app": "klaviyo", "data": {"apiKey": "pk_typed"}}


@pytest.fixture(autouse=True)
def silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """No provider is asked."""
    monkeypatch.setattr(wiring, "probing", FakeProbing)


@pytest.fixture
def credentials(functions: Functions) -> tuple[str, str]:
    """Two of one user."""
    return connect(functions).body["credentialId"], connect(functions, name="Second").body["credentialId"]


def session(functions: Functions, credential_id: str = "", apps: str = "") -> dict[str, str]:
    user = functions.call("users", "GET", "/users/ada@example.com").body["userId"]
    who = {"workspaceId": functions.workspace_id, "userId": user, "sessionId": f"ses_{'0' * 36}"}
    return {**who, "apps": apps, "credentialId": credential_id}


def call(functions: Functions, method: str, path: str, body: object, who: dict[str, str], **more: Any) -> Answer:
    return functions.call("connect_credentials", method, f"/connect/credentials{path}", body, authorizer=who, **more)


def test_attack_10_a_session_for_one_credential_touches_no_other(
    functions: Functions, credentials: tuple[str, str]
) -> None:
    own, other = credentials
    who = session(functions, own, "klaviyo")

    refused = [
        call(functions, "PATCH", f"/{other}", {"name": "x"}, who),
        call(functions, "DELETE", f"/{other}", None, who),
    ]
    renamed = call(functions, "PATCH", f"/{own}", {"name": "x"}, who)

    assert [(each.status, each.body["code"]) for each in refused] == [(403, "session_limits")] * 2
    assert (renamed.status, renamed.body["name"]) == (200, "x")


def test_a_session_for_one_credential_reconnects_it_in_place(
    functions: Functions, credentials: tuple[str, str]
) -> None:
    own, _ = credentials

    answer = call(functions, "POST", "", FORM, session(functions, own, "klaviyo"))

    token = functions.call("fresh_token", "POST", f"/credentials/{own}/token")
    assert (answer.status, answer.body["credentialId"]) == (201, own)
    assert token.body["secret"] == {"apiKey": "pk_typed"}
    assert told().count("credential.created") == 2


def test_a_plain_session_reconnects_the_one_that_the_form_names(
    functions: Functions, credentials: tuple[str, str]
) -> None:
    own, _ = credentials

    answer = call(functions, "POST", "", {**FORM, "credentialId": own}, session(functions))

    token = functions.call("fresh_token", "POST", f"/credentials/{own}/token")
    assert (answer.status, answer.body["credentialId"]) == (201, own)
    assert token.body["secret"] == {"apiKey": "pk_typed"}


def test_attack_10_a_form_reconnects_nothing_that_is_not_the_sessions(
    functions: Functions, credentials: tuple[str, str]
) -> None:
    own, other = credentials
    stranger = functions.call("users", "POST", "/users", {"username": "eve@example.com"}).body["userId"]
    form = {**FORM, "credentialId": other}

    another_user = call(functions, "POST", "", form, {**session(functions), "userId": stranger})
    another_credential = call(functions, "POST", "", form, session(functions, own, "klaviyo"))

    assert (another_user.status, another_credential.status) == (404, 403)


def test_a_form_is_refused_by_its_own_paths(functions: Functions, credentials: tuple[str, str]) -> None:
    who = session(functions)

    wrong = call(functions, "POST", "", {"app": "klaviyo", "data": {"apikey": "k"}}, who)
    unknown = call(functions, "POST", "", {"app": "nobody", "data": {}}, who)
    by_oauth = call(functions, "POST", "", {"app": "dropbox", "data": {}}, who)
    reconnect = call(
        functions, "POST", "", {"app": "klaviyo", "data": {}}, session(functions, credentials[0], "klaviyo")
    )

    assert {each["path"] for each in wrong.body["details"]} == {"data.apiKey", "data.apikey"}
    assert [each["path"] for each in unknown.body["details"]] == ["app"]
    assert [each["path"] for each in by_oauth.body["details"]] == ["app"]
    assert [each["path"] for each in reconnect.body["details"]] == ["data.apiKey"]


def test_fault_11_a_form_whose_answer_was_lost_is_sent_again(
    functions: Functions, credentials: tuple[str, str]
) -> None:
    who, key = session(functions), {"idempotency-key": "k-1"}
    with fault("answer_lost", "TransactWriteItems", "cred#"):
        lost = call(functions, "POST", "", FORM, who, headers=key)

    again = call(functions, "POST", "", FORM, who, headers=key)
    replayed = call(functions, "POST", "", FORM, who, headers=key)

    assert (lost.status, again.status) == (503, 201)
    assert replayed.body == again.body
    assert told().count("credential.created") == 3


def test_attack_47_a_session_is_not_told_what_another_made(functions: Functions, credentials: tuple[str, str]) -> None:
    who, key = session(functions), {"idempotency-key": "k-1"}
    first = call(functions, "POST", "", FORM, who, headers=key)

    other = call(functions, "POST", "", FORM, {**who, "sessionId": f"ses_{'1' * 36}"}, headers=key)

    assert first.body["credentialId"] != other.body["credentialId"]
