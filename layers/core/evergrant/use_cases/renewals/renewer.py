"""Renew or check one credential: exactly one worker asks the provider, and what it says is persisted at once.

A lease that ended without an outcome is not simply taken over: its holder may have spent the token, and may still
bring the successor, itself or by the rescue queue. A lease of nobody is laid first (`awaits`), which refuses the old
holder all but a new secret, and proves that storage takes writes again; after its end the provider is asked.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Literal

from evergrant.domain import renewal
from evergrant.domain.credential import Credential
from evergrant.domain.due import not_before
from evergrant.domain.errors import UnavailableError
from evergrant.domain.secret import Secret
from evergrant.ports.pacing import Pacing
from evergrant.ports.providers import Upstream
from evergrant.ports.queues import Queue
from evergrant.ports.sealing import PreparedSeal
from evergrant.ports.workspaces import Apps
from evergrant.use_cases.renewals.doubt import Doubt
from evergrant.use_cases.renewals.keeper import Kept, OutcomeKeeper
from evergrant.use_cases.renewals.pairs import Pair, message_of

Done = Kept | Literal["elsewhere", "awaited", "no_time", "refused", "rescued"]
USABLE: tuple[Done, ...] = ("persisted", "rescued")
"""The row that comes with these is the outcome's."""
RESERVE = timedelta(seconds=12)
"""For one more write, whose tries may take seven seconds, and five for the rescue queue."""
NEEDED = renewal.TIMEOUT + RESERVE
"""What must be left before a provider is asked."""
STORAGE_TRIES = 3
"""Before a new secret goes to the rescue queue: there it is safe, in memory it is not."""


class _ElsewhereError(Exception):
    """Another worker took the lease."""


class _NoTimeError(Exception):
    """There is another call to make, and no time left for it."""

    def __init__(self, held: Credential) -> None:
        self.held = held


@dataclass(frozen=True, slots=True)
class _Answer:
    """What the provider said at last, and the row as it was leased for that."""

    held: Credential
    outcome: renewal.Outcome | renewal.Stale
    spare: bytes | None = None
    """The spare, where it was asked with that."""


