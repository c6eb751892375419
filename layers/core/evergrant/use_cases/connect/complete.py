"""POST /connect/complete: who began finishes; only now is the code exchanged, and the credential kept."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pydantic import SecretStr

from evergrant.domain import bearer
from evergrant.domain.app import App, OAuth2Method, Way, names_in
from evergrant.domain.authorization import Authorization
from evergrant.domain.caller import Caller, SessionCaller
from evergrant.domain.client import OAuthClient
from evergrant.domain.credential import Credential
from evergrant.domain.errors import (
    ConflictError,
    ConnectError,
    EvergrantError,
    ForbiddenError,
    NotFoundError,
    ProviderError,
    UnavailableError,
)
from evergrant.domain.ids import CredentialId
from evergrant.domain.rendering import hosts, known_hosts
from evergrant.domain.renewal import CHECK_EVERY, scheduled
from evergrant.domain.secret import Secret
from evergrant.domain.tokens import Tokens, dig, read_kept
from evergrant.domain.workspace import User
from evergrant.ports import (
    Apps,
    Authorizations,
    Clock,
    CredentialStore,
    Directory,
    Entropy,
    Identities,
    Minting,
    OAuthClients,
    PreparedSeal,
    Probing,
    Sealer,
)
from evergrant.use_cases.apps.effective import named_app
from evergrant.use_cases.connect.begin import owners_client
from evergrant.use_cases.connect.flows import Finished, Flows, Redirecting, redirect_of
from evergrant.use_cases.connect.hosted import Keeps
from evergrant.use_cases.credentials.sealing import plain_text
from evergrant.use_cases.recording import audit_line, credential_event
from evergrant.use_cases.users.manage import find_user

ATTEMPTS = 5
"""To write a reconnected credential while renewals change the row: the newer grant wins."""


@dataclass(frozen=True, slots=True)
class Completer:
    """What a completion needs; one for each invocation."""

    apps: Apps
    clients: OAuthClients
    directory: Directory
    credentials: CredentialStore
    authorizations: Authorizations
    flows: Flows
    minting: Minting
    probing: Probing
    sealer: Sealer
    clock: Clock
    entropy: Entropy
    report: Callable[[str, Mapping[str, object]], None]
    """To the operator: an event's name, and identifiers."""
    identities: Identities
    check_every: timedelta = CHECK_EVERY

    def by_owner(
        self, caller: Caller, completion: SecretStr, *, user: str, code_verifier: SecretStr | None
    ) -> Credential:
        """The owner's server says who is logged in, and proves that it began; the completion is burnt in any case.

        Raises: ConnectError, ForbiddenError (`user_mismatch`), and as `finish`.
        """
        try:
            found = self._spent(completion)
        except ConnectError:
            # A run of this very request may have kept the credential, and lost its answer.
            first = self.credentials.get(CredentialId(self.identities.new("cred")))
            if first is None:
                raise
            return first
        if found.workspace_id != caller.workspace_id:
            raise ConnectError("This completion is not known here. Begin again.", code="completion_unknown")
        try:
            named = find_user(caller, user, directory=self.directory).user_id
        except NotFoundError:
            named = None
        if named != found.user_id:
            raise ForbiddenError("This was begun for another user. Begin again.", code="user_mismatch")
        found.accept_verifier(None if code_verifier is None else code_verifier.get_secret_value())
        return self._keeps().keep(caller, found) if found.has_form else self.finish(found, actor=caller.actor)

    def by_session(self, caller: SessionCaller, completion: SecretStr) -> Credential:
        """The modal that began, for its own user; the completion is burnt in any case.

        Raises: ConnectError, ForbiddenError (`user_mismatch`, `session_limits`, `owner_finishes`), and as `finish`.
        """
        if caller.hosted:
            raise ForbiddenError("The owner's server finishes what a hosted link began.", code="owner_finishes")
        try:
            found = self._spent(completion)
        except ConnectError:
            first = self.credentials.get(CredentialId(self.identities.new("cred")))
            if first is None:
                raise
            return first
        if found.workspace_id != caller.workspace_id or found.user_id != caller.user_id:
            raise ForbiddenError("This was begun for another user. Begin again.", code="user_mismatch")
        if not found.is_modal:
            raise ForbiddenError("The owner's server finishes what ends at a returnUrl.", code="owner_finishes")
        caller.require_app(found.app)
        if caller.credential_id is not None:
            caller.require_credential(found.credential_id or "")
        return self.finish(found, actor=caller.actor)

    def by_browser(self, completion: SecretStr) -> Credential:
        """An unbound flow: its own browser finishes, at once. Raises: as `finish`."""
        found = self._spent(completion)
        return self.finish(found, actor=f"user:{found.user_id}")

    def finish(self, found: Authorization, *, actor: str) -> Credential:
        """Exchange the code, learn whose account it is, seal, keep.

        Raises: GrantRefusedError, ProviderError, AppMisconfiguredError, ConnectError (`wrong_account`).
        """
        app = named_app(found.workspace_id, found.app, path="app", apps=self.apps)
        method = redirect_of(app, found.way or None)
        client = owners_client(found.workspace_id, app, method, clients=self.clients)
        user = self.directory.user(found.workspace_id, found.user_id)
        if user is None:
            raise NotFoundError("This user was deleted meanwhile.")
        # The key before the call: sealing the answer must need no network.
        prepared = self.sealer.prepare()
        finished = self._finished(found, method, client)
        try:
            granted = self._granted(found, app, method, client, finished)
            if found.credential_id is None:
                return self._create(granted, user, prepared, actor=actor)
            return self._reconnect(found.credential_id, granted, prepared, actor=actor)
        except Exception as error:
            self._orphaned(found, method, client, finished, error)
            raise

    def _orphaned(
        self, found: Authorization, method: Redirecting, client: OAuthClient, finished: Finished, error: Exception
    ) -> None:
        """The provider granted what is not kept here: it is given back where that is certain, and told in any case."""
        given_back = False
        # Where storage did not answer, it may have been kept after all.
        if isinstance(error, EvergrantError) and not isinstance(error, UnavailableError):
            try:
                given_back = self.flows.of(method).give_back(client, found, finished)
            except EvergrantError:
                given_back = False
        told = {"workspace_id": found.workspace_id, "user_id": found.user_id, "app": found.app}
        named = {"authorization_id": found.authorization_id, "credential_id": found.credential_id}
        why = error.code if isinstance(error, EvergrantError) else type(error).__name__
        self.report("orphan_grant", {**told, **named, "reason": why, "given_back": given_back})

    def _keeps(self) -> Keeps:
        return Keeps(
            apps=self.apps,
            directory=self.directory,
            credentials=self.credentials,
            sealer=self.sealer,
            minting=self.minting,
            clock=self.clock,
            entropy=self.entropy,
            identities=self.identities,
            check_every=self.check_every,
        )

    def _spent(self, completion: SecretStr) -> Authorization:
        found = self.authorizations.consume("completion", bearer.digest(completion.get_secret_value()))
        until = found.completion_until
        if found.stage != "ready" or until is None or self.clock.now() >= until:
            raise ConnectError(
                "This completion is over: it is valid for a minute. Begin again.", code="completion_expired"
            )
        self.authorizations.move(found.completed(), read=found)
        return found

    def _finished(self, found: Authorization, method: Redirecting, client: OAuthClient) -> Finished:
        def opened(sealed: bytes, name: str) -> SecretStr:
            return SecretStr(self.sealer.open(sealed, found.seal_context(name)).get_secret_value().decode())

        return self.flows.of(method).finish(
            client,
            found,
            code=opened(found.sealed_code or b"", "code"),
            held=opened(found.sealed_verifier, "code_verifier"),
        )

    def _granted(
        self, found: Authorization, app: App, method: Redirecting, client: OAuthClient, finished: Finished
    ) -> "Granted":
        tokens = finished.tokens
        variables = {**found.variables, **tokens.kept}
        values = {**finished.values, **needed_of_client(method, client)}
        if isinstance(method, OAuth2Method) and method.exchange:
            secret = Secret(values, known_hosts(method, variables))
            self._confirm(method, secret, variables)
            minted = self.minting.mint(method, secret, variables, user_id=found.user_id, client=client)
            tokens = replace(minted, refresh_token=tokens.refresh_token, scopes=minted.scopes or tokens.scopes)
            values = {**values, "accessToken": minted.access_token, **minted.secrets}
        account = self._account(method, Secret(values, known_hosts(method, variables)), variables)
        variables |= account.kept or {}
        scopes = found.scopes if tokens.scopes is None else tokens.scopes
        secret = Secret(values, hosts(method, variables))
        return Granted(found, app, method, tokens, secret, variables, scopes, account.id, account.name)

    def _confirm(self, method: OAuth2Method, secret: Secret, variables: Mapping[str, str]) -> None:
        """What the redirect named is the merchant's own: asked with the merchant's token, before it is traded."""
        if method.confirmation is None:
            return
        asking = method.model_copy(update={"probe": method.confirmation})
        if self.probing.ask(asking, secret, variables).verdict is not True:
            raise ConnectError("The provider does not say that this is yours. Begin again.", code="not_confirmed")

    def _account(self, method: Redirecting, secret: Secret, variables: Mapping[str, str]) -> "Account":
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

    def _create(self, granted: "Granted", user: User, prepared: PreparedSeal, *, actor: str) -> Credential:
        now, found = self.clock.now(), granted.authorization
        new = Credential(
            workspace_id=found.workspace_id,
            user_id=found.user_id,
            user_email=user.email,
            credential_id=CredentialId(self.identities.new("cred")),
            app=found.app,
            kind=granted.method.kind,
            way=granted.method.way,
            name=f"{granted.app.name} {granted.account_name or user.username}"[:200],
            created_at=now,
            updated_at=now,
        )
        new = self._with_grant(new, granted, prepared)
        self.credentials.create(
            new,
            event=credential_event("credential.created", new, directory=self.directory, at=now, entropy=self.entropy),
            audit=audit_line("credential.created", new, actor=actor, at=now, entropy=self.entropy),
        )
        return new

    def _reconnect(
        self, credential_id: CredentialId, granted: "Granted", prepared: PreparedSeal, *, actor: str
    ) -> Credential:
        """In place: the same id, a new generation. The account is pinned."""
        for _ in range(ATTEMPTS):
            read = self.credentials.get(credential_id)
            if read is None:
                raise NotFoundError("This credential was deleted meanwhile. Connect it anew.")
            if read.account_id is not None and granted.account_id not in (None, read.account_id):
                raise ConnectError(
                    "This is another account than before: connect it as a new credential.", code="wrong_account"
                )
            if read.account_id is not None and granted.account_id is None:
                raise ProviderError("The provider did not say whose account this is. Connect it again in a moment.")
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

    def _with_grant(self, row: Credential, granted: "Granted", prepared: PreparedSeal) -> Credential:
        now, tokens, found = self.clock.now(), granted.tokens, granted.authorization
        new = replace(
            row,
            status="active",
            failures=0,
            last_failure=None,
            last_verified_at=now if granted.account_id else row.last_verified_at,
            last_renewed_at=now,
            expires_at=granted.ends_at(now),
            token_expires_at=tokens.expires_at,
            token_issued_at=now,
            renewable=tokens.refresh_token is not None or granted.method.mints,
            scopes=granted.scopes,
            missing_scopes=tuple(scope for scope in found.scopes if scope not in granted.scopes),
            account_id=granted.account_id or row.account_id,
            variables=granted.variables,
        )
        new = scheduled(new, at=now, check_every=self.check_every)
        return replace(new, sealed=prepared.seal(granted.secret.to_bytes(), new.seal_context()))


@dataclass(frozen=True, slots=True)
class Account:
    """Whose it is, as far as the provider said."""

    id: str | None = None
    name: str | None = None
    kept: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Granted:
    """All that a finished round trip brought."""

    authorization: Authorization
    app: App
    method: Redirecting
    tokens: Tokens
    secret: Secret
    variables: Mapping[str, str]
    scopes: tuple[str, ...]
    account_id: str | None
    account_name: str | None

    def ends_at(self, now: datetime) -> datetime | None:
        """The grant's own end: the provider's word, or its policy."""
        days = self.method.lifetime_days
        policy = None if days is None else now + timedelta(days=days)
        return min((end for end in (self.tokens.grant_expires_at, policy) if end), default=None)


def needed_of_client(method: Way, client: OAuthClient) -> dict[str, SecretStr]:
    """What of the owner's client each request needs, such as a developer token; the rest is not sealed again."""
    request, probe = method.request, method.probe
    named = names_in(
        *request.headers.values(), *request.params.values(), *request.basic, *((probe and probe.headers) or {}).values()
    )
    return {name: value for name, value in client.extra.items() if name in named} | (
        {"clientId": SecretStr(client.client_id)} if "clientId" in named else {}
    )
