"""The composition root: cached factories, each importing its own adapter when first asked.

Listing does not pay for OAuth; the fresh-token handler does not pay for requests.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from evergrant.adapters.system.clock import SystemClock, SystemEntropy, SystemIdentities
from evergrant.runtime.settings import settings

if TYPE_CHECKING:
    from evergrant.adapters.kms.branch_keys import KmsBranchKeys
    from evergrant.domain.events import Event
    from evergrant.domain.ids import WorkspaceId
    from evergrant.domain.targets import TargetType
    from evergrant.domain.webhooks import Endpoint
    from evergrant.ports.connecting import Authorizations, Sessions
    from evergrant.ports.credentials import CredentialStates, CredentialStore
    from evergrant.ports.http import HttpClient
    from evergrant.ports.idempotency import IdempotencyStore
    from evergrant.ports.pacing import Pacing, Rates, Slots, SweepCursor
    from evergrant.ports.providers import (
        Minting,
        Probing,
        ProviderApi,
        Revoker,
        ThreeLeggedOAuth,
        TokenEndpoint,
        Upstream,
    )
    from evergrant.ports.queues import Queue
    from evergrant.ports.sealing import Fingerprints, SealedRows, Sealer
    from evergrant.ports.webhooks import Carrier, Replays, Webhooks
    from evergrant.ports.workspaces import Apps, Audit, Directory, OAuthClients, OwnApps, RememberedApps
    from evergrant.use_cases.webhooks.attempt import Sign


@cache
def clock() -> SystemClock:
    return SystemClock()


@cache
def entropy() -> SystemEntropy:
    return SystemEntropy()


def identities() -> SystemIdentities:
    return SystemIdentities(clock(), entropy())


@cache
def credentials() -> "CredentialStore":
    from evergrant.adapters.dynamodb.client import dynamodb
    from evergrant.adapters.dynamodb.credentials import DynamoDBCredentialStore

    return DynamoDBCredentialStore(
        dynamodb(),
        table=settings().required("CREDENTIALS_TABLE"),
        directory_table=settings().required("DIRECTORY_TABLE"),
        events_table=settings().required("EVENTS_TABLE"),
        audit_table=settings().required("AUDIT_TABLE"),
        event_retention=settings().event_retention,
        shards=settings().shards,
    )


@cache
def directory() -> "Directory":
    from evergrant.adapters.dynamodb.client import dynamodb
    from evergrant.adapters.dynamodb.directory import DynamoDBDirectory

    return DynamoDBDirectory(dynamodb(), table=settings().required("DIRECTORY_TABLE"))


@cache
def audit() -> "Audit":
    from evergrant.adapters.dynamodb.audit import DynamoDBAudit
    from evergrant.adapters.dynamodb.client import dynamodb

    return DynamoDBAudit(dynamodb(), table=settings().required("AUDIT_TABLE"))


@cache
def idempotency() -> "IdempotencyStore":
    from evergrant.adapters.dynamodb.client import dynamodb
    from evergrant.adapters.dynamodb.idempotency import DynamoDBIdempotencyStore

    return DynamoDBIdempotencyStore(dynamodb(), table=settings().required("SESSIONS_TABLE"))


@cache
def branch_keys() -> "KmsBranchKeys":
    from evergrant.adapters.dynamodb.client import dynamodb
    from evergrant.adapters.dynamodb.keys import KeysTable
    from evergrant.adapters.kms.branch_keys import KmsBranchKeys, kms

    return KmsBranchKeys(
        kms(),
        KeysTable(dynamodb(), table=settings().required("KEYS_TABLE")),
        key_arn=settings().required("KMS_KEY_ARN"),
        deployment=settings().deployment,
        clock=clock(),
    )


@cache
def sealer() -> "Sealer":
    from evergrant.adapters.kms.branches import WorkspaceBranches
    from evergrant.adapters.kms.sealer import BranchKeySealer
    from evergrant.runtime.watched_sealer import WatchedSealer

    return WatchedSealer(BranchKeySealer(WorkspaceBranches(branch_keys())))


@cache
def answers_sealer() -> "Sealer":
    """For the answers that are kept for idempotency: their functions need not be able to open credentials."""
    from evergrant.adapters.kms.branches import EdgeBranch
    from evergrant.adapters.kms.sealer import BranchKeySealer
    from evergrant.runtime.watched_sealer import WatchedSealer

    return WatchedSealer(BranchKeySealer(EdgeBranch(branch_keys())))


@cache
def sealed_rows() -> "SealedRows":
    from evergrant.adapters.dynamodb.client import dynamodb
    from evergrant.adapters.dynamodb.sealed_rows import DynamoDBSealedRows

    tables = {name: settings().required(f"{name.upper()}_TABLE") for name in ("credentials", "directory", "events")}
    return DynamoDBSealedRows(dynamodb(), **tables)


@cache
def credential_states() -> "CredentialStates":
    from evergrant.adapters.dynamodb.client import dynamodb
    from evergrant.adapters.dynamodb.states import DynamoDBCredentialStates

    return DynamoDBCredentialStates(dynamodb(), table=settings().required("CREDENTIALS_TABLE"))


@cache
def fingerprints() -> "Fingerprints":
    from evergrant.adapters.kms.branch_keys import EDGE
    from evergrant.adapters.kms.sealer import BranchFingerprints

    return BranchFingerprints(branch_keys(), EDGE)


@cache
def own_apps() -> "OwnApps":
    from evergrant.adapters.dynamodb.apps import DynamoDBOwnApps
    from evergrant.adapters.dynamodb.client import dynamodb

    return DynamoDBOwnApps(dynamodb(), table=settings().required("DIRECTORY_TABLE"))


@cache
def apps() -> "Apps":
    from evergrant.catalogue.apps import LayeredApps

    return LayeredApps(own_apps())


@cache
def remembered_apps() -> "RememberedApps":
    """For the hot path: the workspace's own entry costs no read while it is in memory."""
    from evergrant.catalogue.apps import MemorisedApps

    return MemorisedApps(apps())


