"""Taking a static secret: proven first where that can be done, sealed, and kept once."""

from typing import Any

import pytest
from evergrant.domain.credential import Credential
from evergrant.domain.errors import (
    GrantRefusedError,
    NotFoundError,
    ProviderError,
    ProviderTimeoutError,
    UnavailableError,
    ValidationFailedError,
)
from evergrant.ports.providers import ProbeAnswer
from evergrant.use_cases.credentials.create import NewCredential, create_credential
from evergrant.use_cases.credentials.intake import Intake
from pydantic import SecretStr

from tests.builders import ADA, HOUR, NOON, WORKSPACE, an_app
from tests.fakes.apps import FakeApps
from tests.fakes.deployment import CALLER, FakeDeployment, identities_of_one_request
from tests.fakes.probing import FakeProbing
from tests.fakes.providers import ScriptedMinting

PROBED = an_app(
    {
        "kind": "api_key",
        "properties": [{"name": "apiKey", "label": "API key"}],
        "request": {"base_url": "https://acme.example", "headers": {"Authorization": "Bearer {apiKey}"}},
        "probe": {"path": "/me", "account_id": "id"},
    }
)
MINTED = an_app(
    {
        "kind": "client_credentials",
        "properties": [{"name": "clientId", "label": "Client"}, {"name": "clientSecret", "label": "Secret"}],
        "request": {"base_url": "https://acme.example"},
        "token_endpoint": "https://acme.example/token",
    },
    slug="acme-machine",
)
KEY = NewCredential("acme", {"apiKey": SecretStr("s3cret")})
MACHINE = NewCredential("acme-machine", {"clientId": SecretStr("id"), "clientSecret": SecretStr("secret")})


@pytest.fixture
def deployment() -> FakeDeployment:
    return FakeDeployment()


def created(
    deployment: FakeDeployment,
    new: NewCredential = KEY,
    *,
    user: str = ADA,
    probing: FakeProbing | None = None,
    minting: ScriptedMinting | None = None,
) -> Credential:
    """One request; a second call is a second run of it."""
    return create_credential(
        CALLER,
        user,
        new,
        intake=Intake(
            apps=FakeApps(PROBED, MINTED),
            directory=deployment.storage.directory,
            credentials=deployment.storage.credentials,
            sealer=deployment.sealer,
            minting=lambda: minting or ScriptedMinting(),
            clock=deployment.clock,
            entropy=deployment.entropy,
        ),
        identities=identities_of_one_request(),
        probing=None if probing is None else lambda: probing,
    )


def kept(deployment: FakeDeployment) -> list[Credential]:
    return list(deployment.storage.credentials.of_user(WORKSPACE, ADA, app=None, limit=9, after=None).items)


def test_what_was_sent_is_sealed_kept_and_told(deployment: FakeDeployment) -> None:
    made = created(deployment)

    assert kept(deployment) == [deployment.row(made)]
    assert deployment.opened(made) == {"apiKey": "s3cret"}
    assert deployment.events() == deployment.trail() == ["credential.created"]
    assert made.due_at
    assert made.due_at > NOON


def test_fault_11_a_second_run_of_the_same_request_finds_what_the_first_made(deployment: FakeDeployment) -> None:
    first = created(deployment)

    second = created(deployment)

    assert second == deployment.row(first)
    assert deployment.events() == ["credential.created"]


def test_for_nobody_nothing_is_made(deployment: FakeDeployment) -> None:
    with pytest.raises(NotFoundError):
        created(deployment, user="nobody")

    assert deployment.events() == []


def test_a_key_that_is_over_already_is_not_taken(deployment: FakeDeployment) -> None:
    with pytest.raises(ValidationFailedError) as refused:
        created(deployment, NewCredential("acme", KEY.data, expires_at=NOON))

    assert [each.path for each in refused.value.details] == ["credential.expiresAt"]
    assert kept(deployment) == []


def test_a_key_that_ends_is_due_at_its_end(deployment: FakeDeployment) -> None:
    made = created(deployment, NewCredential("acme", KEY.data, expires_at=NOON + HOUR))

    assert made.due_at == NOON + HOUR


@pytest.mark.parametrize("new", [KEY, MACHINE])
def test_fault_02_without_a_key_no_provider_is_asked_and_nothing_kept(
    deployment: FakeDeployment, new: NewCredential
) -> None:
    deployment.sealer.away = True
    probing, minting = FakeProbing(), ScriptedMinting(trouble=AssertionError("asked"))

    with pytest.raises(UnavailableError):
        created(deployment, new, probing=probing, minting=minting)

    assert probing.asked == 0
    assert kept(deployment) == []


def test_what_the_provider_refuses_is_not_kept(deployment: FakeDeployment) -> None:
    with pytest.raises(ValidationFailedError) as refused:
        created(deployment, probing=FakeProbing(ProbeAnswer(verdict=False, status=401)))

    assert refused.value.code == "rejected_by_provider"
    assert kept(deployment) == []


@pytest.mark.parametrize(
    "probing",
    [FakeProbing(ProbeAnswer(verdict=None, status=500)), FakeProbing(trouble=ProviderTimeoutError("Late."))],
    ids=["nonsense", "timeout"],
)
def test_a_provider_that_cannot_say_hinders_nothing(deployment: FakeDeployment, probing: FakeProbing) -> None:
    made = created(deployment, probing=probing)

    assert (made.last_verified_at, made.account_id) == (None, None)


def test_what_the_provider_proves_has_its_account(deployment: FakeDeployment) -> None:
    made = created(deployment, probing=FakeProbing(ProbeAnswer(verdict=True, status=200, content={"id": 7})))

    assert (made.last_verified_at, made.account_id) == (NOON, "7")


def test_a_token_is_made_first_and_sealed_with_what_it_was_made_of(deployment: FakeDeployment) -> None:
    made = created(deployment, MACHINE)

    assert deployment.opened(made) == {"clientId": "id", "clientSecret": "secret", "accessToken": "at"}
    assert (made.token_expires_at, made.renewable) == (NOON + HOUR, True)


@pytest.mark.parametrize(
    ("trouble", "raised"),
    [
        (GrantRefusedError("invalid_grant", provider_status=400), ValidationFailedError),
        (ProviderError("Away."), ProviderError),
    ],
)
def test_where_no_token_is_made_nothing_is_kept(deployment: FakeDeployment, trouble: Exception, raised: Any) -> None:
    with pytest.raises(raised):
        created(deployment, MACHINE, minting=ScriptedMinting(trouble))

    assert kept(deployment) == []
    assert deployment.events() == []
