"""Round trips, connect sessions and first answers in memory."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from evergrant.domain.authorization import Authorization
from evergrant.domain.errors import ConnectError
from evergrant.domain.session import Session
from evergrant.ports.idempotency import Claim, FirstAnswer

from tests.builders import DAY, SECOND
from tests.fakes.directory import changed_meanwhile

RUNNING = 30 * SECOND
"""A claim without an answer is another's after this."""


class FakeAuthorizations:
    """`Authorizations`."""

    def __init__(self) -> None:
        self._rows: dict[str, Authorization] = {}
        self._pointers: dict[tuple[str, str], str] = {}
        self._used: set[tuple[str, str]] = set()
        self._held: dict[str, tuple[bytes, datetime]] = {}

    def create(self, authorization: Authorization) -> None:
        if self._rows.get(authorization.authorization_id, authorization) != authorization:
            raise ConnectError("This was begun already.", code="link_used")
        self._rows[authorization.authorization_id] = authorization

    def get(self, authorization_id: str) -> Authorization | None:
        return self._rows.get(authorization_id)

    def start(self, authorization: Authorization, *, state_digest: str) -> None:
        if not self._stands(authorization, "created"):
            raise ConnectError("This link was used already.", code="link_used")
        self._rows[authorization.authorization_id] = authorization
        self._pointers["state", state_digest] = authorization.authorization_id

    def consume(self, kind: Literal["state", "completion"], digest: str) -> Authorization:
        pointer = (kind, digest)
        if pointer not in self._pointers:
            raise ConnectError(f"This {kind} is not known here.", code=f"{kind}_unknown")
        if pointer in self._used:
            raise ConnectError(f"This {kind} was used already.", code=f"{kind}_used")
        self._used.add(pointer)
        return self._rows[self._pointers[pointer]]

    def move(self, authorization: Authorization, *, read: Authorization, completion_digest: str | None = None) -> None:
        if not self._stands(authorization, read.stage):
            raise changed_meanwhile()
        self._rows[authorization.authorization_id] = authorization
        if completion_digest:
            self._pointers["completion", completion_digest] = authorization.authorization_id

    def awaits(self, state_digest: str) -> bool:
        pointer = ("state", state_digest)
        return pointer in self._pointers and pointer not in self._used

    def hold(self, digest: str, sealed: bytes, *, until: datetime) -> None:
        self._held[digest] = (sealed, until)

    def held(self, digest: str, *, at: datetime) -> bytes | None:
        sealed, until = self._held.get(digest, (b"", at))
        return sealed if at < until else None

    def _stands(self, authorization: Authorization, stage: str) -> bool:
        now = self._rows.get(authorization.authorization_id)
        return now is not None and now.stage == stage


class FakeSessions:
    """`Sessions`."""

    def __init__(self) -> None:
        self._rows: dict[str, Session] = {}

    def put(self, session: Session) -> None:
        self._rows[session.session_id] = session

    def get(self, session_id: str) -> Session | None:
        return self._rows.get(session_id)

    def redeem(self, session: Session, digest: str) -> None:
        now = self._rows.get(session.session_id)
        if now and now.digest == digest:
            return
        if now is None or now.link_digest is None or now.link_digest != session.link_digest:
            raise ConnectError("This link was used already.", code="link_used")
        self._rows[session.session_id] = replace(now, digest=digest, link_digest=None)


@dataclass
class _Record:
    fingerprint: str
    writer: str
    since: datetime
    claimed_until: datetime
    answer: FirstAnswer | None = None


class FakeIdempotencyStore:
    """`IdempotencyStore`."""

    def __init__(self) -> None:
        self._records: dict[str, _Record] = {}

    def begin(self, key: str, *, writer: str, fingerprint: str, at: datetime) -> Claim | FirstAnswer:
        record = self._records.get(key)
        if record is None or record.since + DAY < at:
            self._records[key] = _Record(fingerprint, writer, at, at + RUNNING)
            return Claim(key, writer, at)
        if record.answer:
            return record.answer
        is_left = record.writer == writer or record.claimed_until < at
        if record.fingerprint != fingerprint or not is_left:
            return FirstAnswer(record.fingerprint, None, None, None)
        record.writer, record.claimed_until = writer, at + RUNNING
        return Claim(key, writer, record.since)

    def finish(self, claim: Claim, *, status: int, sealed: bytes, secret_until: datetime | None) -> None:
        record = self._own(claim)
        record.answer = FirstAnswer(record.fingerprint, status, sealed, secret_until)

    def release(self, claim: Claim) -> None:
        self._own(claim).claimed_until = claim.since - DAY

    def forget(self, claim: Claim) -> None:
        self._own(claim)
        del self._records[claim.key]

    def _own(self, claim: Claim) -> _Record:
        record = self._records.get(claim.key)
        if record is None or record.writer != claim.writer:
            raise changed_meanwhile()
        return record
