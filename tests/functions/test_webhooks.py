"""Endpoints and deliveries: what was done to one stays done, and what is sent arrives."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from evergrant.adapters.kms.branch_keys import KmsBranchKeys
from evergrant.domain.errors import KeyUnavailableError, ProviderError, ProviderTimeoutError
from evergrant.runtime import wiring

from tests.functions.deployment import Functions, forget_wiring
from tests.functions.hooks import (
    Receivers,
    Sent,
    deliver,
    deliveries,
    fan_out,
    on,
    only_delivery,
    receivers,
    registered,
    rows,
    try_out,
)
from tests.functions.keys import connect
from tests.functions.loopback import Loopback, provider
from tests.functions.sweeps import Travelling

__all__ = ["receivers"]  # Fixtures that these tests take.


def test_a_delivery_under_way_brings_no_deleted_endpoint_back(functions: Functions, receivers: Receivers) -> None:
    endpoint = registered(functions)

    def deleted_meanwhile(_: Sent) -> int:
        on(functions, "DELETE", endpoint)
        return 500

    receivers.answer = deleted_meanwhile
    try_out(functions, endpoint)

    assert on(functions, "GET", endpoint).status == 404


def test_a_delivery_under_way_leaves_a_change_as_it_is(functions: Functions, receivers: Receivers) -> None:
    endpoint = registered(functions)

    def changed_meanwhile(_: Sent) -> int:
        on(functions, "PATCH", endpoint, content={"url": "https://new.example/hook", "description": "New"})
        return 410

    receivers.answer = changed_meanwhile
    try_out(functions, endpoint)
    found = on(functions, "GET", endpoint).body

    # What the old address answered says nothing of the new one.
    assert (found["url"], found["description"], found["status"]) == ("https://new.example/hook", "New", "healthy")


def test_attack_57_a_delivery_under_way_leaves_a_rotation_as_it_is(functions: Functions, receivers: Receivers) -> None:
    endpoint = registered(functions)
    secrets = [endpoint["secret"]]

    def rotated_meanwhile(_: Sent) -> int:
        secrets.append(on(functions, "POST", endpoint, "/rotate-secret", {}).body["secret"])
        return 500

    receivers.answer = rotated_meanwhile
    try_out(functions, endpoint)
    receivers.answer = lambda _: 204
    try_out(functions, endpoint)

    assert [receivers.sent[-1].is_signed_by(each) for each in secrets] == [True, True]


def test_attack_57_of_eight_rotations_at_once_every_secret_signs(
    functions: Functions, receivers: Receivers, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint = registered(functions)
    secrets = [endpoint["secret"]]
    store, change = wiring.webhooks(), wiring.webhooks().change_endpoint

    def rotate() -> None:
        secrets.append(on(functions, "POST", endpoint, "/rotate-secret", {}).body["secret"])

    def others_first(*arguments: Any, **more: Any) -> bool:
        if waiting:
            waiting.pop()()
        return change(*arguments, **more)

    waiting = [rotate] * 7
    monkeypatch.setattr(store, "change_endpoint", others_first)
    rotate()
    try_out(functions, endpoint)

    assert len(set(secrets)) == 9
    assert [receivers.sent[-1].is_signed_by(each) for each in secrets] == [True] * 9


def test_attack_57_after_its_overlap_an_old_secret_signs_no_more(
    functions: Functions, receivers: Receivers, clock: Travelling
) -> None:
    endpoint = registered(functions)
    on(functions, "POST", endpoint, "/rotate-secret", {"overlapSeconds": 60})
    monthly = on(functions, "POST", endpoint, "/rotate-secret", {"overlapSeconds": 0}).body["secret"]
    try_out(functions, endpoint)

    assert receivers.sent[-1].is_signed_by(monthly)
    assert not receivers.sent[-1].is_signed_by(endpoint["secret"])
    assert receivers.sent[-1].headers["webhook-signature"].count("v1,") == 1


def test_fault_41_gone_is_noted_beside_another_failure(functions: Functions, receivers: Receivers) -> None:
    endpoint = registered(functions)

    def another_failed_meanwhile(_: Sent) -> int:
        read = wiring.webhooks().endpoint(functions.workspace_id, endpoint["endpointId"])  # type: ignore[arg-type]  # an id
        assert read
        failing = read.after(ok=False, status=500, at=wiring.clock().now())
        assert wiring.webhooks().note_health(failing, read=read, event=None)
        return 410

    receivers.answer = another_failed_meanwhile
    try_out(functions, endpoint)

    assert on(functions, "GET", endpoint).body["disabledReason"] == "gone"


@pytest.mark.parametrize(
    ("trouble", "word"), [(ProviderTimeoutError("late"), "timeout"), (ProviderError("refused"), "connection_failed")]
)
def test_an_attempt_without_an_answer_says_why(
    functions: Functions, receivers: Receivers, trouble: ProviderError, word: str
) -> None:
    def fail(_: Sent) -> int:
        raise trouble

    receivers.answer = fail
    try_out(functions, registered(functions))
    found = only_delivery(functions)

    assert (found["status"], [each["error"] for each in found["attempts"]]) == ("failed", [word])


def test_what_waits_for_its_next_attempt_is_sent_at_once_when_asked(functions: Functions, receivers: Receivers) -> None:
    endpoint = registered(functions)
    receivers.answer = lambda _: 500
    try_out(functions, endpoint)
    receivers.answer = lambda _: 204
    event_id = rows("event")[0]["sk"]["S"]

    deliver(functions)
    early = len(receivers.sent)
    asked = functions.call("events", "POST", f"/events/{event_id}/redeliver", {"endpointId": endpoint["endpointId"]})
    deliver(functions)

    assert (early, len(receivers.sent)) == (1, 2)
    assert asked.body == {"deliveries": 1}
    assert only_delivery(functions)["status"] == "delivered"


def test_a_replay_of_what_failed_sends_no_other(functions: Functions, receivers: Receivers) -> None:
    endpoint = registered(functions)
    since = {"since": "2020-01-01T00:00:00Z"}
    try_out(functions, endpoint)
    receivers.answer = lambda _: 500
    try_out(functions, endpoint)
    on(functions, "POST", endpoint, "/test")
    fan_out(functions)
    on(functions, "POST", endpoint, "/test")

    failed = on(functions, "POST", endpoint, "/replay", {**since, "onlyFailed": True})
    every = on(functions, "POST", endpoint, "/replay", since)

    assert (failed.body["replayed"], every.body["replayed"]) == (1, 4)


def test_a_paused_endpoints_retry_waits_and_is_sent_after_waking(
    functions: Functions, receivers: Receivers, clock: Travelling
) -> None:
    endpoint = registered(functions)
    receivers.answer = lambda _: 500
    try_out(functions, endpoint)
    receivers.answer = lambda _: 204
    on(functions, "PATCH", endpoint, content={"status": "paused"})

    clock.ahead = timedelta(seconds=10)
    deliver(functions)
    paused = only_delivery(functions)
    on(functions, "PATCH", endpoint, content={"status": "active"})
    clock.ahead += timedelta(seconds=70)
    deliver(functions)

    assert (paused["status"], len(paused["attempts"]), bool(paused["nextAttemptAt"])) == ("failed", 1, True)
    assert [each["status"] for each in only_delivery(functions)["attempts"]] == [500, 204]


def test_fault_03_a_delivery_whose_key_is_away_waits_and_is_sent_after(
    functions: Functions, receivers: Receivers, clock: Travelling, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint = registered(functions)
    on(functions, "POST", endpoint, "/test")
    fan_out(functions)

    def away(*_: object) -> None:
        raise KeyUnavailableError

    with monkeypatch.context() as patch:
        patch.setattr(KmsBranchKeys, "version", away)
        deliver(functions)
    waits = only_delivery(functions)
    clock.ahead = timedelta(seconds=70)
    deliver(functions)

    assert (waits["status"], waits["attempts"], bool(waits["nextAttemptAt"])) == ("pending", [], True)
    assert only_delivery(functions)["status"] == "delivered"


@pytest.mark.parametrize("what", ["test", "replay"])
def test_a_paused_endpoint_is_to_be_resumed_first(functions: Functions, what: str) -> None:
    endpoint = registered(functions)
    on(functions, "PATCH", endpoint, content={"status": "paused"})

    answer = on(
        functions, "POST", endpoint, f"/{what}", {"since": "2020-01-01T00:00:00Z"} if what == "replay" else None
    )

    assert (answer.status, answer.body["code"]) == (409, "endpoint_paused")
    assert "active" in answer.body["message"]


def test_fault_41_a_disabled_endpoints_open_deliveries_end(
    functions: Functions, receivers: Receivers, clock: Travelling
) -> None:
    endpoint = registered(functions)
    on(functions, "POST", endpoint, "/test")
    fan_out(functions)
    receivers.answer = lambda _: 410
    try_out(functions, endpoint)
    clock.ahead = timedelta(minutes=10)
    deliver(functions)
    asleep = on(functions, "POST", endpoint, "/test")
    on(functions, "PATCH", endpoint, content={"status": "active"})
    replayed = on(functions, "POST", endpoint, "/replay", {"since": "2020-01-01T00:00:00Z", "onlyFailed": True})

    statuses = [deliveries(functions, row["event_id"]["S"])[0]["status"] for row in rows("delivery")]
    assert (asleep.status, asleep.body["code"]) == (409, "endpoint_disabled")
    assert (replayed.body["replayed"], statuses) == (2, ["pending", "pending"])
    assert len(receivers.sent) == 1


def test_fault_41_the_other_endpoints_hear_of_a_disabled_one_once(functions: Functions, receivers: Receivers) -> None:
    gone = registered(functions, "credential.created", description="Old shop")
    registered(functions, "endpoint.disabled", url="https://ops.example/hook", apps=["stripe"], userTags=["vip"])
    registered(functions, url="https://deaf.example/hook")
    receivers.answer = lambda sent: 410 if sent.url.startswith("https://shop") else 204
    connect(functions)
    fan_out(functions)
    deliver(functions)
    fan_out(functions)
    deliver(functions)
    events = functions.call("events", "GET", "/events", query={"type": "endpoint.disabled"}).body["data"]

    assert [(each.url, each.type) for each in receivers.sent] == [
        ("https://shop.example/hook", "credential.created"),
        ("https://ops.example/hook", "endpoint.disabled"),
    ]
    assert [each["data"] for each in events] == [
        {"endpointId": gone["endpointId"], "status": "disabled", "reason": "gone", "description": "Old shop"}
    ]


def test_five_days_of_failure_are_said_too(functions: Functions, receivers: Receivers, clock: Travelling) -> None:
    endpoint = registered(functions)
    receivers.answer = lambda _: 500
    try_out(functions, endpoint)
    clock.ahead = timedelta(days=5)
    try_out(functions, endpoint)

    events = functions.call("events", "GET", "/events", query={"type": "endpoint.disabled"}).body["data"]
    assert [each["data"]["reason"] for each in events] == ["failing_for_five_days"]


def test_a_user_outside_the_tags_is_not_sent_by_a_replay_either(functions: Functions, receivers: Receivers) -> None:
    connect(functions)
    endpoint = registered(functions, "credential.created", userTags=["vip"])
    event_id = rows("event")[0]["sk"]["S"]

    replayed = on(functions, "POST", endpoint, "/replay", {"since": "2020-01-01T00:00:00Z"})
    redelivered = functions.call("events", "POST", f"/events/{event_id}/redeliver", {})

    assert (replayed.body["replayed"], redelivered.body["deliveries"]) == (0, 0)


def test_an_apps_other_name_is_its_slug(functions: Functions, receivers: Receivers) -> None:
    endpoint = registered(functions, "credential.created", apps=["wooCommerce", "woocommerce"])
    changed = on(functions, "PATCH", endpoint, content={"apps": ["klaviyo", "wooCommerce"]})
    unknown = on(functions, "PATCH", endpoint, content={"apps": ["klaviyo", "nobody"]})

    assert endpoint["apps"] == ["woocommerce"]
    assert changed.body["apps"] == ["klaviyo", "woocommerce"]
    assert (unknown.status, unknown.body["details"][0]["path"]) == (422, "apps.1")


@pytest.mark.parametrize(
    "url",
    [
        "https://[::1",
        "https://ex[ample.com",
        "https://ex\u2100mple.com",
        "https://x.com/\0",
        "https://x.com/a\r\nX-I: 1",
        "https://x.com/a b",
        "https://:pw@x.com",
        "https://x.com:22",
        "https://x.com:99999",
        "https://x.com:abc",
        "https://evergrant.example./users",
        "https://API.example/users",
        "http://127.0.0.1:9999/x",
        "https://127.0.0.1:9999/x",
    ],
)
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_attack_51_61_an_address_that_will_not_do_is_named(functions: Functions, method: str, url: str) -> None:
    path = "/webhooks/endpoints"
    if method == "PATCH":
        path = f"{path}/{registered(functions)['endpointId']}"

    answer = functions.call("webhook_endpoints", method, path, {"url": url})

    assert (answer.status, answer.body["details"][0]["path"]) == (422, "url")


@pytest.fixture
def local_stack(functions: Functions, monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    """Loopback may be called; there is a receiver on it."""
    monkeypatch.setenv("ALLOW_LOOPBACK", "true")
    monkeypatch.setenv("PUBLIC_BASE_URL", "http://127.0.0.1:8787")
    forget_wiring()
    with provider() as told:
        yield told


def in_production(functions: Functions) -> None:
    made = functions.invoke("admin", {"action": "create_workspace", "name": "Live", "environment": "production"})
    functions.workspace_id, functions.api_key_id = made["workspaceId"], made["apiKeyId"]


def test_attack_51_a_development_workspace_of_the_local_stack_may_use_loopback(
    functions: Functions, local_stack: Loopback
) -> None:
    try_out(functions, registered(functions, url=f"{local_stack.url}/hook"))

    assert [each.path for each in local_stack.asked] == ["/hook"]


def test_attack_51_a_production_workspace_reaches_no_loopback(functions: Functions, local_stack: Loopback) -> None:
    in_production(functions)
    endpoint = registered(functions)
    url = f"{local_stack.url}/hook"
    made = functions.call("webhook_endpoints", "POST", "/webhooks/endpoints", {"url": url})
    changed = on(functions, "PATCH", endpoint, content={"url": url})
    read = wiring.webhooks().endpoint(functions.workspace_id, endpoint["endpointId"])  # type: ignore[arg-type]  # an id
    assert read
    # However it came there.
    wiring.webhooks().change_endpoint(replace(read, url=url), read=read)
    try_out(functions, endpoint)

    assert (made.status, changed.status) == (422, 422)
    assert local_stack.asked == []
    assert only_delivery(functions)["attempts"][0]["error"] == "connection_failed"


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1", "[::1]"])
def test_attack_61_the_local_stack_is_not_its_own_receiver(
    functions: Functions, local_stack: Loopback, host: str
) -> None:
    answer = functions.call("webhook_endpoints", "POST", "/webhooks/endpoints", {"url": f"http://{host}:8787/users"})

    assert (answer.status, answer.body["details"][0]["message"]) == (422, "This must not be this deployment itself.")
