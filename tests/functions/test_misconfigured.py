"""A client that the provider refuses is told to its owner once, however many credentials rest on it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from evergrant.domain.ids import CredentialId
from evergrant.domain.renewal import Ours
from evergrant.runtime import assembly, wiring

from tests.functions.deployment import Functions
from tests.functions.keys import connect
from tests.functions.sweeps import status, told

SET = datetime(2026, 11, 1, tzinfo=UTC)

Refuse = Callable[[str, datetime], None]


@pytest.fixture
def refuse(functions: Functions) -> Refuse:
    """One renewal, in which the provider refuses the client that was set then."""

    def attempt(credential_id: str, client_since: datetime) -> None:
        class Upstream:
            def renew(self, *_: object, **__: object) -> Ours:
                return Ours("invalid_client", "Correct the client.", client_since)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(wiring, "upstream", Upstream)
            assembly.renewer.cache_clear()
            row = wiring.credentials().get(CredentialId(credential_id))
            assert row
            assert assembly.renewer().attempt(row)[0] == "persisted"
        assembly.renewer.cache_clear()

    return attempt


def test_a_refused_client_is_said_once_for_all_its_credentials(functions: Functions, refuse: Refuse) -> None:
    made: list[str] = [connect(functions, name=str(number)).body["credentialId"] for number in range(3)]

    for each in made:
        refuse(each, SET)

    assert told().count("app.misconfigured") == 1
    assert {status(functions, each) for each in made} == {"degraded"}


def test_a_new_client_that_is_wrong_too_is_news(functions: Functions, refuse: Refuse) -> None:
    made: list[str] = [connect(functions, name=str(number)).body["credentialId"] for number in range(2)]

    refuse(made[0], SET)
    refuse(made[1], SET + timedelta(days=1))

    assert told().count("app.misconfigured") == 2
