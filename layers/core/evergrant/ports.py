"""What the use cases need of the world.

Each Protocol has one adapter, one fake, and one contract suite for both; tests/unit/test_ports.py has the exceptions.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Generic, Literal, Protocol, TypeVar

from pydantic import SecretBytes, SecretStr

from evergrant.domain.credential import Credential
from evergrant.domain.events import AuditLine, Event
from evergrant.domain.ids import ApiKeyId, CredentialId, EndpointId, UserId, WorkspaceId
from evergrant.domain.replays import Replay
from evergrant.domain.webhooks import Delivery, Endpoint
from evergrant.domain.workspace import ApiKey, User, Workspace

if TYPE_CHECKING:
    from evergrant.domain.app import (
        App,
        AuthMethod,
        ClientCredentialsMethod,
        JwtBearerMethod,
        OAuth1Method,
        OAuth2Method,
    )
    from evergrant.domain.authorization import Authorization
    from evergrant.domain.client import OAuthClient
    from evergrant.domain.renewal import Outcome, Stale
    from evergrant.domain.renewal.brake import Tally
    from evergrant.domain.renewal.pace import Lane, Pace
    from evergrant.domain.sealing import SealContext
    from evergrant.domain.secret import Secret
    from evergrant.domain.session import Session
    from evergrant.domain.tokens import Tokens

Item = TypeVar("Item")


class Clock(Protocol):
    """The time."""

    def now(self) -> datetime:
        """Aware, UTC."""
        ...


class Entropy(Protocol):
    """Where ids, states and verifiers come from."""

    def bytes(self, count: int) -> bytes:
        """`count` random bytes."""
        ...

    def token(self, count: int) -> str:
        """`count` random bytes in base64url, without padding."""
        ...


class Identities(Protocol):
    """Where ids come from: time and chance, or an Idempotency-Key, under which a second run makes the same ones."""

    def new(self, prefix: str) -> str:
        """The next one."""
        ...


class PreparedSeal(Protocol):
    """The branch key is at hand: sealing needs no network any more."""

    def seal(self, plaintext: SecretBytes, context: "SealContext") -> bytes:
        """Seal under a fresh data key and nonce."""
        ...


class Sealer(Protocol):
    """AES-256 under KMS: under the workspace's own branch key where it has one, else the shared one."""

    def prepare(self, workspace_id: WorkspaceId) -> PreparedSeal:
        """For what belongs to this workspace. Raises: UnavailableError when no key can be had."""
        ...

    def seal(self, plaintext: SecretBytes, context: "SealContext") -> bytes:
        """`prepare` and `seal` in one."""
        ...

    def open(self, sealed: bytes, context: "SealContext") -> SecretBytes:
        """Raises: SealBrokenError for whatever is wrong with it; UnavailableError when no key can be had."""
        ...

    def rewrap(self, sealed: bytes, workspace_id: WorkspaceId) -> bytes | None:
        """The same payload under the workspace's current branch key; None when it is. Raises as `open`."""
        ...


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """A part of a list, and where the next begins (opaque to use cases; None at the end)."""

    items: Sequence[Item]
    next: str | None = None


@dataclass(frozen=True, slots=True)
class KeyedRead:
    """A credential, the key that asks for it, and how often the workspace has changed its own apps."""

    credential: Credential | None
    key: ApiKey | None
    apps_version: int = 0


