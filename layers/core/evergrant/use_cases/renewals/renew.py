"""Renewals as they come: by a message of the sweep, or by a reader who needs the secret now."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Literal

from evergrant.domain import renewal
from evergrant.domain.caller import SYSTEM
from evergrant.domain.credential import Credential
from evergrant.domain.due import renewal_message
from evergrant.domain.errors import KeyUnavailableError, NotFoundError, UnavailableError
from evergrant.domain.ids import CredentialId
from evergrant.ports.queues import Queue
from evergrant.use_cases.credentials.read import NOT_THERE
from evergrant.use_cases.renewals.pace import put_off
from evergrant.use_cases.renewals.renewer import USABLE, Done, Renewer

LONGEST_POLL, SHORTEST_POLL = 0.5, 0.1
"""Seconds between two looks of a reader that waits for somebody else's renewal."""
LAST_LOOK = timedelta(seconds=3)
"""What is left of an invocation when a reader gives up waiting, and still answers."""


def renew_due(
    credential_id: CredentialId, due: datetime, *, renewer: Renewer, cleanups: Queue, renewals: Queue
) -> Done | Literal["nothing_due", "deletion_queued", "put_off", "no_key", "forecast"]:
    """What a message asks for. Another due time than the message's: somebody was here, and nothing is done.

    Where the app is being asked as fast as it may be, the message waits again; where the key is away the row is due
    again in minutes, for as long as that takes.

    Raises: UnavailableError when storage is away, or no time is left; then nothing was marked.
    """
    read = renewer.keeper.credentials.find(credential_id)
    now = renewer.keeper.clock.now()
    if read is None or read.due_at != due:
        return "nothing_due"
    if read.deleting:
        cleanups.send([{"action": "revoke", "credentialId": credential_id, "actor": SYSTEM}])
        return "deletion_queued"
    if not renewal.is_due(read, at=now):
        return "nothing_due"
    if renewal.lease_is_free(read, at=now) and not read.is_over(at=now):
        if renewal.is_to_be_told(read, at=now):
            return "forecast" if renewer.keeper.tell(renewal.forecast(read, at=now), read) else "elsewhere"
        wait = put_off(read, apps=renewer.apps, pacing=renewer.pacing, at=now)
        if wait is not None:
            renewals.send([renewal_message(credential_id, due)], delay_seconds=wait // timedelta(seconds=1))
            return "put_off"
    return _attempted(read, renewer=renewer, renewals=renewals, at=now)


def _attempted(read: Credential, *, renewer: Renewer, renewals: Queue, at: datetime) -> Done | Literal["no_key"]:
    try:
        done, after = renewer.attempt(read, force=renewal.must_refresh(read, at=at), paced=True)
    except KeyUnavailableError:
        if not renewer.keeper.credentials.note(renewal.without_key(read, at=at), read=read):
            raise
        return "no_key"
    if done == "no_time":
        raise UnavailableError("There is too little time left in this invocation.")
    if done == "awaited":
        _come_again(after, renewals=renewals, at=at)
    return done


def _come_again(row: Credential, *, renewals: Queue, at: datetime) -> None:
    """When what is waited for is over: by the next sweep, some used refresh token would work no more."""
    if row.due_at is None:
        return
    wait = int((row.due_at - at).total_seconds()) + 1
    # Where the queue is away, the sweep finds it.
    with suppress(UnavailableError):
        renewals.send([renewal_message(row.credential_id, row.due_at)], delay_seconds=wait)


def read_while_paused(read: Credential, *, at: datetime) -> Credential:
    """A token that still works, as it is. Raises: UnavailableError."""
    if not read.still_works(at=at):
        raise UnavailableError("The operator has paused renewals. Try again later.", code="renewals_paused")
    return read


def renew_on_read(read: Credential, *, force: bool, renewer: Renewer, pause: Callable[[float], None]) -> Credential:
    """The row after a renewal: by this reader, or by whoever has the lease.

    A token that still works is returned as it is while somebody renews, and between two tries at a provider that has
    a bad day; else the reader waits for the lease's end, as long as it can.

    Raises: NotFoundError when it was deleted meanwhile; UnavailableError when there is nothing yet that works.
    """
    generation, keeper = read.generation, renewer.keeper
    while True:
        now = keeper.clock.now()
        done: Done = "elsewhere"
        if _is_to_rest(read, at=now, force=force):
            return read
        if renewal.lease_is_free(read, at=now):
            done, after = renewer.attempt(read, force=force)
            if done in USABLE:
                return after
        if done == "no_time" or renewer.remaining() < LAST_LOOK:
            return _as_it_is(read, at=now)
        share = keeper.entropy.bytes(1)[0] / 255
        pause(SHORTEST_POLL + (LONGEST_POLL - SHORTEST_POLL) * share)
        again = keeper.credentials.get(read.credential_id)
        if again is None:
            raise NotFoundError(NOT_THERE)
        if again.generation != generation or again.status == "expired":
            return again
        read = again


def _is_to_rest(read: Credential, *, at: datetime, force: bool) -> bool:
    if not read.still_works(at=at):
        return False
    if not renewal.lease_is_free(read, at=at):
        # What is waited for cannot be forced: the token that would be sent again may end the grant.
        return read.awaits or not force
    return read.status == "degraded" and read.due_at is not None and read.due_at > at and not force


def _as_it_is(read: Credential, *, at: datetime) -> Credential:
    if not read.still_works(at=at):
        raise UnavailableError("This credential is being renewed. Try again in a moment.", code="being_renewed")
    return read
