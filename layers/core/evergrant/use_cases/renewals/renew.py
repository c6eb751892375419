"""Renew or check one credential: exactly one worker asks the provider, and what it says is persisted at once."""

from datetime import datetime
from typing import Literal

from evergrant.domain import renewal
from evergrant.domain.caller import SYSTEM
from evergrant.domain.credential import Credential
from evergrant.domain.due import not_before
from evergrant.domain.ids import CredentialId
from evergrant.domain.secret import Secret
from evergrant.ports import Clock, CredentialStore, Directory, Entropy, Sealer, Upstream
from evergrant.use_cases.credentials.create import seal_context
from evergrant.use_cases.recording import audit_line, credential_event

Done = Literal["nothing_due", "elsewhere", "persisted", "refused"]


def renew_due(
    credential_id: CredentialId,
    due: datetime,
    *,
    credentials: CredentialStore,
    directory: Directory,
    sealer: Sealer,
    upstream: Upstream,
    clock: Clock,
    entropy: Entropy,
) -> Done:
    """What a message asks for. Another due time than the message's: somebody was here, and nothing is done.

    Raises: UnavailableError when storage or the key is away; then nothing was marked.
    """
    read = credentials.get(credential_id)
    now = clock.now()
    if read is None or read.due_at != due or not renewal.is_due(read, at=now):
        return "nothing_due"
    if not renewal.lease_is_free(read, at=now):
        return "elsewhere"
    # The key before the call: sealing the answer must need no network.
    prepared = None if read.is_over(at=now) else sealer.prepare()
    # And the secret before the lease: what cannot be opened must not be leased again and again.
    secret = Secret.from_bytes(sealer.open(read.sealed, seal_context(read))) if prepared else None
    lease_until = now + renewal.LEASE
    held = credentials.begin_renewal(read, lease_until=lease_until, due_at=not_before(lease_until, now=now))
    if held is None:
        return "elsewhere"
    if prepared is None or secret is None:
        change = renewal.expired(held, at=now, reason="expired_by_date")
    else:
        outcome = upstream.renew(held, secret)
        change = renewal.apply(held, outcome, at=clock.now(), chance=_chance(entropy))
        if isinstance(outcome, renewal.Renewed):
            new = change.credential
            change = renewal.with_sealed(change, prepared.seal(outcome.secret.to_bytes(), seal_context(new)))
    return _persist(change, held=held, credentials=credentials, directory=directory, entropy=entropy)


def _persist(
    change: renewal.Change, *, held: Credential, credentials: CredentialStore, directory: Directory, entropy: Entropy
) -> Done:
    new, at = change.credential, change.credential.updated_at
    data = dict(change.data)
    if change.event in ("credential.expired", "credential.degraded"):
        workspace = directory.workspace(held.workspace_id)
        data["reconnectUrl"] = workspace and workspace.reconnect_link(held.credential_id)
    event = change.event and credential_event(change.event, new, at=at, entropy=entropy, **data)
    # A plain renewal writes the row alone; what is news has its audit line.
    audit = change.event and audit_line(change.event, new, actor=SYSTEM, at=at, entropy=entropy)
    written = credentials.finish_renewal(
        new, held=held, only_holder=change.only_holder, event=event or None, audit=audit or None
    )
    return "persisted" if written else "refused"


def _chance(entropy: Entropy) -> float:
    return int.from_bytes(entropy.bytes(6)) / 2**48