def is_catalogued(slug: str) -> bool:
    """Whether the catalogue has an app of that slug."""
    from evergrant.catalogue.loader import load

    return load(slug) is not None


@cache
def revoker() -> "Revoker":
    from evergrant.adapters.oauth.revoker import ProviderRevoker

    return ProviderRevoker(apps(), clients(), sealer(), token_endpoint(), http_client())


@cache
def clients() -> "OAuthClients":
    from evergrant.adapters.dynamodb.client import dynamodb
    from evergrant.adapters.dynamodb.clients import DynamoDBOAuthClients

    return DynamoDBOAuthClients(dynamodb(), sealer(), table=settings().required("DIRECTORY_TABLE"))


@cache
def authorizations() -> "Authorizations":
    from evergrant.adapters.dynamodb.authorizations import DynamoDBAuthorizations
    from evergrant.adapters.dynamodb.client import dynamodb

    return DynamoDBAuthorizations(dynamodb(), table=settings().required("SESSIONS_TABLE"))


@cache
def sessions() -> "Sessions":
    from evergrant.adapters.dynamodb.client import dynamodb
    from evergrant.adapters.dynamodb.sessions import DynamoDBSessions

    return DynamoDBSessions(dynamodb(), table=settings().required("SESSIONS_TABLE"))


@cache
def token_endpoint() -> "TokenEndpoint":
    from evergrant.adapters.oauth.token_endpoint import HttpTokenEndpoint

    return HttpTokenEndpoint(http_client(), clock(), entropy())


@cache
def three_legged() -> "ThreeLeggedOAuth":
    from evergrant.adapters.signing.oauth1 import ThreeLegs

    return ThreeLegs(http_client())


@cache
def minting() -> "Minting":
    from evergrant.adapters.aws import client
    from evergrant.adapters.oauth.minting import ProviderMinting
    from evergrant.adapters.signing.sigv4 import StsRoles

    roles = StsRoles(lambda: client("sts"))
    return ProviderMinting(http_client(), token_endpoint(), roles, clock(), entropy())


@cache
def provider_api() -> "ProviderApi":
    from evergrant.adapters.http.provider_api import HttpProviderApi

    return HttpProviderApi(http_client(), clock(), entropy())


@cache
def probing() -> "Probing":
    from evergrant.adapters.http.probing import HttpProbing

    return HttpProbing(provider_api())


@cache
def webhooks() -> "Webhooks":
    from evergrant.adapters.dynamodb.client import dynamodb
    from evergrant.adapters.dynamodb.webhooks import DynamoDBWebhooks

    table, retention = settings().required("EVENTS_TABLE"), settings().event_retention
    return DynamoDBWebhooks(dynamodb(), table=table, retention=retention, shards=settings().shards)


