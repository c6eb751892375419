"""All that rests on tables, of one deployment."""

from dataclasses import dataclass

from evergrant.ports.connecting import Authorizations, Sessions
from evergrant.ports.credentials import CredentialStates, CredentialStore
from evergrant.ports.idempotency import IdempotencyStore
from evergrant.ports.pacing import Pacing, Rates, Slots, SweepCursor
from evergrant.ports.webhooks import Replays, Webhooks
from evergrant.ports.workspaces import Audit, Directory, OAuthClients, OwnApps

from tests.fakes.apps import FakeOAuthClients, FakeOwnApps
from tests.fakes.audit import FakeAudit
from tests.fakes.connecting import FakeAuthorizations, FakeIdempotencyStore, FakeSessions
from tests.fakes.credentials import FakeCredentialStates, FakeCredentialStore
from tests.fakes.directory import FakeDirectory
from tests.fakes.pacing import FakePacing
from tests.fakes.webhooks import FakeReplays, FakeSlots, FakeWebhooks
from tests.fakes.work import FakeRates, FakeSweepCursor

PER_SECOND = 2
"""What each workspace may make."""


@dataclass(frozen=True)
class Storage:
    """The ports, over the same rows."""

    credentials: CredentialStore
    states: CredentialStates
    directory: Directory
    audit: Audit
    own_apps: OwnApps
    clients: OAuthClients
    webhooks: Webhooks
    authorizations: Authorizations
    sessions: Sessions
    idempotency: IdempotencyStore
    rates: Rates
    pacing: Pacing
    cursor: SweepCursor
    replays: Replays
    slots: Slots


def fake_storage() -> Storage:
    """Empty, in memory."""
    directory, audit, clients, webhooks = FakeDirectory(), FakeAudit(), FakeOAuthClients(), FakeWebhooks()
    own_apps = FakeOwnApps(clients)
    credentials = FakeCredentialStore(directory, own_apps, webhooks, audit)
    return Storage(
        credentials=credentials,
        states=FakeCredentialStates(credentials),
        directory=directory,
        audit=audit,
        own_apps=own_apps,
        clients=clients,
        webhooks=webhooks,
        authorizations=FakeAuthorizations(),
        sessions=FakeSessions(),
        idempotency=FakeIdempotencyStore(),
        rates=FakeRates(PER_SECOND),
        pacing=FakePacing(),
        cursor=FakeSweepCursor(),
        slots=FakeSlots(),
        replays=FakeReplays(webhooks),
    )