class CredentialStore(Protocol):
    """Credentials, each change of state in one transaction with its event and its audit line."""

    def get(self, credential_id: CredentialId) -> Credential | None:
        """One consistent read."""
        ...

    def get_with_key(self, credential_id: CredentialId, key: ApiKeyId, workspace_id: WorkspaceId) -> "KeyedRead":
        """All in one consistent read: for what releases secrets or destroys."""
        ...

    def find(self, credential_id: CredentialId) -> Credential | None:
        """As `get`, but one that is being deleted is found too."""
        ...

    def create(self, credential: Credential, *, event: Event, audit: AuditLine) -> None:
        """Raises: ConflictError when the id is taken; NotFoundError when the user is not there; TooLargeError."""
        ...

    def change(
        self, new: Credential, *, read: Credential, event: Event | None = None, audit: AuditLine | None = None
    ) -> None:
        """Raises: ConflictError (`code="changed_meanwhile"`) when the row is not as it was read; TooLargeError."""
        ...

    def delete(self, read: Credential, *, event: Event | None, audit: AuditLine) -> None:
        """Raises: ConflictError (`code="changed_meanwhile"`)."""
        ...

    def of_user(
        self, workspace_id: WorkspaceId, user_id: UserId, *, app: str | None, limit: int, after: str | None
    ) -> Page[Credential]:
        """Strongly consistent, in the order of their ids."""
        ...

    def due(self, partition: str, *, until: datetime) -> Sequence[tuple[CredentialId, datetime]]:
        """What the index says is due in one partition; eventually consistent: read again before acting."""
        ...

    def begin_renewal(
        self, read: Credential, *, lease_until: datetime, due_at: datetime, awaits: bool = False
    ) -> Credential | None:
        """Lease and intent in one conditional write; None when another worker won, or the row is gone.

        `awaits`: nobody's lease, until whose end nobody begins.
        """
        ...

    def finish_renewal(
        self,
        new: Credential,
        *,
        held: Credential,
        event: Event | None,
        audit: AuditLine | None,
        once: str | None = None,
        also: tuple[Event, AuditLine] | None = None,
        only_holder: bool = True,
    ) -> bool:
        """Guarded by generation, a live row, and the fence; False when it was refused.

        Without `only_holder` the fence does not matter, and status and end are as they are in `held`.
        Where this workspace was told of `once` in the last 30 days, the row is written without event and audit line.
        """
        ...

    def keep_spare(self, read: Credential, spare: bytes) -> bool:
        """Guarded by its grant and a live row alone; False when it was refused."""
        ...

    def note(self, new: Credential, *, read: Credential) -> bool:
        """What is no change of it: `last_read_day`, when it is due, `failures`; False when it is not as it was read."""
        ...


class Directory(Protocol):
    """Workspaces, users and API keys."""

    def workspace(self, workspace_id: WorkspaceId) -> Workspace | None: ...
    def put_workspace(self, workspace: Workspace) -> None: ...
    def workspaces(self, *, after: str | None) -> Page[WorkspaceId]:
        """In no order; a part of a whole scan, for an owner's commands."""
        ...

    def user(self, workspace_id: WorkspaceId, id_or_name: str) -> User | None: ...
    def create_user(self, user: User) -> None:
        """Raises: ConflictError: `username_taken`, or another where the id is."""
        ...

    def change_user(self, new: User, *, read: User) -> None:
        """Raises: ConflictError: `username_taken`, or `changed_meanwhile` when it is not as it was read."""
        ...

    def delete_user(self, user: User) -> None:
        """Raises: ConflictError (`changed_meanwhile`) when it is not as it was read, or gone."""
        ...

    def users(self, workspace_id: WorkspaceId, *, limit: int, after: str | None) -> Page[User]:
        """In the order of their creation."""
        ...

    def api_key(self, api_key_id: ApiKeyId) -> ApiKey | None: ...
    def put_api_key(self, api_key: ApiKey) -> None: ...
    def api_keys(self, workspace_id: WorkspaceId, *, limit: int, after: str | None) -> Page[ApiKey]:
        """In the order of their creation; revoked ones too."""
        ...


class Audit(Protocol):
    """The append-only trail."""

    def append(self, line: AuditLine) -> None: ...
    def lines(
        self,
        workspace_id: WorkspaceId,
        *,
        credential_id: CredentialId | None,
        since: datetime | None,
        limit: int,
        after: str | None,
    ) -> Page[AuditLine]:
        """Newest first."""
        ...

    def deletions(self, since: datetime, *, after: str | None) -> Page[CredentialId]:
        """What was deleted since then, in all workspaces, in any order; a page may be empty and not the last."""
        ...


class RememberedApps(Protocol):
    """As `Apps`, from memory while the workspace has changed nothing: for the hot path."""

    def find(self, workspace_id: WorkspaceId, slug: str, *, version: int) -> "App | None":
        """`version` is what `get_with_key` read."""
        ...


class Apps(Protocol):
    """The effective entry of an app in a workspace: its own or an override, else the catalogue's."""

    def find(self, workspace_id: WorkspaceId, slug_or_alias: str) -> "App | None":
        """None when neither the workspace nor the catalogue has it."""
        ...


