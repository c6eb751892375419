"""A world for the renewal's use case, in memory: one grant, a provider that spends its tokens, and what breaks next."""

from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, cast

from evergrant.domain.app import App
from evergrant.domain.credential import Credential
from evergrant.domain.secret import Secret
from evergrant.use_cases.renewals.doubt import Doubt
from evergrant.use_cases.renewals.keeper import OutcomeKeeper
from evergrant.use_cases.renewals.renewer import Renewer
from pydantic import SecretBytes, SecretStr

from tests.builders import CREDENTIAL, SECOND, a_grant, an_event, an_id
from tests.fakes.apps import FakeApps
from tests.fakes.deployment import FakeDeployment
from tests.fakes.webhooks import FakeWebhooks
from tests.unit.breaking import Breaking, Breaks
from tests.unit.spending_provider import LIFE, OVERLAP, SpendingProvider

INVOCATION = 28 * SECOND


@dataclass
class World:
    """Fakes that break, and what of the grant is still in somebody's hands."""

    strict: bool
    deployment: FakeDeployment = field(default_factory=FakeDeployment)
    persisted: set[str] = field(default_factory=set[str])
    """Every token that was ever written down."""
    lost: set[str] = field(default_factory=set[str])
    """Tokens that died with their worker: nobody could have kept them."""

    def __post_init__(self) -> None:
        self.breaks = Breaks(done=self._note, dies=self._lose)
        overlap = timedelta(0) if self.strict else OVERLAP
        call = lambda: self.breaks.call("renew")  # noqa: E731  # the port's name
        self.provider = SpendingProvider(self.clock, overlap, call, self.held)
        self.apps = FakeApps(_acme(strict=self.strict))
        self.connect()

    @property
    def clock(self) -> Any:
        return self.deployment.clock

    @property
    def row(self) -> Credential:
        found = self.deployment.storage.credentials.find(CREDENTIAL)
        assert found
        return found

    @property
    def queue(self) -> list[Mapping[str, object]]:
        """What waits for rescue."""
        return [message for _, message in self.deployment.rescues.sent]

    @property
    def said(self) -> list[str]:
        """The types of the events, in the order in which they were told."""
        return [each.type for each in cast("FakeWebhooks", self.deployment.storage.webhooks).all()]

    @property
    def excused(self) -> bool:
        """Whether a provider's answer was lost, or a worker died with it: a strict grant may end of that."""
        return bool(self.lost | self.provider.never_told)

    def connect(self) -> None:
        """A new grant, in place."""
        now, there = self.clock.now(), self.deployment.storage.credentials.find(CREDENTIAL)
        secret = Secret({"refreshToken": SecretStr(self.provider.granted())}, ())
        fresh = {"token_issued_at": now, "token_expires_at": now + LIFE, "due_at": now + LIFE * 0.8}
        if there is None:
            self.deployment.kept(a_grant(**fresh), secret)
        else:
            new = there.changed(at=now, status="active", **fresh).regranted()
            sealed = self.deployment.sealer.seal(secret.to_bytes(), new.seal_context())
            event = an_event(event_id=an_id("evt", there.version), type="credential.reconnected")
            self.deployment.storage.credentials.change(replace(new, sealed=sealed), read=there, event=event)
        self.lost = set()
        self._note()

    def renewer(self) -> Renewer:
        """A worker's, whose invocation begins now."""
        ends, renewer = self.clock.now() + INVOCATION, self.deployment.renewer
        pacing: Any = self._breaking(renewer.pacing)
        return replace(
            renewer,
            keeper=self.keeper(),
            apps=self.apps,
            upstream=self.provider,
            pacing=pacing,
            doubt=Doubt(pacing, renewer.doubt.report),
            rescues=self._breaking(self.deployment.rescues),
            remaining=lambda: ends - self.clock.now(),
        )

    def keeper(self) -> OutcomeKeeper:
        """What the rescue queue's consumer has."""
        return replace(self.deployment.renewer.keeper, credentials=self._breaking(self.deployment.storage.credentials))

    def rescued(self, message: Mapping[str, object]) -> None:
        """The consumer is done with it."""
        sent = self.deployment.rescues.sent
        sent.remove(next(each for each in sent if each[1] is message))

    def stored(self) -> list[str]:
        """The refresh tokens of the row, its own first."""
        row = self.row
        sealed = [(row.sealed, row.seal_context()), (row.spare, row.spare_context())]
        return [_refresh_token(self.deployment.sealer.open(each, context)) for each, context in sealed if each]

    def held(self) -> set[str]:
        """And those that wait for rescue."""
        row, sealer = self.row, self.deployment.sealer
        waiting: list[Any] = [message for message in self.queue if message["grant"] == row.grant]
        contexts = [replace(row, generation=each["generation"] + 1).seal_context() for each in waiting]
        opened = [sealer.open(b64decode(each["sealed"]), of) for each, of in zip(waiting, contexts, strict=True)]
        return {*self.stored(), *map(_refresh_token, opened)}

    def _breaking(self, port: object) -> Any:
        return Breaking(port, self.breaks)

    def _note(self) -> None:
        self.persisted |= self.held()

    def _lose(self) -> None:
        self.lost |= self.provider.of_grant - self.persisted


def _refresh_token(content: SecretBytes) -> str:
    return Secret.from_bytes(content).reveal("refreshToken") or ""


def _acme(*, strict: bool) -> App:
    """The entry that says how it rotates."""
    way = {
        "kind": "oauth2",
        "authorization_endpoint": "https://acme.example/authorize",
        "token_endpoint": "https://acme.example/token",
        "refresh": "rotate_strict" if strict else "rotate_overlap",
        "refresh_overlap_seconds": None if strict else OVERLAP // SECOND,
    }
    entry = {"slug": "acme-oauth", "name": "Acme", "docs_url": "https://acme.example", "methods": [way]}
    return App.model_validate(entry)
