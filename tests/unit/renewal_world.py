"""A world for the renewal's use case, in memory: a provider that spends tokens, a store with the real guards, a queue.

Each call of a port is two steps, before and after it is done; a worker can be killed at any of them.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Literal, cast

from evergrant.domain.app import App
from evergrant.domain.credential import Credential
from evergrant.domain.errors import SealBrokenError, UnavailableError
from evergrant.domain.events import AuditLine, Event
from evergrant.domain.ids import CredentialId, UserId, WorkspaceId
from evergrant.domain.renewal import Dead, Outcome, Renewed, Transient
from evergrant.domain.renewal.brake import Tally
from evergrant.domain.sealing import SealContext
from evergrant.domain.secret import Secret
from evergrant.use_cases.renewals.doubt import Doubt
from evergrant.use_cases.renewals.keeper import OutcomeKeeper
from evergrant.use_cases.renewals.renewer import Renewer
from pydantic import SecretBytes, SecretStr

LIFE = timedelta(minutes=30)
OVERLAP = timedelta(minutes=10)
INVOCATION = timedelta(seconds=28)
ID = CredentialId("cred_1")
Saying = Literal["answers", "loses_the_answer", "fails", "is_busy"]


class KilledError(BaseException):
    """The process ends here: nothing in it may catch this."""


@dataclass
class World:
    """Time, and what breaks next."""

    strict: bool
    now: datetime = datetime(2026, 11, 25, tzinfo=UTC)
    killed_in: int | None = None
    """Steps until the worker's end."""
    refusals: int = 0
    """Writes that storage refuses; of those that it takes, the answer may be lost."""
    loses_writes: int = 0
    excused: bool = False
    """Whether a strict provider's answer was lost, or a worker died with it: nobody could have kept that grant."""
    queue: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    said: list[str] = field(default_factory=list[str])
    """The types of the events, in their order."""
    audit: list[AuditLine] = field(default_factory=list[AuditLine])

    def __post_init__(self) -> None:
        self.provider = Provider(self)
        self.store = Store(self)
        self.sealer = Sealer()
        self.connect()

    def connect(self) -> None:
        """A new grant, in place."""
        now, read = self.now, self.store.row
        self.said += ["credential.reconnected"] if read else []
        self.excused = False
        read = read.changed(at=now).regranted() if read else _credential(now)
        new = replace(read, status="active", token_expires_at=now + LIFE, token_issued_at=now, due_at=now + LIFE * 0.8)
        secret = Secret({"refreshToken": SecretStr(self.provider.granted())}, ())
        self.store.row = replace(new, sealed=self.sealer.seal(secret.to_bytes(), new.seal_context()))

    @contextmanager
    def step(self) -> Generator[None]:
        """A call of a port."""
        self._step()
        yield
        self._step()

    @contextmanager
    def write(self) -> Generator[None]:
        """A call that storage or the queue may refuse, or whose answer may be lost."""
        self._step()
        if self.refusals:
            self.refusals -= 1
            raise UnavailableError
        yield
        self._step()
        if self.loses_writes:
            self.loses_writes -= 1
            raise UnavailableError

    def _step(self) -> None:
        if self.killed_in == 0:
            self.killed_in = None
            self.excused |= self.provider.newest not in self.held()
            raise KilledError
        if self.killed_in is not None:
            self.killed_in -= 1

    def renewer(self) -> Renewer:
        """A worker's, whose invocation begins now."""
        ends = self.now + INVOCATION
        keeper = self.keeper()
        apps: Any = Apps(strict=self.strict)
        pacing: Any = Pacing(self)
        doubt = Doubt(pacing, lambda _, __: None)
        return Renewer(keeper, apps, self.provider, pacing, doubt, Queue(self), lambda: ends - self.now, self.pause)

    def keeper(self) -> OutcomeKeeper:
        """What the rescue queue's consumer has."""
        nobody: Any = Nobody(self)
        return OutcomeKeeper(self.store, nobody, self.sealer, nobody, nobody, nobody, Clock(self), nobody)  # type: ignore[arg-type]  # the part that is used

    def pause(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def stored(self) -> list[str]:
        """The refresh tokens of the row, its own first."""
        row = self.store.there
        sealed = [(row.sealed, row.seal_context()), (row.spare, row.spare_context())]
        return [_refresh_token(self.sealer.open(each, context)) for each, context in sealed if each]

    def held(self) -> set[str]:
        """And those that wait for rescue."""
        row = self.store.there
        waiting = [
            (_decoded(message), replace(row, generation=message["generation"] + 1).seal_context())
            for message in self.queue
            if message["grant"] == row.grant
        ]
        return {*self.stored(), *(_refresh_token(self.sealer.open(each, context)) for each, context in waiting)}


def _credential(now: datetime) -> Credential:
    who = {"workspace_id": WorkspaceId("ws_1"), "user_id": UserId("usr_1"), "credential_id": ID}
    named = {"app": "acme", "kind": "oauth2", "name": "Acme", "created_at": now, "updated_at": now, "renewable": True}
    return Credential(**who, **named)  # type: ignore[arg-type]  # typed above


def _decoded(message: Mapping[str, Any]) -> bytes:
    from base64 import b64decode

    return b64decode(message["sealed"])


def _refresh_token(content: SecretBytes) -> str:
    return Secret.from_bytes(content).reveal("refreshToken") or ""


class Provider:
    """`Upstream`: every refresh token is spent by its use; a used one works for the overlap, or ends the grant."""

    def __init__(self, world: World) -> None:
        self._world, self._numbers = world, count(1)
        self.alive: set[str] = set()
        self.of_grant: set[str] = set()
        """Whatever was given for the grant that the merchant gave last."""
        self.used: dict[str, datetime] = {}
        self.successors: dict[str, str] = {}
        self.newest = ""
        self.says: list[Saying] = []
        self.before: Callable[[], None] | None = None
        self.meanwhile: Callable[[], None] | None = None
        self.in_flight: set[str] = set()
        self.wasted: list[str] = []
        """Tokens by whose reuse a grant ended, though their successor was there."""

    def granted(self) -> str:
        """The first token of a new grant; the old grant is the merchant's no more."""
        token = self.newest = f"rt{next(self._numbers)}"
        self.alive, self.of_grant = {token}, {token}
        return token

    def takes(self, token: str) -> bool:
        used = self.used.get(token)
        return token in self.alive and (used is None or (not self._world.strict and self._world.now < used + OVERLAP))

    def renew(self, credential: Credential, secret: Secret, *, force: bool = False) -> Outcome:
        before, self.before = self.before, None
        if before:
            before()
        with self._world.step():
            says = self.says.pop(0) if self.says else "answers"
            if says == "is_busy":
                return Transient("provider_error", "Busy.")
            if says == "fails":
                return Transient("provider_error", "Down.", unknown=True)
            token = secret.reveal("refreshToken") or ""
            if not self.takes(token):
                if token in self.used and token in self.alive:
                    new = self.successors[token]
                    self.wasted += [new] if new in self.in_flight | self._world.held() else []
                    self.alive.clear()
                return Dead("refresh_token_rejected", "invalid_grant")
            new = self.newest = f"rt{next(self._numbers)}"
            self.used.setdefault(token, self._world.now)
            self.successors[token] = new
            self.alive.add(new)
            self.of_grant.add(new)
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile:
            self.in_flight = {new} if says == "answers" else set()
            meanwhile()
            self.in_flight = set()
        if says == "loses_the_answer":
            self._world.excused = True
            self._world.pause(8)
            return Transient("provider_timeout", "Late.", unknown=True)
        return Renewed(secret.with_values(refreshToken=SecretStr(new)), token_expires_at=self._world.now + LIFE)


class Store:
    """`CredentialStore`, of one row, with the guards of the real one."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.row: Credential | None = None
        self._said: set[str] = set()

    @property
    def there(self) -> Credential:
        assert self.row
        return self.row

    def get(self, credential_id: CredentialId) -> Credential | None:
        return self.find(credential_id)

    def find(self, credential_id: CredentialId) -> Credential | None:
        with self._world.step():
            return self.row

    def begin_renewal(
        self, read: Credential, *, lease_until: datetime, due_at: datetime, awaits: bool = False
    ) -> Credential | None:
        with self._world.write():
            now = self.there
            if (now.generation, now.fence) != (read.generation, read.fence):
                return None
            leased = {"lease_until": lease_until, "due_at": due_at, "awaits": awaits, "fence": read.fence + 1}
            self.row = replace(now, version=now.version + 1, **leased)  # type: ignore[arg-type]  # typed above
            return replace(read, version=read.version + 1, **leased)  # type: ignore[arg-type]  # typed above

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
        with self._world.write():
            now = self.there
            names = ("generation", "fence", "spare") if only_holder else ("generation", "status", "expires_at")
            if any(getattr(now, name) != getattr(held, name) for name in names):
                return False
            spare = now.spare if new.spare == held.spare else new.spare
            kept = {"name": now.name, "fence": now.fence, "version": now.version + 1, "spare": spare}
            self.row = replace(new, **kept)  # type: ignore[arg-type]  # typed above
            if event and once not in self._said:
                self._said.add(once or "")
                self._world.said.append(event.type)
            return True

    def keep_spare(self, read: Credential, spare: bytes) -> bool:
        with self._world.write():
            if self.there.grant != read.grant:
                return False
            self.row = replace(self.there, spare=spare, version=self.there.version + 1)
            return True


class Sealer:
    """`Sealer` and `PreparedSeal`: bound to its context, and nothing is hidden."""

    def prepare(self, _: str) -> "Sealer":
        return self

    def seal(self, plaintext: SecretBytes, context: SealContext) -> bytes:
        return context.additional_data() + plaintext.get_secret_value()

    def open(self, sealed: bytes, context: SealContext) -> SecretBytes:
        if not sealed.startswith(context.additional_data()):
            raise SealBrokenError
        return SecretBytes(sealed.removeprefix(context.additional_data()))

    def rewrap(self, sealed: bytes) -> bytes | None:
        return None


@dataclass
class Clock:
    """`Clock`"""

    world: World

    def now(self) -> datetime:
        return self.world.now


class Pacing:
    """`Pacing`: nobody brakes this world."""

    def __init__(self, world: World) -> None:
        self._world = world

    def jumped(self, credential: Credential, *, at: datetime) -> None:
        with self._world.write():
            pass

    def died(self, credential: Credential, *, at: datetime) -> list[Tally]:
        with self._world.write():
            return [Tally(1, 1)]


@dataclass
class Queue:
    """`Queue`: what came to it, as the consumer reads it."""

    world: World

    def send(self, messages: Sequence[Mapping[str, object]], *, delay_seconds: int = 0) -> None:
        with self.world.step():
            self.world.queue += [dict(each) for each in messages]


class Apps:
    """`Apps`: one, whose entry says how it rotates."""

    def __init__(self, *, strict: bool) -> None:
        way = {
            "kind": "oauth2",
            "authorization_endpoint": "https://acme.example/authorize",
            "token_endpoint": "https://acme.example/token",
            "refresh": "rotate_strict" if strict else "rotate_overlap",
            "refresh_overlap_seconds": None if strict else int(OVERLAP.total_seconds()),
        }
        entry = {"slug": "acme", "name": "Acme", "docs_url": "https://acme.example", "methods": [way]}
        self._app = App.model_validate(entry)

    def find(self, workspace_id: WorkspaceId, slug_or_alias: str) -> App | None:
        return self._app


@dataclass
class Nobody:
    """`Directory`, `Revoker`, `Audit` and `Entropy`: nobody is named, nothing is revoked, chance is always the same."""

    world: World

    def workspace(self, workspace_id: WorkspaceId) -> None:
        return None

    def user(self, workspace_id: WorkspaceId, id_or_name: str) -> None:
        return None

    def revoke(self, credential: Credential, *, shared: bool) -> tuple[bool, str | None]:
        return False, "not_supported"

    def append(self, line: AuditLine) -> None:
        self.world.audit.append(line)

    def bytes(self, count: int) -> bytes:
        return cast("Any", b"\x80" * count)