class OwnApps(Protocol):
    """What a workspace defined itself: its own apps, and its overrides of the catalogue's."""

    def find(self, workspace_id: WorkspaceId, slug: str) -> "App | None": ...
    def named(self, workspace_id: WorkspaceId, alias: str) -> "App | None":
        """By one of its aliases."""
        ...

    def all(self, workspace_id: WorkspaceId) -> "Sequence[App]": ...
    def with_client(self, workspace_id: WorkspaceId) -> frozenset[str]:
        """The slugs of the apps, the catalogue's too, that it has an OAuth client for; nothing is opened."""
        ...

    def put(self, workspace_id: WorkspaceId, app: "App") -> None:
        """Replace it, with its aliases. Raises: TooLargeError."""
        ...

    def delete(self, workspace_id: WorkspaceId, slug: str) -> None:
        """Back to the catalogue's."""
        ...


class Queue(Protocol):
    """One SQS queue; messages name things, and never hold a secret."""

    def send(self, messages: Sequence[Mapping[str, object]], *, delay_seconds: int = 0) -> None:
        """All of them, in tens. Raises: UnavailableError when any was refused."""
        ...


class Rates(Protocol):
    """How fast each workspace may make things."""

    def take(self, workspace_id: WorkspaceId, *, at: datetime) -> None:
        """One of its tokens. Raises: TooManyRequestsError when there is none."""
        ...


class Pacing(Protocol):
    """How the renewals of an app in a workspace go, minute by minute."""

    def take(self, credential: Credential, pace: "Pace", *, lane: "Lane", at: datetime) -> bool:
        """One of the app's tokens for a renewal or check, which counts it; False when there is none."""
        ...

    def jumped(self, credential: Credential, *, at: datetime) -> None:
        """One that did not wait for a token."""
        ...

    def died(self, credential: Credential, *, at: datetime) -> "Sequence[Tally]":
        """Count one; the minutes of the brake's window, the newest first, this one among them."""
        ...


class SweepCursor(Protocol):
    """How far the sweep has come, in minutes since the epoch."""

    def read(self) -> int | None: ...
    def move(self, minute: int) -> None: ...


@dataclass(frozen=True, slots=True)
class SealedRow:
    """One sealed attribute of one row, as it was read; `attribute` says where in the row."""

    table: str
    pk: str
    sk: str
    attribute: str
    sealed: bytes
    workspace_id: WorkspaceId


@dataclass(frozen=True, slots=True)
class CredentialState:
    """What the operator's survey looks at of one credential."""

    app: str
    status: str
    due_at: datetime | None
    lease_until: datetime | None
    failure: str | None


class CredentialStates(Protocol):
    """All credentials, as they are doing."""

    def page(self, after: str | None) -> Page[CredentialState]:
        """The next ones, in any order; a page may be empty and not the last."""
        ...


class SealedRows(Protocol):
    """Everything that is sealed for long."""

    def page(self, after: str | None) -> Page[SealedRow]:
        """The next rows, in any order."""
        ...

    def replace(self, row: SealedRow, sealed: bytes) -> bool:
        """False when the row is not as it was read; then nothing was changed."""
        ...


class BranchKeys(Protocol):
    """What wraps the data keys: `shared`, and the own branch of each workspace that has one, by the workspace's id."""

    def branches(self) -> Sequence[str]:
        """All that seal secrets, in a fixed order."""
        ...

    def make_next(self, branch_id: str, *, kms_key: str | None = None) -> int:
        """The branch's next version, which seals from now on: under `kms_key`, an ARN, or where the last one stood.

        Raises: UnavailableError when KMS gives none, and nothing was changed.
        """
        ...


class Fingerprints(Protocol):
    """Keyed hashes: of request bodies and cursors, so that neither can be forged or guessed."""

    def fingerprint(self, context: str, content: bytes) -> str:
        """HMAC-SHA-256 under a key that never leaves the deployment. Raises: UnavailableError."""
        ...


