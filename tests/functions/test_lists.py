"""Lists: each is paged in the same way, and a filter never leaves a page half full."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.functions.deployment import Answer, Functions
from tests.functions.hooks import fan_out, on, registered, rows
from tests.functions.keys import connect

MADE = 5


@dataclass(frozen=True)
class List:
    """One list's route, and how its items are told apart."""

    functions: Functions
    function: str
    path: str
    name: str

    def ask(self, **query: str) -> Answer:
        return self.functions.call(self.function, "GET", self.path, query=query)


def keys(functions: Functions) -> List:
    for number in range(MADE - 1):  # The workspace's first is there already.
        functions.call("api_keys", "POST", "/api-keys", {"name": f"key {number}", "scopes": ["audit"]})
    return List(functions, "api_keys", "/api-keys", "apiKeyId")


def endpoints(functions: Functions) -> List:
    for _ in range(MADE):
        registered(functions)
    return List(functions, "webhook_endpoints", "/webhooks/endpoints", "endpointId")


def deliveries(functions: Functions) -> List:
    for _ in range(MADE):
        registered(functions, "credential.created")
    connect(functions)
    fan_out(functions)
    (event,) = rows("event")
    return List(functions, "events", f"/events/{event['sk']['S']}/deliveries", "deliveryId")


def events(functions: Functions) -> List:
    for _ in range(MADE):
        connect(functions)
    return List(functions, "events", "/events", "id")


def replays(functions: Functions) -> List:
    endpoint = registered(functions)
    for _ in range(MADE):
        assert on(functions, "POST", endpoint, "/replay", {"since": "2020-01-01T00:00:00Z"}).status == 202
    return List(functions, "webhook_endpoints", "/webhooks/replays", "replayId")


LISTS = [keys, endpoints, deliveries, events, replays]


def walked(listed: List, *, limit: int) -> list[list[str]]:
    pages: list[list[str]] = []
    query = {"limit": str(limit)}
    while True:
        answer = listed.ask(**query)
        assert answer.status == 200, answer.body
        pages.append([each[listed.name] for each in answer.body["data"]])
        if answer.body["nextCursor"] is None:
            return pages
        query["cursor"] = answer.body["nextCursor"]


@pytest.mark.parametrize("made", LISTS)
def test_a_list_goes_on_where_its_cursor_says(functions: Functions, made: Callable[[Functions], List]) -> None:
    listed = made(functions)

    whole, pages = walked(listed, limit=100), walked(listed, limit=2)

    assert [len(each) for each in whole] == [MADE]
    assert [len(each) for each in pages] == [2, 2, 1]
    assert [each for page in pages for each in page] == whole[0]


@pytest.mark.parametrize("made", LISTS)
@pytest.mark.parametrize(
    ("query", "status"),
    [({"limit": "0"}, 422), ({"limit": "101"}, 422), ({"limit": "abc"}, 422), ({"cursor": "junk"}, 400)],
)
def test_attack_48_no_list_takes_a_limit_or_a_cursor_that_is_none(
    functions: Functions, made: Callable[[Functions], List], query: dict[str, str], status: int
) -> None:
    assert made(functions).ask(**query).status == status


def test_revoked_keys_leave_no_gap(functions: Functions) -> None:
    listed = keys(functions)
    every = walked(listed, limit=100)[0]
    for revoked in every[1:4]:
        functions.call("api_keys", "DELETE", f"/api-keys/{revoked}")

    assert walked(listed, limit=2) == [[every[0], every[4]]]


def test_events_are_found_by_their_users_name(functions: Functions) -> None:
    made = connect(functions)
    user_id = functions.call("users", "GET", "/users/ada@example.com").body["userId"]

    def found(user: str) -> Any:
        answer = functions.call("events", "GET", "/events", query={"userId": user})
        return [each["credentialId"] for each in answer.body["data"]] if answer.status == 200 else answer.status

    by_name, by_id, of_nobody = found("ada@example.com"), found(user_id), found("nobody")
    functions.call("users", "DELETE", f"/users/{user_id}")

    assert by_name == by_id == [made.body["credentialId"]]
    assert of_nobody == 404
    assert found(user_id) == by_id


def test_a_filter_of_events_fills_its_pages(functions: Functions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evergrant.use_cases.events.list.PAGE", 2)
    made = [connect(functions).body["credentialId"] for _ in range(4)]
    functions.call("patch_credential", "PATCH", f"/credentials/{made[0]}", {"name": "Renamed"})
    for each in made[1:]:
        functions.call("delete_credential", "DELETE", f"/credentials/{each}")

    def page(**query: str) -> Answer:
        return functions.call("events", "GET", "/events", query={"type": "credential.created", **query})

    first = page(limit="3")
    second = page(limit="3", cursor=first.body["nextCursor"])

    assert [each["credentialId"] for each in first.body["data"] + second.body["data"]] == made[::-1]
    assert second.body["nextCursor"] is None


def test_a_filter_that_nothing_fits_hands_back_a_cursor_in_time(
    functions: Functions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("evergrant.use_cases.events.list.PAGE", 1)
    monkeypatch.setattr("evergrant.use_cases.paging.AT_MOST", 2)
    connect(functions)
    for number in range(3):
        made = connect(functions).body["credentialId"]
        functions.call("patch_credential", "PATCH", f"/credentials/{made}", {"name": f"Renamed {number}"})

    def page(**query: str) -> Answer:
        return functions.call("events", "GET", "/events", query={"type": "credential.deleted", **query})

    first = page()

    assert first.body["data"] == []
    assert page(cursor=first.body["nextCursor"]).status == 200