@dataclass(frozen=True, slots=True)
class Renewer:
    """What a renewal needs; one for each invocation."""

    keeper: OutcomeKeeper
    apps: Apps
    upstream: Upstream
    pacing: Pacing
    doubt: Doubt
    rescues: Queue
    remaining: Callable[[], timedelta]
    """Of this invocation."""
    pause: Callable[[float], None]

    def attempt(self, read: Credential, *, force: bool = False, paced: bool = False) -> tuple[Done, Credential]:
        """Lease, ask, persist: all that follows from what the provider said, and the row after it.

        `paced`: it has one of the app's tokens; else it jumps.

        Raises: UnavailableError when storage or the key is away; then nothing was marked.
        """
        now = self.keeper.clock.now()
        if not renewal.lease_is_free(read, at=now):
            return "elsewhere", read
        if read.is_over(at=now):
            held = self._leased(read, renewal.LEASE)
            return self.keeper.settle(held, lambda row: _over(row, at=now)) if held else ("elsewhere", read)
        if self.remaining() < NEEDED:
            return "no_time", read
        # The key before the call: sealing the answer must need no network.
        prepared = self.keeper.sealer.prepare(read.workspace_id)
        # And the secret before the lease: what cannot be opened must not be leased again and again.
        secret = Secret.from_bytes(self.keeper.sealer.open(read.sealed, read.seal_context()))
        terms = self._terms(read)
        if read.lease_until is not None and not read.awaits:
            return self._awaited(read, terms.patience)
        held = self._leased(read, terms.lease)
        if held is None:
            return "elsewhere", read
        if not paced:
            with suppress(UnavailableError):
                self.pacing.jumped(held, at=now)
        try:
            answer = self._asked(held, secret, terms, force=force)
        except _ElsewhereError:
            return "elsewhere", read
        except _NoTimeError as error:
            return self._awaited(error.held, renewal.TIMEOUT)
        return self._applied(answer, prepared, terms)

    def expire(self, read: Credential, reason: str) -> Done:
        """Said once, by the holder of the lease. Raises: UnavailableError while somebody renews it."""
        held = self._leased(read, renewal.LEASE)
        if held is None:
            raise UnavailableError("This credential is being renewed.")
        now = self.keeper.clock.now()
        return self.keeper.settle(held, lambda row: renewal.expired(row, at=now, reason=reason))[0]

    def _asked(self, held: Credential, secret: Secret, terms: renewal.Terms, *, force: bool) -> _Answer:
        """The provider's last word: of the check, the refresh, the refresh again, the spare; each asked for once."""
        answer = _Answer(held, self.upstream.renew(held, secret, force=force))
        if isinstance(answer.outcome, renewal.Stale):
            answer = self._again(answer, secret, terms)
        if terms.within and _is_unknown(answer.outcome) and self.remaining() >= NEEDED:
            answer = self._again(answer, secret, terms)
        if isinstance(answer.outcome, renewal.Dead):
            answer = self._with_spare(answer, terms)
        return answer

    def _with_spare(self, dead: _Answer, terms: renewal.Terms) -> _Answer:
        """A refusal is not believed while there is a spare, which may have come while the provider was asked."""
        row = self.keeper.credentials.get(dead.held.credential_id)
        if row is None or row.spare is None or row.grant != dead.held.grant:
            return dead
        secret = Secret.from_bytes(self.keeper.sealer.open(row.spare, row.spare_context()))
        found = replace(dead, held=replace(dead.held, spare=row.spare))
        return replace(self._again(found, secret, terms), spare=row.spare)

    def _again(self, answer: _Answer, secret: Secret, terms: renewal.Terms) -> _Answer:
        """One refresh more, under a lease of its own."""
        if self.remaining() < NEEDED:
            raise _NoTimeError(answer.held)
        held = self._leased(answer.held, terms.lease)
        if held is None:
            raise _ElsewhereError
        return _Answer(held, self.upstream.renew(held, secret, force=True))

    def _applied(self, answer: _Answer, prepared: PreparedSeal, terms: renewal.Terms) -> tuple[Done, Credential]:
        keeper, held = self.keeper, answer.held
        at, chance = keeper.clock.now(), int.from_bytes(keeper.entropy.bytes(6)) / 2**48
        outcome = self.doubt.of(answer.outcome, held, at=at)
        match outcome:
            case renewal.Renewed():
                context = replace(held, generation=held.generation + 1).seal_context()
                sealed = prepared.seal(outcome.secret.to_bytes(), context)
                return self._kept(Pair(held, outcome, sealed, at, terms, spends_spare=answer.spare is not None))
            case renewal.Stale():
                return self._awaited(held, renewal.TIMEOUT)
            case _:

                def change_of(row: Credential) -> renewal.Change | None:
                    if isinstance(outcome, renewal.Dead) and row.spare not in (None, answer.spare):
                        return None
                    return renewal.apply(row, outcome, at=at, chance=chance, terms=terms)

                return keeper.settle(held, change_of)

    def _kept(self, pair: Pair) -> tuple[Done, Credential]:
        """On its row; where storage refuses, in the rescue queue.

        Raises: UnavailableError when both were away until there was no time left.
        """
        for tried in count(1):
            try:
                row = pair.of if tried == 1 else self.keeper.credentials.find(pair.of.credential_id)
                return self.keeper.keep(pair, row)
            except UnavailableError:
                if tried >= STORAGE_TRIES or self.remaining() < RESERVE:
                    if self._sent(pair):
                        return "rescued", pair.row
                    if self.remaining() < RESERVE:
                        raise
            self.pause(min(0.2 * tried, 1))
        raise AssertionError  # count() has no end

    def _sent(self, pair: Pair) -> bool:
        try:
            self.rescues.send([message_of(pair)])
        except UnavailableError:
            return False
        return True

    def _awaited(self, read: Credential, patience: timedelta) -> tuple[Done, Credential]:
        held = self._leased(read, patience, awaits=True)
        return ("awaited", held) if held else ("elsewhere", read)

    def _leased(self, read: Credential, length: timedelta, *, awaits: bool = False) -> Credential | None:
        now = self.keeper.clock.now()
        # What is waited for is due when that is over: nobody else comes before the next sweep, which reads it again.
        due_at = now + length if awaits else not_before(now + length, now=now)
        return self.keeper.credentials.begin_renewal(read, lease_until=now + length, due_at=due_at, awaits=awaits)

    def _terms(self, read: Credential) -> renewal.Terms:
        app = self.apps.find(read.workspace_id, read.app)
        return renewal.terms_of(app and app.method(read.way_used), check_every=self.keeper.check_every)


def _is_unknown(outcome: renewal.Outcome | renewal.Stale) -> bool:
    return isinstance(outcome, renewal.Transient) and outcome.unknown


def _over(row: Credential, *, at: datetime) -> renewal.Change | None:
    """None where its end was put off meanwhile."""
    return renewal.expired(row, at=at, reason="expired_by_date") if row.is_over(at=at) else None