@dataclass(frozen=True, slots=True)
class FirstAnswer:
    """What an idempotency key was used for before; `sealed` is None while the first request still runs."""

    fingerprint: str
    status: int | None
    sealed: bytes | None
    secret_until: datetime | None


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to act for an idempotency key; `since` is its first use, also by a worker that died."""

    key: str
    writer: str
    since: datetime


class IdempotencyStore(Protocol):
    """First answers, kept for a day."""

    def begin(self, key: str, *, writer: str, fingerprint: str, at: datetime) -> Claim | FirstAnswer:
        """The claim, which its writer must `finish`, `release` or `forget`; or what another left."""
        ...

    def finish(self, claim: Claim, *, status: int, sealed: bytes, secret_until: datetime | None) -> None:
        """Raises: ConflictError when another has the claim by now."""
        ...

    def release(self, claim: Claim) -> None:
        """Nobody knows what became of it: the same request may try again at once, and is the same.

        Raises: as `finish`.
        """
        ...

    def forget(self, claim: Claim) -> None:
        """Nothing was made: the key is free for another body. Raises: as `finish`."""
        ...


class Revoker(Protocol):
    """Ends a grant at its provider."""

    def revoke(
        self, credential: Credential, *, shared: bool, keep: Callable[[bytes], object]
    ) -> tuple[bool, str | None]:
        """(True, None) when it was ended there; (False, reason) where that is not possible.

        `shared`: another live credential rests on the same grant. `keep` is handed what the secret has become where
        it had to be renewed for this, sealed as it was, before the provider is asked further: another try needs it.

        Raises: ProviderError, UnavailableError.
        """
        ...


class Authorizations(Protocol):
    """OAuth round trips under way. What a browser or an owner's server brings is looked up by its hash."""

    def create(self, authorization: "Authorization") -> None:
        """The very same again is done already. Raises: ConnectError (`link_used`) when another is there."""
        ...

    def get(self, authorization_id: str) -> "Authorization | None":
        """One consistent read."""
        ...

    def start(self, authorization: "Authorization", *, state_digest: str) -> None:
        """`created` → `started`, and the state is out. Raises: ConnectError (`link_used`)."""
        ...

    def consume(self, kind: Literal["state", "completion"], digest: str) -> "Authorization":
        """Once. Raises: ConnectError (`<kind>_used`, `<kind>_unknown`)."""
        ...

    def move(
        self, authorization: "Authorization", *, read: "Authorization", completion_digest: str | None = None
    ) -> None:
        """To the next stage, with its completion. Raises: ConflictError when it is not as it was read."""
        ...

    def awaits(self, state_digest: str) -> bool:
        """Whether this state is out, and nothing came back with it yet."""
        ...

    def hold(self, digest: str, sealed: bytes, *, until: datetime) -> None:
        """What a provider posted, until the browser comes for it."""
        ...

    def held(self, digest: str, *, at: datetime) -> bytes | None:
        """None when it is over, or never was. The state in it is used once: reading it again tells nothing new."""
        ...


class OAuthClients(Protocol):
    """The workspaces' own OAuth clients, their secrets sealed."""

    def find(self, workspace_id: WorkspaceId, app: str) -> "OAuthClient | None": ...
    def put(self, client: "OAuthClient") -> None:
        """Replace it. Raises: TooLargeError."""
        ...

    def delete(self, workspace_id: WorkspaceId, app: str) -> None: ...


class Sessions(Protocol):
    """Connect sessions."""

    def put(self, session: "Session") -> None: ...
    def get(self, session_id: str) -> "Session | None": ...
    def redeem(self, session: "Session", digest: str) -> None:
        """Once: from here on the token of `digest` opens it; with the same digest again it is done already.

        Raises: ConnectError (`link_used`).
        """
        ...


@dataclass(frozen=True, slots=True)
class RequestToken:
    """Temporary credentials (RFC 5849, 2.1): the token is shown to the browser, its secret is not."""

    token: str
    secret: SecretStr


@dataclass(frozen=True, slots=True)
class TokenPair:
    """Token credentials (RFC 5849, 2.3), and all that the answer had."""

    token: SecretStr
    secret: SecretStr
    answer: Mapping[str, str]


class ThreeLeggedOAuth(Protocol):
    """OAuth 1.0a with a redirect. Raises, both: ClientRefusedError, GrantRefusedError, ProviderError."""

    def begin(
        self, method: "OAuth1Method", client: "OAuthClient", variables: Mapping[str, str], *, callback: str
    ) -> RequestToken: ...
    def finish(
        self,
        method: "OAuth1Method",
        client: "OAuthClient",
        variables: Mapping[str, str],
        *,
        token: RequestToken,
        verifier: SecretStr,
    ) -> TokenPair: ...