@cache
def replays() -> "Replays":
    from evergrant.adapters.dynamodb.client import dynamodb
    from evergrant.adapters.dynamodb.replays import DynamoDBReplays

    table, retention = settings().required("EVENTS_TABLE"), settings().event_retention
    return DynamoDBReplays(dynamodb(), table=table, retention=retention, shards=settings().shards)


@cache
def slots() -> "Slots":
    from evergrant.adapters.dynamodb.client import dynamodb
    from evergrant.adapters.dynamodb.slots import DynamoDBSlots

    return DynamoDBSlots(dynamodb(), table=settings().required("EVENTS_TABLE"))


@cache
def rates() -> "Rates":
    from evergrant.adapters.dynamodb.client import dynamodb
    from evergrant.adapters.dynamodb.rates import DynamoDBRates

    per_second = settings().requests_per_second
    return DynamoDBRates(dynamodb(), table=settings().required("SESSIONS_TABLE"), per_second=per_second)


@cache
def pacing() -> "Pacing":
    from evergrant.adapters.dynamodb.client import dynamodb
    from evergrant.adapters.dynamodb.pacing import DynamoDBPacing

    return DynamoDBPacing(dynamodb(), table=settings().required("SESSIONS_TABLE"))


def cursor(name: str) -> "SweepCursor":
    """`renewals` or `notifications`."""
    from evergrant.adapters.dynamodb.client import dynamodb
    from evergrant.adapters.dynamodb.cursor import DynamoDBSweepCursor

    return DynamoDBSweepCursor(dynamodb(), name, table=settings().required("SESSIONS_TABLE"))


@cache
def http_client() -> "HttpClient":
    from evergrant.adapters.http.transport import CheckedTransport

    return CheckedTransport(allow_loopback=settings().allow_loopback)


def may_use_loopback(workspace_id: "WorkspaceId") -> bool:
    """Only development workspaces of the local stack."""
    if not settings().allow_loopback:
        return False
    workspace = directory().workspace(workspace_id)
    return workspace is not None and workspace.environment == "development"


@cache
def public_http_client() -> "HttpClient":
    from evergrant.adapters.http.transport import CheckedTransport

    return CheckedTransport(allow_loopback=False)


def http_client_for(workspace_id: "WorkspaceId") -> "HttpClient":
    """For addresses that the workspace's owner names."""
    return http_client() if may_use_loopback(workspace_id) else public_http_client()


def carrier(endpoint: "Endpoint") -> "Carrier":
    """The way to it."""
    return _CARRIERS[endpoint.type](endpoint.workspace_id)


def _receivers(workspace_id: "WorkspaceId") -> "Carrier":
    from evergrant.adapters.http.receivers import ReceiverCarrier

    return ReceiverCarrier(http_client_for(workspace_id))


def _buses(_: "WorkspaceId") -> "Carrier":
    from evergrant.adapters.events.bus import BusCarrier, events

    return BusCarrier(events)


def _queues(_: "WorkspaceId") -> "Carrier":
    from evergrant.adapters.sqs.carrier import QueueCarrier
    from evergrant.adapters.sqs.queue import sqs

    return QueueCarrier(sqs)


_CARRIERS: "dict[TargetType, Callable[[WorkspaceId], Carrier]]" = {
    "webhook": _receivers,
    "event_bus": _buses,
    "queue": _queues,
}


@cache
def renewals() -> "Queue":
    return _queue("RENEWALS_QUEUE_URL")


@cache
def deliveries() -> "Queue":
    return _queue("DELIVERIES_QUEUE_URL")


@cache
def cleanups() -> "Queue":
    return _queue("CLEANUPS_QUEUE_URL")


@cache
def rescues() -> "Queue":
    return _queue("RESCUE_QUEUE_URL")


def _queue(setting: str) -> "Queue":
    from evergrant.adapters.sqs.queue import SqsQueue, sqs

    return SqsQueue(sqs(), settings().required(setting))


def sign() -> "Sign":
    """Standard Webhooks' signature."""
    from evergrant.adapters.http.signing import sign

    return sign


def event_in_stream(record: Mapping[str, Any]) -> "Event | None":
    """The new event in a record of the Events table's stream; None for anything else."""
    from evergrant.adapters.dynamodb.events import event_in_stream

    return event_in_stream(record)


@cache
def upstream() -> "Upstream":
    from evergrant.adapters.oauth.upstream import ProviderUpstream

    return ProviderUpstream(apps(), clients(), token_endpoint(), minting(), probing(), clock())
