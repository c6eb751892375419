"""The users' routes."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import boto3
import pytest
from evergrant.domain.errors import ConflictError, UnavailableError
from evergrant.domain.ids import WorkspaceId
from evergrant.domain.times import iso
from evergrant.runtime import wiring

from tests.functions.deployment import Functions
from tests.functions.keys import connect
from tests.functions.sweeps import Travelling


def test_a_user_is_found_by_id_and_by_name(functions: Functions) -> None:
    made = functions.call("users", "POST", "/users", {"username": "ada@example.com", "fullName": "Ada"})

    by_id = functions.call("users", "GET", f"/users/{made.body['userId']}")
    by_name = functions.call("users", "GET", "/users/ada@example.com")

    assert made.status == 200
    assert by_id.body == by_name.body
    assert by_id.body["email"] == "ada@example.com"


def test_a_name_is_given_once_in_a_workspace(functions: Functions) -> None:
    functions.call("users", "POST", "/users", {"username": "ada"})

    again = functions.call("users", "POST", "/users", {"username": "ada"})

    assert (again.status, again.body["code"]) == (409, "username_taken")


def test_a_list_goes_on_where_its_cursor_says(functions: Functions) -> None:
    for number in range(5):
        functions.call("users", "POST", "/users", {"username": f"user-{number}"})

    first = functions.call("users", "GET", "/users", query={"limit": "3"})
    second = functions.call("users", "GET", "/users", query={"limit": "3", "cursor": first.body["nextCursor"]})
    forged = functions.call("users", "GET", "/users", query={"cursor": first.body["nextCursor"][:-2] + "zz"})

    assert [user["username"] for user in first.body["data"] + second.body["data"]] == [
        f"user-{number}" for number in range(5)
    ]
    assert second.body["nextCursor"] is None
    assert (forged.status, forged.body["code"]) == (400, "unusable_cursor")


def test_an_unknown_field_names_its_path(functions: Functions) -> None:
    answer = functions.call("users", "POST", "/users", {"username": "ada", "workspaceId": "ws_other"})

    assert answer.status == 422
    assert [detail["path"] for detail in answer.body["details"]] == ["workspaceId"]


def test_an_idempotency_key_makes_one_user(functions: Functions) -> None:
    key = {"idempotency-key": "k-1"}

    first = functions.call("users", "POST", "/users", {"username": "ada"}, headers=key)
    again = functions.call("users", "POST", "/users", {"username": "ada"}, headers=key)
    other = functions.call("users", "POST", "/users", {"username": "bob"}, headers=key)

    assert first.body == again.body
    assert (other.status, other.body["code"]) == (409, "key_reused")


def test_bad_bodies_have_their_own_status(functions: Functions) -> None:
    def status(raw: str, content_type: str = "application/json") -> int:
        return functions.call("users", "POST", "/users", raw=raw, headers={"content-type": content_type}).status

    assert status("{") == 400
    assert status('{"username": "a", "username": "b"}') == 400
    assert status('{"username": NaN}') == 400
    assert status("[" * 100_000) == 400
    assert status('{"username": "\\ud800"}') == 400
    assert status('{"username": "a\\u0000b"}') == 422
    assert status('{"username": "' + "a" * 300 * 1024 + '"}') == 413
    assert status("{}", "text/plain") == 415


def meanwhile(monkeypatch: pytest.MonkeyPatch, method: str, act: Callable[[], object]) -> None:
    """Somebody else's `act` comes just before the first call of the directory's `method`."""
    there: Any = type(wiring.directory())
    real = getattr(there, method)

    def late(self: object, *arguments: object, **named: object) -> object:
        monkeypatch.setattr(there, method, real)
        act()
        return real(self, *arguments, **named)

    monkeypatch.setattr(there, method, late)


def test_of_two_renames_at_once_the_last_one_stands_and_no_name_stays_taken(
    functions: Functions, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/users/{functions.call('users', 'POST', '/users', {'username': 'ada'}).body['userId']}"
    meanwhile(monkeypatch, "change_user", lambda: functions.call("users", "PUT", path, {"username": "first"}))

    last = functions.call("users", "PUT", path, {"username": "last", "fullName": "Ada"})

    assert (last.status, last.body["username"]) == (200, "last")
    assert functions.call("users", "GET", "/users/first").status == 404
    assert [functions.call("users", "POST", "/users", {"username": each}).status for each in ("ada", "first")] == [
        200,
        200,
    ]


def test_two_changes_at_once_are_both_kept(functions: Functions, monkeypatch: pytest.MonkeyPatch) -> None:
    path = f"/users/{functions.call('users', 'POST', '/users', {'username': 'ada'}).body['userId']}"
    meanwhile(monkeypatch, "change_user", lambda: functions.call("users", "PUT", path, {"email": "ada@example.com"}))

    functions.call("users", "PUT", path, {"fullName": "Ada"})

    shown = functions.call("users", "GET", path).body
    assert (shown["fullName"], shown["email"]) == ("Ada", "ada@example.com")


def test_a_user_is_deleted_once(functions: Functions, monkeypatch: pytest.MonkeyPatch) -> None:
    path = f"/users/{functions.call('users', 'POST', '/users', {'username': 'ada'}).body['userId']}"
    answers: list[int] = []
    meanwhile(monkeypatch, "delete_user", lambda: answers.append(functions.call("users", "DELETE", path).status))

    answers.append(functions.call("users", "DELETE", path).status)

    assert answers == [200, 404]


def test_a_user_that_is_renamed_while_it_is_deleted_leaves_no_name(
    functions: Functions, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/users/{functions.call('users', 'POST', '/users', {'username': 'ada'}).body['userId']}"
    meanwhile(monkeypatch, "delete_user", lambda: functions.call("users", "PUT", path, {"username": "late"}))

    deleted = functions.call("users", "DELETE", path)

    assert deleted.status == 200
    assert functions.call("users", "POST", "/users", {"username": "late"}).status == 200


def test_nobody_releases_the_name_of_another(functions: Functions) -> None:
    functions.call("users", "POST", "/users", {"username": "ada"})
    functions.call("users", "POST", "/users", {"username": "bob"})
    ada = wiring.directory().user(WorkspaceId(functions.workspace_id), "ada")
    assert ada

    with pytest.raises(ConflictError):
        wiring.directory().delete_user(replace(ada, username="bob"))

    assert [functions.call("users", "GET", f"/users/{each}").status for each in ("ada", "bob")] == [200, 200]


def cleaned(functions: Functions) -> None:
    """What the cleanups queue holds now, done."""
    client, url = boto3.client("sqs"), wiring.settings().required("CLEANUPS_QUEUE_URL")
    messages = client.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    for each in messages:
        client.delete_message(QueueUrl=url, ReceiptHandle=each.get("ReceiptHandle", ""))
    records = [{"messageId": each.get("MessageId"), "body": each.get("Body")} for each in messages]
    assert functions.invoke("cleanup", {"Records": records}) == {"batchItemFailures": []}


def test_the_credentials_of_a_user_whose_deletion_failed_are_untouched(
    functions: Functions, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/credentials/{connect(functions).body['credentialId']}"

    def away(*_: object) -> None:
        raise UnavailableError

    with monkeypatch.context() as patch:
        patch.setattr(type(wiring.directory()), "delete_user", away)
        failed = functions.call("users", "DELETE", "/users/ada@example.com")
    cleaned(functions)

    assert failed.status == 503
    assert functions.call("get_credential", "GET", path).status == 200


def test_the_credentials_follow_a_user_that_goes_after_its_message(
    functions: Functions, clock: Travelling, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/credentials/{connect(functions).body['credentialId']}"
    queue: list[dict[str, Any]] = []

    class Kept:
        def send(self, messages: list[dict[str, Any]], *, delay_seconds: int = 0) -> None:  # the port
            queue.extend(messages)

    def taken() -> None:
        records = [{"messageId": "1", "body": json.dumps(queue.pop(0))}]
        assert functions.invoke("cleanup", {"Records": records}) == {"batchItemFailures": []}

    monkeypatch.setattr(wiring, "cleanups", Kept)
    meanwhile(monkeypatch, "delete_user", taken)
    functions.call("users", "DELETE", "/users/ada@example.com")
    before = functions.call("get_credential", "GET", path)

    taken()

    assert (before.status, functions.call("get_credential", "GET", path).status) == (200, 404)
    assert [each["action"] for each in queue] == ["scrub_events"]


def test_a_message_of_a_deletion_that_never_was_is_dropped(functions: Functions, clock: Travelling) -> None:
    path = f"/credentials/{connect(functions).body['credentialId']}"
    user = functions.call("users", "GET", "/users/ada@example.com").body["userId"]
    message = {
        "action": "delete_user_credentials",
        "workspaceId": functions.workspace_id,
        "userId": user,
        "actor": "test",
        "askedAt": iso(clock.now()),
    }
    clock.ahead = timedelta(minutes=2)

    done = functions.invoke("cleanup", {"Records": [{"messageId": "1", "body": json.dumps(message)}]})

    sqs, url = boto3.client("sqs"), wiring.settings().required("CLEANUPS_QUEUE_URL")
    counted = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert done == {"batchItemFailures": []}
    assert [counted[f"ApproximateNumberOfMessages{each}"] for each in ("", "Delayed")] == ["0", "0"]
    assert functions.call("get_credential", "GET", path).status == 200


def test_a_batch_with_a_name_that_no_address_could_mean_makes_nobody(functions: Functions) -> None:
    users = [{"username": "ada"}, {"username": f"usr_{'0' * 36}"}, {"username": "a/b"}]

    answer = functions.call("users", "POST", "/users/batch", {"users": users})

    assert answer.status == 422
    assert [each["path"] for each in answer.body["details"]] == ["users.1.username", "users.2.username"]
    assert functions.call("users", "GET", "/users").body["data"] == []
