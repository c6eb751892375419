"""Tokens that were obtained elsewhere with the workspace's own client: `POST /credentials` brings them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pydantic import SecretStr

from evergrant.domain.app import App, OAuth1Method
from evergrant.domain.caller import Actor
from evergrant.domain.client import OAuthClient
from evergrant.domain.credential import Credential
from evergrant.domain.errors import ConflictError, Detail, UnavailableError, ValidationFailedError
from evergrant.domain.workspace import User
from evergrant.ports.sealing import Sealer
from evergrant.ports.workspaces import OAuthClients
from evergrant.use_cases.connect.brought import read_tokens
from evergrant.use_cases.connect.flows import Redirecting, default_scopes
from evergrant.use_cases.connect.grants import Keeper, needed_of_client
from evergrant.use_cases.credentials.entry import Places
from evergrant.use_cases.credentials.read import own
from evergrant.use_cases.renewals.renew import Renewer


@dataclass(frozen=True, slots=True)
class Importer:
    """What importing needs; one for each invocation."""

    clients: OAuthClients
    sealer: Sealer
    keeper: Keeper
    renewer: Callable[[], Renewer] | None
    """None while the operator has paused renewals."""

    def keep(
        self,
        caller: Actor,
        row: Credential,
        owner: User,
        app: App,
        way: Redirecting,
        data: Mapping[str, SecretStr],
        *,
        places: Places,
        renew: bool,
    ) -> Credential:
        """Stored first, then renewed where that is asked for or needed: so that no race or crash loses the grant.

        What the provider says of it is the credential's status: a dead grant is `expired`, and can be reconnected.

        Raises: ValidationFailedError naming every path (`oauth_app` where the workspace has no client of its own).
        """
        client = self.clients.find(caller.workspace_id, app.slug)
        if client is None:
            message = f"{app.name} takes tokens of your own OAuth client: set it with PUT /apps/{app.slug}/client."
            raise ValidationFailedError([Detail(places.app, message)], message=message, code="oauth_app")
        client.require(way)
        brought = read_tokens(way, data, ends=row.expires_at, at=row.created_at, root=places.data)
        prepared = self.sealer.prepare(caller.workspace_id)
        granted = self.keeper.granted(
            app,
            way,
            brought.tokens,
            {**brought.values, **_consumer(way, client), **needed_of_client(way, client)},
            brought.variables,
            wanted=brought.tokens.scopes or client.scopes or default_scopes(way),
            ask=not brought.must_renew,
        )
        try:
            made = self.keeper.create(granted, owner, prepared, actor=caller.actor, row=row)
        except ConflictError:
            # A run of this very request has made it, and lost its answer.
            return own(self.keeper.made_before(), caller.workspace_id)
        return self._renewed(made) if renew or brought.must_renew else made

    def _renewed(self, made: Credential) -> Credential:
        if self.renewer is None or not made.renewable:
            return made
        try:
            return self.renewer().attempt(made, force=True)[1]
        except UnavailableError:
            # It is kept, and due: the renewal comes by itself.
            return made


def _consumer(way: Redirecting, client: OAuthClient) -> dict[str, SecretStr]:
    """What signs each request of OAuth 1.0a besides the pair."""
    if not isinstance(way, OAuth1Method):
        return {}
    return {"consumerKey": SecretStr(client.client_id), "consumerSecret": client.client_secret or SecretStr("")}
