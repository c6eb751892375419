"""POST /connect/complete: who began finishes; only now is the code exchanged, and the credential kept."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from pydantic import SecretStr

from evergrant.domain import bearer
from evergrant.domain.app import App, OAuth2Method
from evergrant.domain.authorization import Authorization
from evergrant.domain.caller import Caller, SessionCaller
from evergrant.domain.client import OAuthClient
from evergrant.domain.credential import Credential
from evergrant.domain.errors import ConnectError, EvergrantError, ForbiddenError, NotFoundError, UnavailableError
from evergrant.domain.rendering import known_hosts
from evergrant.domain.secret import Secret
from evergrant.ports.connecting import Authorizations
from evergrant.ports.providers import Minting, Probing
from evergrant.ports.sealing import Sealer
from evergrant.ports.system import Clock
from evergrant.ports.workspaces import Apps, Directory, OAuthClients
from evergrant.use_cases.apps.effective import named_app
from evergrant.use_cases.connect.begin import owners_client
from evergrant.use_cases.connect.flows import Finished, Flows, Redirecting, redirect_of
from evergrant.use_cases.connect.grants import Granted, Keeper, needed_of_client
from evergrant.use_cases.connect.hosted import Keeps
from evergrant.use_cases.users.manage import find_user


@dataclass(frozen=True, slots=True)
class Completer:
    """What a completion needs; one for each invocation."""

    apps: Apps
    clients: OAuthClients
    directory: Directory
    authorizations: Authorizations
    flows: Flows
    minting: Minting
    probing: Probing
    sealer: Sealer
    clock: Clock
    keeper: Keeper
    forms: Keeps
    """For what a merchant typed at a hosted link."""
    report: Callable[[str, Mapping[str, object]], None]
    """To the operator: an event's name, and identifiers."""

    def by_owner(
        self, caller: Caller, completion: SecretStr, *, user: str, code_verifier: SecretStr | None
    ) -> Credential:
        """The owner's server says who is logged in, and proves that it began; the completion is burnt in any case.

        Raises: ConnectError, ForbiddenError (`user_mismatch`), and as `finish`.
        """
        found = self._spent_or_made(completion)
        if isinstance(found, Credential):
            return found
        if found.workspace_id != caller.workspace_id:
            raise ConnectError("This completion is not known here. Begin again.", code="completion_unknown")
        try:
            named = find_user(caller, user, directory=self.directory).user_id
        except NotFoundError:
            named = None
        if named != found.user_id:
            raise ForbiddenError("This was begun for another user. Begin again.", code="user_mismatch")
        found.accept_verifier(None if code_verifier is None else code_verifier.get_secret_value())
        return self.forms.keep(caller, found) if found.has_form else self.finish(found, actor=caller.actor)

    def by_session(self, caller: SessionCaller, completion: SecretStr) -> Credential:
        """The modal that began, for its own user; the completion is burnt in any case.

        Raises: ConnectError, ForbiddenError (`user_mismatch`, `session_limits`, `owner_finishes`), and as `finish`.
        """
        if caller.hosted:
            raise ForbiddenError("The owner's server finishes what a hosted link began.", code="owner_finishes")
        found = self._spent_or_made(completion)
        if isinstance(found, Credential):
            return found
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
        prepared = self.sealer.prepare(found.workspace_id)
        finished = self._finished(found, method, client)
        try:
            granted = self._granted(found, app, method, client, finished)
            if found.credential_id is None:
                return self.keeper.create(granted, user, prepared, actor=actor)
            return self.keeper.reconnect(found.credential_id, granted, prepared, actor=actor)
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

    def _spent_or_made(self, completion: SecretStr) -> Authorization | Credential:
        """What the completion released, or what a run of this very request has kept before. Raises: as `_spent`."""
        try:
            return self._spent(completion)
        except ConnectError:
            first = self.keeper.made_before()
            if first is None:
                raise
            return first

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
    ) -> Granted:
        tokens = finished.tokens
        variables = {**found.variables, **tokens.kept}
        values = {**finished.values, **needed_of_client(method, client)}
        if isinstance(method, OAuth2Method) and method.exchange:
            secret = Secret(values, known_hosts(method, variables))
            self._confirm(method, secret, variables)
            minted = self.minting.mint(method, secret, variables, user_id=found.user_id, client=client)
            tokens = replace(minted, refresh_token=tokens.refresh_token, scopes=minted.scopes or tokens.scopes)
            values = {**values, "accessToken": minted.access_token, **minted.secrets}
        return self.keeper.granted(app, method, tokens, values, variables, wanted=found.scopes)

    def _confirm(self, method: OAuth2Method, secret: Secret, variables: Mapping[str, str]) -> None:
        """What the redirect named is the merchant's own: asked with the merchant's token, before it is traded."""
        if method.confirmation is None:
            return
        asking = method.model_copy(update={"probe": method.confirmation})
        if self.probing.ask(asking, secret, variables).verdict is not True:
            raise ConnectError("The provider does not say that this is yours. Begin again.", code="not_confirmed")
