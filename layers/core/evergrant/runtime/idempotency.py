"""`Idempotency-Key`: the first answer is kept sealed for a day and replayed; twins at the same time make one thing.

What is made has its id from the key: where an answer was lost, a second run finds the first one's work.

An answer that shows a secret is replayed for ten minutes; after that the key answers 409 `secret_already_shown`.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from aws_lambda_powertools.event_handler import Response
from pydantic import SecretBytes

from evergrant.domain import errors
from evergrant.domain.caller import Caller
from evergrant.domain.errors import BadRequestError, ConflictError, UnavailableError
from evergrant.domain.ids import ENTROPY_BYTES, identifier
from evergrant.ports.idempotency import Claim, FirstAnswer
from evergrant.runtime import wiring
from evergrant.runtime.requests import body_bytes, header

if TYPE_CHECKING:
    from evergrant.domain.sealing import SealContext
    from evergrant.runtime.http import Answer, Http

SECRET_SHOWN_FOR = timedelta(minutes=10)
MAX_KEY_LENGTH = 255
WRITER_BYTES = 16
NOTHING_WAS_MADE = (
    errors.InvalidRequestError,
    errors.UnauthorizedError,
    errors.ForbiddenError,
    errors.NotFoundError,
    errors.TooManyRequestsError,
    errors.ConnectError,
    errors.CredentialExpiredError,
    errors.AppMisconfiguredError,
)
"""Raised before anything is written."""


class ClaimedIdentities:
    """`Identities` of one Idempotency-Key: drawn in the same order, they are the same in every run."""

    def __init__(self, claim: Claim) -> None:
        self._claim = claim
        self._drawn: Counter[str] = Counter()

    def new(self, prefix: str) -> str:
        self._drawn[prefix] += 1
        name = f"{self._claim.key}|{prefix}|{self._drawn[prefix]}"
        return identifier(prefix, at=self._claim.since, entropy=hashlib.sha256(name.encode()).digest()[:ENTROPY_BYTES])


def once(http: "Http", act: "Callable[[], Answer]") -> "Answer":
    """Act once for each key of this caller and route; without a key, just act."""
    chosen = header(http.raw, "idempotency-key")
    if chosen is None:
        return act()
    if not 0 < len(chosen) <= MAX_KEY_LENGTH or not chosen.isprintable():
        raise BadRequestError("Send an Idempotency-Key of 1 to 255 printable characters.", code="idempotency_key")
    return _once(http, chosen, act)


def _once(http: "Http", chosen: str, act: "Callable[[], Answer]") -> "Answer":
    from evergrant.runtime.http import whoever

    # Bound to the very key or session: another, with other scopes, is never told its answers.
    who, route = whoever(http), f"{http.raw['httpMethod']} {http.raw.get('resource')}"
    fingerprints, store, now = wiring.fingerprints(), wiring.idempotency(), wiring.clock().now()
    name = f"{who.workspace_id}|{who.identity}|{route}|{chosen}"
    key = fingerprints.fingerprint("idempotency-key", name.encode())
    sent = json.dumps([http.raw.get("pathParameters")], sort_keys=True).encode() + body_bytes(http.raw)
    fingerprint = fingerprints.fingerprint(f"idempotency-body|{who.workspace_id}", sent)
    context = _context(who.workspace_id, key)
    claim = store.begin(key, writer=wiring.entropy().token(WRITER_BYTES), fingerprint=fingerprint, at=now)
    if isinstance(claim, FirstAnswer):
        return _replayed(http, claim, fingerprint, context)
    http.claimed = ClaimedIdentities(claim)
    try:
        response = act()
        shows_secret = response.headers.get("cache-control") == "no-store"
        store.finish(
            claim,
            status=response.status_code,
            sealed=wiring.answers_sealer().seal(SecretBytes(str(response.body).encode()), context),
            secret_until=now + SECRET_SHOWN_FOR if shows_secret else None,
        )
    except NOTHING_WAS_MADE:
        _let_go(lambda: store.forget(claim))
        raise
    except Exception:
        # It may have been made: whoever asks again makes the same, under the same id.
        _let_go(lambda: store.release(claim))
        raise
    finally:
        http.claimed = None
    return response


def _let_go(act: "Callable[[], None]") -> None:
    """A claim that cannot be given back ends by itself."""
    with suppress(ConflictError, UnavailableError):
        act()


def _replayed(http: "Http", first: FirstAnswer, fingerprint: str, context: "SealContext") -> "Answer":
    from evergrant.runtime.http import JSON_TYPE, live_caller, whoever

    if isinstance(whoever(http), Caller):
        live_caller(http)
    if first.fingerprint != fingerprint:
        raise ConflictError("This Idempotency-Key was used with another body. Choose a new one.", code="key_reused")
    if first.sealed is None or first.status is None:
        raise ConflictError("The first request with this Idempotency-Key still runs. Try again.", code="still_running")
    if first.secret_until and first.secret_until < wiring.clock().now():
        raise ConflictError("The secret of this answer was shown already.", code="secret_already_shown")
    headers: dict[str, str | list[str]] = {"idempotent-replayed": "true"}
    if first.secret_until:
        headers["cache-control"] = "no-store"
    body = wiring.answers_sealer().open(first.sealed, context).get_secret_value().decode()
    return Response(first.status, JSON_TYPE, body, headers=headers)


def _context(workspace_id: str, key: str) -> "SealContext":
    from evergrant.domain.sealing import SealContext

    return SealContext(
        workspace_id=workspace_id, user_id="", credential_id=key, app="", generation=0, field="idempotency"
    )
