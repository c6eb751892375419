"""A grant becomes a credential: whose account it is, what is sealed, and the row of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from pydantic import SecretStr

from evergrant.domain.app import App, Way, names_in
from evergrant.domain.client import OAuthClient
from evergrant.domain.credential import Credential
from evergrant.domain.errors import ConflictError, NotFoundError, ProviderError, WrongAccountError
from evergrant.domain.ids import CredentialId
from evergrant.domain.rendering import hosts, known_hosts
from evergrant.domain.renewal import CHECK_EVERY, cadence, scheduled
from evergrant.domain.secret import Secret
from evergrant.domain.tokens import Tokens, dig, read_kept
from evergrant.domain.workspace import User
from evergrant.ports.credentials import CredentialStore
from evergrant.ports.providers import Probing
from evergrant.ports.sealing import PreparedSeal
from evergrant.ports.system import Clock, Entropy, Identities
from evergrant.ports.workspaces import Directory
from evergrant.use_cases.connect.flows import Redirecting
from evergrant.use_cases.credentials.sealing import plain_text
from evergrant.use_cases.recording import audit_line, credential_event

ATTEMPTS = 5
"""To write a reconnected credential while renewals change the row: the newer grant wins."""


@dataclass(frozen=True, slots=True)
class Account:
    """Whose it is, as far as the provider said."""

    id: str | None = None
    name: str | None = None
    kept: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Granted:
    """All that the provider gave, and to whom it belongs."""

    app: App
    method: Redirecting
    wanted: tuple[str, ...]
    """The scopes that were asked for."""
    tokens: Tokens
    secret: Secret
    variables: Mapping[str, str]
    account: Account
    at: datetime
    verified_at: datetime | None = None
    """When the provider last took it, if it was asked."""

    @property
    def scopes(self) -> tuple[str, ...]:
        """As it said, or as they were asked for (RFC 6749, 5.1)."""
        return self.wanted if self.tokens.scopes is None else self.tokens.scopes

    @property
    def ends_at(self) -> datetime | None:
        """The grant's own end: the provider's word, or its policy."""
        days = self.method.lifetime_days
        policy = None if days is None else self.at + timedelta(days=days)
        return min((end for end in (self.tokens.grant_expires_at, policy) if end), default=None)


@dataclass(frozen=True, slots=True)
class Keeper:
    """What keeping a grant needs; one for each invocation."""

    directory: Directory
    credentials: CredentialStore
    probing: Probing
    clock: Clock
    entropy: Entropy
    identities: Identities
    check_every: timedelta = CHECK_EVERY

    def made_before(self) -> Credential | None:
        """What a run of this very request has kept already, and lost its answer."""
        return self.credentials.get(CredentialId(self.identities.new("cred")))

    def granted(
        self,
        app: App,
        method: Redirecting,
        tokens: Tokens,
        values: Mapping[str, SecretStr],
        variables: Mapping[str, str],
        *,
        wanted: tuple[str, ...],
        ask: bool = True,
    ) -> Granted:
        """With the account that the provider names when it is asked, and the hosts that the secret may go to.

        Raises: ProviderError where it does not give what the app's entry needs.
        """
        secret = Secret(values, known_hosts(method, variables))
        account = self._account(method, secret, variables) if ask else Account()
        variables = {**variables, **account.kept}
        secret = Secret(values, hosts(method, variables))
        now = self.clock.now()
        return Granted(app, method, wanted, tokens, secret, variables, account, now, now if account.id else None)

    def create(
        self, granted: Granted, user: User, prepared: PreparedSeal, *, actor: str, row: Credential | None = None
    ) -> Credential:
        """A new credential; `row` has what its caller says of it.

        Raises: ConflictError, NotFoundError, TooLargeError.
        """
        now = granted.at
        new = row or Credential(
            workspace_id=user.workspace_id,
            user_id=user.user_id,
            user_email=user.email,
            credential_id=CredentialId(self.identities.new("cred")),
            app=granted.app.slug,
            kind=granted.method.kind,
            name=f"{granted.app.name} {granted.account.name or user.username}"[:200],
            created_at=now,
            updated_at=now,
        )
        new = self._with_grant(replace(new, way=granted.method.way), granted, prepared)
        self.credentials.create(
            new,
            event=credential_event("credential.created", new, directory=self.directory, at=now, entropy=self.entropy),
            audit=audit_line("credential.created", new, actor=actor, at=now, entropy=self.entropy),
        )
        return new

    def reconnect(
        self, credential_id: CredentialId, granted: Granted, prepared: PreparedSeal, *, actor: str
    ) -> Credential:
        """In place: the same id, a new generation. The account is pinned.

        Raises: NotFoundError, ConnectError (`wrong_account`), ProviderError, ConflictError.
        """
        for _ in range(ATTEMPTS):
            read = self.credentials.get(credential_id)
            if read is None:
                raise NotFoundError("This credential was deleted meanwhile. Connect it anew.")
            _require_same_account(read, granted)
            now = self.clock.now()
            kind, way = granted.method.kind, granted.method.way
            new = read.changed(at=now, kind=kind, way=way).regranted()
            new = self._with_grant(new, granted, prepared)
            try:
                self.credentials.change(
                    new,
                    read=read,
                    event=credential_event(
                        "credential.reconnected", new, directory=self.directory, at=now, entropy=self.entropy
                    ),
                    audit=audit_line("credential.reconnected", new, actor=actor, at=now, entropy=self.entropy),
                )
            except ConflictError:
                continue
            return new
        raise ConflictError("This credential is being changed all the time. Begin again.")

    def _account(self, method: Redirecting, secret: Secret, variables: Mapping[str, str]) -> Account:
        """By the probe; where it does not answer, the credential is kept without an account id."""
        needs = [each for each in method.brought() if each.source == "probe" and each.required]
        probe = method.probe
        if probe is None or not (needs or probe.account_id or probe.account_name):
            return Account()
        try:
            content = self.probing.ask(method, secret, variables).content
        except ProviderError:
            if needs:
                raise
            return Account()
        kept = read_kept(method.brought(), "probe", lambda path: dig(content, path))
        return Account(plain_text(content, probe.account_id), plain_text(content, probe.account_name), kept)

    def _with_grant(self, row: Credential, granted: Granted, prepared: PreparedSeal) -> Credential:
        now, tokens = granted.at, granted.tokens
        new = replace(
            row,
            status="active",
            failures=0,
            last_failure=None,
            last_verified_at=granted.verified_at or row.last_verified_at,
            last_renewed_at=now,
            expires_at=granted.ends_at,
            token_expires_at=tokens.expires_at,
            token_issued_at=now,
            renewable=tokens.refresh_token is not None or granted.method.mints,
            scopes=granted.scopes,
            missing_scopes=tuple(scope for scope in granted.wanted if scope not in granted.scopes),
            account_id=granted.account.id or row.account_id,
            variables=granted.variables,
        )
        new = scheduled(new, at=now, check_every=cadence(granted.method, usual=self.check_every))
        return replace(new, sealed=prepared.seal(granted.secret.to_bytes(), new.seal_context()))


def needed_of_client(method: Way, client: OAuthClient) -> dict[str, SecretStr]:
    """What of the owner's client each request needs, such as a developer token; the rest is not sealed again."""
    request, probe = method.request, method.probe
    named = names_in(
        *request.headers.values(),
        *request.all_params().values(),
        *request.basic,
        *((probe and probe.headers) or {}).values(),
    )
    return {name: value for name, value in client.extra.items() if name in named} | (
        {"clientId": SecretStr(client.client_id)} if "clientId" in named else {}
    )


def _require_same_account(read: Credential, granted: Granted) -> None:
    """By its id; where none was ever known, the place must be the same: nothing else tells one shop from another."""
    if read.account_id is None:
        if read.is_elsewhere(granted.variables):
            raise WrongAccountError
        return
    if granted.account.id is None:
        raise ProviderError("The provider did not say whose account this is. Connect it again in a moment.")
    if granted.account.id != read.account_id:
        raise WrongAccountError
