"""Providers that hang take their own time, and nobody else's."""

import json
from datetime import timedelta
from typing import Any

import pytest
from evergrant.domain.credential import Credential
from evergrant.domain.renewal import Transient, Verified
from evergrant.runtime import assembly, wiring

from tests.functions.deployment import Functions, LambdaContext
from tests.functions.keys import connect
from tests.functions.sweeps import Travelling

HANGS = timedelta(seconds=8)


@pytest.mark.parametrize(("hanging", "seconds", "handed_back"), [(5, 120, []), (3, 40, ["2", "3", "4"])])
def test_fault_31_a_batch_with_hanging_providers_ends_before_the_function_does(
    functions: Functions,
    clock: Travelling,
    monkeypatch: pytest.MonkeyPatch,
    hanging: int,
    seconds: int,
    handed_back: list[str],
) -> None:
    ids: list[str] = [connect(functions, name=str(number)).body["credentialId"] for number in range(5)]
    messages = [_due(credential_id, clock) for credential_id in ids]
    clock.ahead = timedelta(seconds=31)
    ends = clock.now() + timedelta(seconds=seconds)

    class Upstream:
        def renew(self, credential: Credential, *_: object, **__: object) -> Transient | Verified:
            if credential.credential_id not in ids[:hanging]:
                return Verified()
            clock.ahead += HANGS
            assert clock.now() < ends
            return Transient("provider_timeout", "No answer.")

    monkeypatch.setattr(wiring, "upstream", Upstream)
    assembly.renewer.cache_clear()
    records = [{"messageId": str(number), "body": json.dumps(each)} for number, each in enumerate(messages)]
    context = LambdaContext(remaining=lambda: ends - clock.now())

    answer = functions.invoke("renew", {"Records": records}, context)

    assert [each["itemIdentifier"] for each in answer["batchItemFailures"]] == handed_back


def _due(credential_id: str, clock: Travelling) -> dict[str, Any]:
    row: Any = wiring.credentials().get(credential_id)  # type: ignore[arg-type]  # an id
    at = (clock.now() + timedelta(seconds=30)).replace(microsecond=0)
    wiring.credentials().change(row.changed(at=clock.now(), due_at=at), read=row)
    return {"credentialId": credential_id, "due": at.isoformat().replace("+00:00", "Z")}
