"""A deployment in memory: one workspace with Ada, and every port that use cases need."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from evergrant.domain.caller import SCOPES, Caller
from evergrant.domain.credential import Credential
from evergrant.domain.secret import Secret
from evergrant.ports.idempotency import Claim
from evergrant.runtime.idempotency import ClaimedIdentities
from evergrant.use_cases.renewals.doubt import Doubt
from evergrant.use_cases.renewals.keeper import OutcomeKeeper
from evergrant.use_cases.renewals.renewer import Renewer
from pydantic import SecretStr

from tests.builders import (
    KEY,
    MINUTE,
    NOON,
    WORKSPACE,
    a_user,
    a_workspace,
    an_api_key,
    an_audit_line,
    an_event,
    an_id,
)
from tests.fakes.providers import NoApps, ScriptedRevoker, ScriptedUpstream
from tests.fakes.sealing import FakeSealer
from tests.fakes.storage import Storage, fake_storage
from tests.fakes.system import FakeClock, FakeEntropy
from tests.fakes.work import FakeQueue

CALLER = Caller(WORKSPACE, KEY, frozenset(SCOPES))
SECRET = Secret({"apiKey": SecretStr("first"), "refreshToken": SecretStr("rt")}, ("acme.example",))


@dataclass
class FakeDeployment:
    """Each part can be moved, sent away or told what to say."""

    storage: Storage = field(default_factory=fake_storage)
    sealer: FakeSealer = field(default_factory=FakeSealer)
    clock: FakeClock = field(default_factory=FakeClock)
    entropy: FakeEntropy = field(default_factory=FakeEntropy)
    cleanups: FakeQueue = field(default_factory=FakeQueue)
    upstream: ScriptedUpstream = field(default_factory=ScriptedUpstream)
    revoker: ScriptedRevoker = field(default_factory=ScriptedRevoker)
    rescues: FakeQueue = field(default_factory=FakeQueue)
    renewals: FakeQueue = field(default_factory=FakeQueue)
    reported: list[str] = field(default_factory=list[str])

    def __post_init__(self) -> None:
        self.storage.directory.put_workspace(a_workspace(reconnect_url="https://shop.example/again/{credentialId}"))
        self.storage.directory.put_api_key(an_api_key())
        self.storage.directory.create_user(a_user())

    @property
    def renewer(self) -> Renewer:
        """Of this invocation."""
        apps: Any = NoApps()
        return Renewer(
            keeper=OutcomeKeeper(
                credentials=self.storage.credentials,
                directory=self.storage.directory,
                sealer=self.sealer,
                revoker=self.revoker,
                cleanups=self.cleanups,
                audit=self.storage.audit,
                clock=self.clock,
                entropy=self.entropy,
            ),
            apps=apps,
            upstream=self.upstream,
            pacing=self.storage.pacing,
            doubt=Doubt(self.storage.pacing, lambda name, _: self.reported.append(name)),
            rescues=self.rescues,
            remaining=lambda: MINUTE,
            pause=lambda seconds: self.clock.pass_(timedelta(seconds=seconds)),
        )

    def kept(self, credential: Credential, secret: Secret = SECRET) -> Credential:
        """Sealed and stored; that it was created is told under the oldest ids."""
        sealed = self.sealer.seal(secret.to_bytes(), credential.seal_context())
        row = replace(credential, sealed=sealed)
        self.storage.credentials.create(
            row, event=an_event(event_id=an_id("evt", 0)), audit=an_audit_line(audit_id=an_id("aud", 0))
        )
        return row

    def row(self, credential: Credential) -> Credential:
        """As it stands now."""
        found = self.storage.credentials.find(credential.credential_id)
        assert found
        return found

    def opened(self, credential: Credential) -> dict[str, str]:
        """The values of the row's present secret."""
        row = self.row(credential)
        return Secret.from_bytes(self.sealer.open(row.sealed, row.seal_context())).revealed()

    def events(self) -> list[str]:
        """What was told since the creation, in its order."""
        found = self.storage.webhooks.events(WORKSPACE, since=None, limit=100, after=None).items
        return [each.type for each in reversed(found) if each.event_id != an_id("evt", 0)]

    def trail(self) -> list[str]:
        """The audit trail since the creation, in its order."""
        found = self.storage.audit.lines(WORKSPACE, credential_id=None, since=None, limit=100, after=None).items
        return [each.action for each in reversed(found) if each.audit_id != an_id("aud", 0)]


def identities_of_one_request() -> ClaimedIdentities:
    """A second run of it makes the same ids."""
    return ClaimedIdentities(Claim("request", "writer", NOON))
