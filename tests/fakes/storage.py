"""All that rests on tables, of one deployment."""

from dataclasses import dataclass

from evergrant import ports

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

    credentials: ports.CredentialStore
    states: ports.CredentialStates
    directory: ports.Directory
    audit: ports.Audit
    own_apps: ports.OwnApps
    clients: ports.OAuthClients
    webhooks: ports.Webhooks
    authorizations: ports.Authorizations
    sessions: ports.Sessions
    idempotency: ports.IdempotencyStore
    rates: ports.Rates
    pacing: ports.Pacing
    cursor: ports.SweepCursor
    replays: ports.Replays
    slots: ports.Slots


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
