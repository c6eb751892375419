"""/apps/{app}/client: the workspace's own OAuth client at a provider."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import SecretStr

from evergrant.domain.app import App
from evergrant.domain.caller import Caller
from evergrant.domain.client import OAuthClient
from evergrant.domain.errors import Detail, NotFoundError, ValidationFailedError
from evergrant.ports.system import Clock
from evergrant.ports.workspaces import Apps, OAuthClients
from evergrant.use_cases.connect.flows import client_extra, redirect_of, redirects_of, wants_secret


@dataclass(frozen=True, slots=True)
class NewClient:
    """As it was registered with the provider."""

    client_id: str
    client_secret: SecretStr | None = None
    scopes: tuple[str, ...] = ()
    extra: Mapping[str, SecretStr] = field(default_factory=dict[str, SecretStr])


def oauth_app(caller: Caller, app: str, *, apps: Apps) -> App:
    """Raises: NotFoundError; ValidationFailedError for an app without OAuth."""
    found = apps.find(caller.workspace_id, app)
    if found is None:
        raise NotFoundError("There is no such app. GET /metadata/credentials lists them.")
    redirect_of(found)
    return found


def set_client(
    caller: Caller, app: str, new: NewClient, *, apps: Apps, clients: OAuthClients, clock: Clock
) -> OAuthClient:
    """Replace it, as a whole. Raises: as `oauth_app`, and ValidationFailedError for what the app's entry wants."""
    found = oauth_app(caller, app, apps=apps)
    method = redirect_of(found)
    wanted = client_extra(method)
    problems = [
        Detail(f"extra.{name}", "This app's client needs this value.") for name in wanted if name not in new.extra
    ]
    problems += [
        Detail(f"extra.{name}", "This app's client has no such value.") for name in new.extra if name not in wanted
    ]
    if new.client_secret is None and wants_secret(method):
        problems.append(Detail("clientSecret", "This app's clients have a secret."))
    if problems:
        raise ValidationFailedError(problems)
    hosts = frozenset[str]().union(*(each.rules_for_client() for each in redirects_of(found)))
    client = OAuthClient(
        caller.workspace_id, found.slug, new.client_id, new.client_secret, clock.now(), new.scopes, new.extra, hosts
    )
    clients.put(client)
    return client


def delete_client(caller: Caller, app: str, *, apps: Apps, clients: OAuthClients) -> None:
    """Its credentials live on until their tokens end. Raises: NotFoundError."""
    found = oauth_app(caller, app, apps=apps)
    if clients.find(caller.workspace_id, found.slug) is None:
        raise NotFoundError("This workspace has no OAuth client for this app.")
    clients.delete(caller.workspace_id, found.slug)
