"""From the due index to the event, through the handlers: a key whose end has come expires, and it is said once."""

from datetime import timedelta

import pytest
from evergrant.domain.renewal import Dead, Transient
from evergrant.domain.times import iso
from evergrant.runtime import assembly, wiring

from tests.functions.deployment import Functions
from tests.functions.keys import connect
from tests.functions.sweeps import Travelling, delivered, status, swept, told


def test_a_key_whose_end_has_come_expires_and_it_is_said_once(functions: Functions, clock: Travelling) -> None:
    functions.invoke("sweep", {})
    made = connect(functions, expiresAt=iso(clock.now() + timedelta(seconds=5))).body["credentialId"]
    clock.ahead = timedelta(seconds=75)

    messages = swept(functions)
    delivered(functions, messages * 2)

    assert [each["credentialId"] for each in messages] == [made]
    assert status(functions, made) == "expired"
    assert told().count("credential.expired") == 1
    assert swept(functions) == []


def test_a_sweep_that_is_two_hours_late_misses_nothing(functions: Functions, clock: Travelling) -> None:
    functions.invoke("sweep", {})
    made = connect(functions, expiresAt=iso(clock.now() + timedelta(seconds=5))).body["credentialId"]
    clock.ahead = timedelta(hours=2)

    assert [each["credentialId"] for each in swept(functions)] == [made]


def _due(functions: Functions, clock: Travelling) -> str:
    functions.invoke("sweep", {})
    made: str = connect(functions, expiresAt=iso(clock.now() + timedelta(hours=1))).body["credentialId"]
    row = wiring.credentials().get(made)  # type: ignore[arg-type]  # an id
    assert row
    wiring.credentials().change(row.changed(at=clock.now(), due_at=clock.now() + timedelta(seconds=30)), read=row)
    clock.ahead = timedelta(seconds=31)
    return made


def test_a_providers_bad_day_is_degraded_and_not_dead(
    functions: Functions, clock: Travelling, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = _due(functions, clock)

    class Down:
        def renew(self, *_: object, **__: object) -> Transient:
            return Transient("provider_timeout", "The provider did not answer in time.")

    monkeypatch.setattr(wiring, "upstream", Down)
    assembly.renewer.cache_clear()
    delivered(functions, swept(functions))

    assert status(functions, made) == "degraded"
    assert "credential.expired" not in told()


def test_a_message_that_comes_twice_asks_the_provider_once(
    functions: Functions, clock: Travelling, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = _due(functions, clock)
    asked: list[object] = []

    class Revoked:
        def renew(self, *_: object, **__: object) -> Dead:
            asked.append(_)
            return Dead("refresh_token_rejected", "invalid_grant")

    monkeypatch.setattr(wiring, "upstream", Revoked)
    assembly.renewer.cache_clear()
    delivered(functions, swept(functions) * 3)

    assert len(asked) == 1
    assert status(functions, made) == "expired"
    assert told().count("credential.expired") == 1


@pytest.mark.parametrize(
    ("outcome", "action", "detail"),
    [
        (Transient("provider_timeout", "No answer."), "credential.degraded", {"reason": "provider_timeout"}),
        (
            Dead("refresh_token_rejected", "invalid_grant"),
            "credential.expired",
            {"reason": "refresh_token_rejected", "providerError": "invalid_grant"},
        ),
    ],
)
def test_the_audit_trail_says_why(
    functions: Functions,
    clock: Travelling,
    monkeypatch: pytest.MonkeyPatch,
    outcome: object,
    action: str,
    detail: dict[str, str],
) -> None:
    made = _due(functions, clock)

    class Answering:
        def renew(self, *_: object, **__: object) -> object:
            return outcome

    monkeypatch.setattr(wiring, "upstream", Answering)
    assembly.renewer.cache_clear()
    delivered(functions, swept(functions))
    trail = functions.call("audit", "GET", "/audit", query={"credentialId": made}).body["data"]

    assert [each["detail"] for each in trail if each["action"] == action] == [detail]
