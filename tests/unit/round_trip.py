"""An OAuth round trip with a provider in memory, as far as a test takes it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

from evergrant.domain.app import App
from evergrant.domain.authorization import Authorization
from evergrant.domain.credential import Credential
from evergrant.ports.providers import ThreeLeggedOAuth
from evergrant.use_cases.connect.begin import Asked, Redirect, begin_authorization, start
from evergrant.use_cases.connect.callback import CallbackRequest, Returned, cookie_name, take_callback
from evergrant.use_cases.connect.complete import Completer
from evergrant.use_cases.connect.flows import Flows
from evergrant.use_cases.connect.grants import Keeper
from evergrant.use_cases.connect.hosted import Keeps
from evergrant.use_cases.credentials.intake import Intake
from pydantic import SecretStr

from tests.builders import ADA, RETURN_URL, WORKSPACE, a_client, an_oauth_app
from tests.fakes.apps import FakeApps
from tests.fakes.deployment import CALLER, FakeDeployment, identities_of_one_request
from tests.fakes.probing import FakeProbing
from tests.fakes.providers import ScriptedMinting
from tests.fakes.token_endpoint import FakeTokenEndpoint

ISSUER = "https://acme.example"


def acme(**changed: Any) -> App:
    """A provider that says who it is and whose account it is."""
    known = {"issuer": ISSUER, "authorization_response_iss_parameter_supported": True}
    probe = {"path": "/me", "account_id": "id"}
    return an_oauth_app(**{**known, "probe": probe, "revocation_scope": "token", **changed})


def nothing(_: FakeTokenEndpoint) -> None:
    """Nothing happens meanwhile."""


class TokenEndpoint(FakeTokenEndpoint):
    """`meanwhile` happens while a code is exchanged."""

    meanwhile: Callable[[FakeTokenEndpoint], object] = staticmethod(nothing)

    def exchange(self, *args: Any, **named: Any) -> Any:
        tokens = super().exchange(*args, **named)
        self.meanwhile(self)
        return tokens


@dataclass
class RoundTrip:
    """One browser, one provider, one owner's server."""

    deployment: FakeDeployment = field(default_factory=FakeDeployment)
    app: App = field(default_factory=acme)
    probing: FakeProbing = field(default_factory=FakeProbing)
    reported: list[tuple[str, Mapping[str, object]]] = field(default_factory=list[tuple[str, Mapping[str, object]]])
    endpoint: TokenEndpoint = field(init=False)

    def __post_init__(self) -> None:
        self.deployment.storage.clients.put(a_client())
        self.endpoint = TokenEndpoint(self.deployment.clock.now)

    @property
    def flows(self) -> Flows:
        def none() -> ThreeLeggedOAuth:
            raise AssertionError("OAuth 1.0a is not asked for")

        return Flows(lambda: self.endpoint, none, self.deployment.entropy)

    def begun(self, **asked: Any) -> Authorization:
        """By the owner's server, for Ada, unless `asked` says otherwise."""
        storage = self.deployment.storage
        wanted: dict[str, Any] = {"user": ADA, "app": "acme-oauth", "properties": {}, "return_url": RETURN_URL}
        return begin_authorization(
            CALLER,
            Asked(**{**wanted, **asked}),
            base_url="https://evergrant.example",
            apps=FakeApps(self.app),
            clients=storage.clients,
            directory=storage.directory,
            credentials=storage.credentials,
            authorizations=storage.authorizations,
            clock=self.deployment.clock,
            entropy=self.deployment.entropy,
        )

    def sent(self, authorization: Authorization) -> Redirect:
        """The browser, to the provider."""
        return start(
            authorization,
            apps=FakeApps(self.app),
            clients=self.deployment.storage.clients,
            authorizations=self.deployment.storage.authorizations,
            flows=self.flows,
            sealer=self.deployment.sealer,
            entropy=self.deployment.entropy,
        )

    def request(self, redirect: Redirect, **parameters: str | None) -> CallbackRequest:
        """As the provider sends the browser back; a parameter that is None is left out."""
        (state,) = parse_qs(urlsplit(redirect.location.get_secret_value()).query)["state"]
        given = {"state": state, "code": "code", "iss": ISSUER, **parameters}
        cookies = {cookie_name(redirect.authorization_id): redirect.cookie.get_secret_value()}
        kept = {name: value for name, value in given.items() if value is not None}
        return CallbackRequest(WORKSPACE, "acme-oauth", kept, cookies)

    def back(self, request: CallbackRequest) -> Returned:
        """The browser, from the provider."""
        return take_callback(
            request,
            apps=FakeApps(self.app),
            authorizations=self.deployment.storage.authorizations,
            flows=self.flows,
            sealer=self.deployment.sealer,
            audit=self.deployment.storage.audit,
            clock=self.deployment.clock,
            entropy=self.deployment.entropy,
        )

    def completion(self, **asked: Any) -> SecretStr:
        """What the browser brings to the owner's server."""
        returned = self.back(self.request(self.sent(self.begun(**asked))))
        assert returned.completion
        return returned.completion

    @property
    def completer(self) -> Completer:
        """Of one request: another is a second run of it."""
        deployment, storage, minting = self.deployment, self.deployment.storage, ScriptedMinting()
        identities = identities_of_one_request()
        keeper = Keeper(
            directory=storage.directory,
            credentials=storage.credentials,
            probing=self.probing,
            clock=deployment.clock,
            entropy=deployment.entropy,
            identities=identities,
        )
        intake = Intake(
            apps=FakeApps(self.app),
            directory=storage.directory,
            credentials=storage.credentials,
            sealer=deployment.sealer,
            minting=lambda: minting,
            clock=deployment.clock,
            entropy=deployment.entropy,
        )
        return Completer(
            apps=FakeApps(self.app),
            clients=storage.clients,
            directory=storage.directory,
            authorizations=storage.authorizations,
            flows=self.flows,
            minting=minting,
            probing=self.probing,
            sealer=deployment.sealer,
            clock=deployment.clock,
            keeper=keeper,
            forms=Keeps(intake, identities),
            report=lambda event, told: self.reported.append((event, told)),
        )

    def completed(
        self, completion: SecretStr, *, user: str = ADA, verifier: str | None = None, workspace_id: str = WORKSPACE
    ) -> Credential:
        """By the owner's server."""
        caller = replace(CALLER, workspace_id=workspace_id)  # type: ignore[arg-type]  # an id
        code_verifier = None if verifier is None else SecretStr(verifier)
        return self.completer.by_owner(caller, completion, user=user, code_verifier=code_verifier)

    def credentials(self) -> list[Credential]:
        """All of Ada's."""
        page = self.deployment.storage.credentials.of_user(WORKSPACE, ADA, app=None, limit=9, after=None)
        return list(page.items)
