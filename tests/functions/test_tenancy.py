"""Webhooks of another workspace: whatever is asked of them, they are not there."""

from collections.abc import Mapping

import pytest

from tests.functions.deployment import Functions
from tests.functions.hooks import deliver, fan_out, on, only_delivery, registered, rows

Content = Mapping[str, str | int]
SINCE = {"since": "2020-01-01T00:00:00Z"}
ENDPOINT = "/webhooks/endpoints/{endpointId}"
CALLS: list[tuple[str, str, str, Content | None]] = [
    ("webhook_endpoints", "GET", ENDPOINT, None),
    ("webhook_endpoints", "PATCH", ENDPOINT, {"status": "paused"}),
    ("webhook_endpoints", "DELETE", ENDPOINT, None),
    ("webhook_endpoints", "POST", f"{ENDPOINT}/rotate-secret", {"overlapSeconds": 0}),
    ("webhook_endpoints", "POST", f"{ENDPOINT}/test", None),
    ("webhook_endpoints", "POST", f"{ENDPOINT}/replay", SINCE),
    ("webhook_endpoints", "GET", "/webhooks/replays/{replayId}", None),
    ("events", "GET", "/events/{eventId}", None),
    ("events", "GET", "/events/{eventId}/deliveries", None),
    ("events", "POST", "/events/{eventId}/redeliver", {}),
    ("events", "POST", "/events/{eventId}/redeliver", {"endpointId": "{endpointId}"}),
]


@pytest.mark.parametrize(
    ("function", "method", "path", "content"),
    CALLS,
    ids=[f"{method} {path}" for _, method, path, _ in CALLS[:-1]] + ["to"],
)
def test_attack_36_webhooks_of_another_workspace_are_not_there(
    functions: Functions, function: str, method: str, path: str, content: Content | None
) -> None:
    endpoint = registered(functions)
    on(functions, "POST", endpoint, "/test")
    fan_out(functions)
    ids = {
        "endpointId": endpoint["endpointId"],
        "eventId": rows("event")[0]["sk"]["S"],
        "replayId": on(functions, "POST", endpoint, "/replay", SINCE).body["replayId"],
    }
    before = (on(functions, "GET", endpoint).body, only_delivery(functions), len(rows("replay")))
    owner = (functions.workspace_id, functions.api_key_id)
    made = functions.invoke("admin", {"action": "create_workspace", "name": "Other", "environment": "production"})
    functions.workspace_id, functions.api_key_id = made["workspaceId"], made["apiKeyId"]

    sent = {name: value.format(**ids) if isinstance(value, str) else value for name, value in (content or {}).items()}
    answer = functions.call(function, method, path.format(**ids), None if content is None else sent)
    functions.workspace_id, functions.api_key_id = owner

    assert (answer.status, answer.body["code"]) == (404, "not_found")
    assert (on(functions, "GET", endpoint).body, only_delivery(functions), len(rows("replay"))) == before


def test_attack_36_ones_own_event_goes_to_no_endpoint_of_another_workspace(functions: Functions) -> None:
    endpoint = registered(functions)
    made = functions.invoke("admin", {"action": "create_workspace", "name": "Other", "environment": "production"})
    functions.workspace_id, functions.api_key_id = made["workspaceId"], made["apiKeyId"]
    on(functions, "POST", registered(functions), "/test")
    own = rows("event")[0]["sk"]["S"]

    answer = functions.call("events", "POST", f"/events/{own}/redeliver", {"endpointId": endpoint["endpointId"]})
    deliver(functions)

    assert (answer.status, rows("delivery")) == (404, [])