class RoleAssumer(Protocol):
    """A merchant's AWS role."""

    def assume(self, role_arn: str, *, external_id: str) -> "Tokens":
        """Raises: GrantRefusedError, ProviderError."""
        ...


class Minting(Protocol):
    """Trades what is kept for a token that ends."""

    def mint(
        self,
        way: "AuthMethod",
        secret: "Secret",
        variables: Mapping[str, str],
        *,
        user_id: str,
        client: "OAuthClient | None" = None,
    ) -> "Tokens":
        """Raises: GrantRefusedError, ClientRefusedError, ProviderError, CredentialExpiredError (`app_changed`)."""
        ...


class TokenEndpoint(Protocol):
    """What is asked of a provider's OAuth server.

    Raises, all of them: GrantRefusedError, ClientRefusedError, ProviderError, ProviderTimeoutError.
    """

    def exchange(
        self,
        method: "OAuth2Method",
        client: "OAuthClient",
        variables: Mapping[str, str],
        *,
        code: SecretStr,
        code_verifier: SecretStr,
        redirect_uri: str,
    ) -> "Tokens":
        """RFC 6749, 4.1.3, with RFC 7636."""
        ...

    def refresh(
        self, method: "OAuth2Method", client: "OAuthClient", variables: Mapping[str, str], refresh_token: SecretStr
    ) -> "Tokens":
        """RFC 6749, 6."""
        ...

    def client_credentials(self, method: "ClientCredentialsMethod", values: Mapping[str, str]) -> "Tokens":
        """RFC 6749, 4.4, with the merchant's own client among the values."""
        ...

    def jwt_bearer(self, method: "JwtBearerMethod", values: Mapping[str, str]) -> "Tokens":
        """RFC 7523, 2.1."""
        ...

    def revoke(
        self,
        method: "OAuth2Method",
        client: "OAuthClient",
        variables: Mapping[str, str],
        *,
        token: SecretStr,
        token_type_hint: str,
    ) -> None:
        """RFC 7009. A token that is not known there is revoked already."""
        ...


class Probing(Protocol):
    """The one live call that an app's entry defines."""

    def ask(self, method: "AuthMethod", secret: "Secret", variables: Mapping[str, str]) -> "ProbeAnswer":
        """Raises: ProviderError, ProviderTimeoutError, CredentialExpiredError for a host that was not sealed."""
        ...


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What came back; `headers` in lower case, `body` cut at the cap."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class ProviderRequest:
    """What is asked of an app; header names in lower case."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None

    def with_headers(self, headers: Mapping[str, str]) -> "ProviderRequest":
        """These win over what was there."""
        lowered = {name.lower(): value for name, value in headers.items()}
        return replace(self, headers={**self.headers, **lowered})

    def with_url(self, url: str) -> "ProviderRequest":
        """The same, elsewhere."""
        return replace(self, url=url)


class ProviderApi(Protocol):
    """Requests to an app, the secret added on the way."""

    def send(
        self,
        way: "AuthMethod",
        secret: "Secret",
        variables: Mapping[str, str],
        request: ProviderRequest,
        *,
        total_seconds: float,
        max_bytes: int,
        headers: Mapping[str, str] | None = None,
    ) -> HttpAnswer:
        """`headers` are templates instead of the entry's.

        Raises: ProviderError, ProviderTimeoutError, AppMisconfiguredError, CredentialExpiredError (`app_changed`).
        """
        ...


class HttpClient(Protocol):
    """Calls to the world outside, none of which is trusted."""

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None,
        total_seconds: float,
        max_bytes: int,
    ) -> HttpAnswer:
        """Raises: ProviderTimeoutError, ProviderError for an address that is not public or a call that broke."""
        ...


@dataclass(frozen=True, slots=True)
class Message:
    """An event on its way to an endpoint: the bytes that are signed, and what goes beside them."""

    event: Event
    body: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of one attempt; the names are those of `Attempt`."""

    status: int | None
    response: str | None
    error: str | None = None
    retry_after: timedelta | None = None


class Carrier(Protocol):
    """The way to the endpoints of one type."""

    def bring(self, message: Message, address: str) -> Reply:
        """A refusal is a reply. Raises: ProviderTimeoutError; ProviderError where nobody answered."""
        ...


