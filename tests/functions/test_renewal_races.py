"""What an owner changes while a renewal runs is kept, and so is what the renewal brought."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, cast

import pytest
from evergrant.domain.ids import CredentialId
from evergrant.domain.renewal import Dead, Outcome, Renewed, Transient, Verified
from evergrant.domain.secret import Secret
from evergrant.domain.times import iso
from evergrant.runtime import assembly, wiring
from pydantic import SecretStr

from tests.functions.deployment import Functions
from tests.functions.keys import connect

NEW_KEY = "pk_renewed"


def renewed(secret: Secret) -> Renewed:
    return Renewed(secret.with_values(apiKey=SecretStr(NEW_KEY)), token_expires_at=None)


def raced(functions: Functions, outcome: Callable[[Secret], Outcome], meanwhile: Callable[[str], None]) -> str:
    """One renewal, with something that happens while the provider is asked."""
    made: str = connect(functions).body["credentialId"]

    class Upstream:
        def renew(self, _: object, secret: Secret, **__: object) -> Outcome:
            meanwhile(made)
            return outcome(secret)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wiring, "upstream", Upstream)
        assembly.renewer.cache_clear()
        assembly.renewer().attempt(row(made))
    assembly.renewer.cache_clear()
    return made


def row(credential_id: str) -> Any:
    return wiring.credentials().get(CredentialId(credential_id))


def patched(functions: Functions, **changes: object) -> Callable[[str], None]:
    def patch(credential_id: str) -> None:
        path = f"/credentials/{credential_id}"
        assert functions.call("patch_credential", "PATCH", path, changes).status == 200

    return patch


OUTCOMES: list[Callable[[Secret], Outcome]] = [
    renewed,
    lambda _: Verified(),
    lambda _: Transient("provider_timeout", "No answer."),
]


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_an_end_that_is_set_during_a_renewal_stands_and_is_waited_for(
    functions: Functions, outcome: Callable[[Secret], Outcome]
) -> None:
    end = wiring.clock().now().replace(microsecond=0) + timedelta(minutes=90)

    made = raced(functions, outcome, patched(functions, expiresAt=iso(end)))

    after = row(made)
    assert after.expires_at == end
    assert cast("datetime", after.due_at) <= end
    assert after.lease_until is None


def test_a_new_secret_is_kept_with_the_end_that_was_set_meanwhile(functions: Functions) -> None:
    end = wiring.clock().now().replace(microsecond=0) + timedelta(minutes=90)

    made = raced(functions, renewed, patched(functions, expiresAt=iso(end)))

    token = functions.call("fresh_token", "POST", f"/credentials/{made}/token", {})
    assert token.body["secret"]["apiKey"] == NEW_KEY


def test_a_renewal_without_a_word_about_the_end_leaves_it(functions: Functions) -> None:
    end = wiring.clock().now().replace(microsecond=0) + timedelta(minutes=90)
    made: str = connect(functions, expiresAt=iso(end)).body["credentialId"]
    held = wiring.credentials().begin_renewal(row(made), lease_until=end, due_at=end)
    assert held

    from evergrant.domain.renewal import apply

    change = apply(held, Renewed(Secret({}, ()), None), at=wiring.clock().now(), chance=0.5)

    assert change.credential.expires_at == end


def test_fault_27_what_is_not_a_new_secret_is_refused_after_another_took_the_lease(functions: Functions) -> None:
    def taken(credential_id: str) -> None:
        held, until = row(credential_id), wiring.clock().now() + timedelta(minutes=5)
        assert wiring.credentials().begin_renewal(held, lease_until=until, due_at=until)

    made = raced(functions, lambda _: Dead("refresh_token_rejected"), taken)

    assert row(made).status == "active"
    assert row(made).lease_until is not None


def test_fault_34_a_new_secret_is_saved_after_another_took_the_lease(functions: Functions) -> None:
    def taken(credential_id: str) -> None:
        held, until = row(credential_id), wiring.clock().now() + timedelta(minutes=5)
        assert wiring.credentials().begin_renewal(held, lease_until=until, due_at=until)

    made = raced(functions, renewed, taken)

    assert row(made).generation == 2
