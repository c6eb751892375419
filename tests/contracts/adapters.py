"""The adapters over tables, as `runtime.wiring` makes them."""

from typing import Any

from evergrant.adapters.dynamodb.apps import DynamoDBOwnApps
from evergrant.adapters.dynamodb.audit import DynamoDBAudit
from evergrant.adapters.dynamodb.authorizations import DynamoDBAuthorizations
from evergrant.adapters.dynamodb.clients import DynamoDBOAuthClients
from evergrant.adapters.dynamodb.credentials import DynamoDBCredentialStore
from evergrant.adapters.dynamodb.cursor import DynamoDBSweepCursor
from evergrant.adapters.dynamodb.directory import DynamoDBDirectory
from evergrant.adapters.dynamodb.idempotency import DynamoDBIdempotencyStore
from evergrant.adapters.dynamodb.pacing import DynamoDBPacing
from evergrant.adapters.dynamodb.rates import DynamoDBRates
from evergrant.adapters.dynamodb.replays import DynamoDBReplays
from evergrant.adapters.dynamodb.sessions import DynamoDBSessions
from evergrant.adapters.dynamodb.slots import DynamoDBSlots
from evergrant.adapters.dynamodb.states import DynamoDBCredentialStates
from evergrant.adapters.dynamodb.webhooks import DynamoDBWebhooks

from tests.builders import DAY
from tests.fakes.sealing import FakeSealer
from tests.fakes.storage import PER_SECOND, Storage


def dynamodb_storage(client: Any) -> Storage:
    """Over the tables that are there."""
    return Storage(
        credentials=DynamoDBCredentialStore(
            client,
            table="credentials",
            directory_table="directory",
            events_table="events",
            audit_table="audit",
            event_retention=90 * DAY,
        ),
        states=DynamoDBCredentialStates(client, table="credentials"),
        directory=DynamoDBDirectory(client, table="directory"),
        audit=DynamoDBAudit(client, table="audit"),
        own_apps=DynamoDBOwnApps(client, table="directory"),
        clients=DynamoDBOAuthClients(client, FakeSealer(), table="directory"),
        webhooks=DynamoDBWebhooks(client, table="events", retention=90 * DAY),
        authorizations=DynamoDBAuthorizations(client, table="sessions"),
        sessions=DynamoDBSessions(client, table="sessions"),
        idempotency=DynamoDBIdempotencyStore(client, table="sessions"),
        slots=DynamoDBSlots(client, table="events"),
        replays=DynamoDBReplays(client, table="events", retention=90 * DAY),
        rates=DynamoDBRates(client, table="sessions", per_second=PER_SECOND),
        pacing=DynamoDBPacing(client, table="sessions"),
        cursor=DynamoDBSweepCursor(client, "renewals", table="sessions"),
    )