@dataclass(frozen=True, slots=True)
class ProbeAnswer:
    """What the probe says: `verdict` None says nothing of the secret; `content` is the answer's JSON, if it is that."""

    verdict: bool | None
    status: int
    content: object = None


class Webhooks(Protocol):
    """Events, the endpoints that hear of them, and the deliveries between."""

    def put_endpoint(self, endpoint: Endpoint) -> None:
        """A new one."""
        ...

    def change_endpoint(self, new: Endpoint, *, read: Endpoint) -> bool:
        """What its owner sets, and counted in `version`; False when the owner's part is not as it was read."""
        ...

    def note_health(self, new: Endpoint, *, read: Endpoint, event: Event | None) -> bool:
        """Its health alone, with the event that tells of it; False when it is not as it was read, or gone."""
        ...

    def endpoint(self, workspace_id: WorkspaceId, endpoint_id: str) -> Endpoint | None: ...
    def endpoints(self, workspace_id: WorkspaceId) -> Sequence[Endpoint]:
        """In the order of their creation."""
        ...

    def delete_endpoint(self, endpoint: Endpoint) -> None: ...
    def put_event(self, event: Event) -> None: ...
    def event(self, workspace_id: WorkspaceId, event_id: str) -> Event | None: ...
    def events(
        self, workspace_id: WorkspaceId, *, since: datetime | None, limit: int, after: str | None
    ) -> Page[Event]:
        """Newest first."""
        ...

    def count_events(self, workspace_id: WorkspaceId, *, since: datetime, until: datetime, most: int) -> int | None:
        """None where there are more than `most`."""
        ...

    def scrub(self, event: Event) -> None:
        """Its user's address goes, a credential's name that holds one, and what receivers answered."""
        ...

    def mark_fanned_out(self, event: Event) -> None:
        """The sweep need not look for it any more."""
        ...

    def open_delivery(self, delivery: Delivery) -> None:
        """Once: a delivery that is there already stays as it is."""
        ...

    def delivery(self, workspace_id: WorkspaceId, event_id: str, delivery_id: str) -> Delivery | None: ...
    def deliveries(self, workspace_id: WorkspaceId, event_id: str) -> Sequence[Delivery]: ...
    def change_delivery(self, delivery: Delivery, *, attempts_read: int, queued: bool) -> None:
        """`queued`: the queue has it too. Raises: ConflictError when another worker made an attempt meanwhile."""
        ...

    def due(self, partition: str, *, until: datetime) -> Sequence[tuple[str, datetime]]:
        """What waits in the index, and when: a delivery, `<workspace>/<event>/<delivery>`; an event that was not
        fanned out, `<workspace>/<event>`; or a replay that runs, `<workspace>/<replay>`.
        """
        ...


class Replays(Protocol):
    """Replays, and how far each is."""

    def open(self, replay: Replay) -> Replay:
        """Once: where one of this id is there already, that one."""
        ...

    def replay(self, workspace_id: WorkspaceId, replay_id: str) -> Replay | None: ...
    def replays(self, workspace_id: WorkspaceId, *, limit: int, after: str | None) -> Page[Replay]:
        """Newest first."""
        ...

    def change(self, new: Replay, *, read: Replay) -> bool:
        """False when it is not as it was read, or runs no more."""
        ...


@dataclass(frozen=True, slots=True)
class Slot:
    """One endpoint's room for one attempt, until its own end."""

    workspace_id: WorkspaceId
    endpoint_id: EndpointId
    number: int
    until: datetime


class Slots(Protocol):
    """How many attempts are at an endpoint; a worker that dies gives its slot back by time alone."""

    def take(self, endpoint: Endpoint, *, at: datetime) -> Slot | None:
        """None when all are taken that the endpoint may have at once."""
        ...

    def give_back(self, slot: Slot) -> None:
        """It may have ended, and be another's by now; then nothing happens."""
        ...


class Upstream(Protocol):
    """Asks the provider: a refresh at its token endpoint, or the app's live check."""

    def renew(self, credential: Credential, secret: "Secret", *, force: bool = False) -> "Outcome | Stale":
        """One call: a refresh where one is due, or forced; else the live check. Trouble is an outcome, not an error."""
        ...
