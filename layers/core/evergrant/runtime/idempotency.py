"""`Idempotency-Key`: the first answer is kept sealed for a day and replayed; twins at the same time make one thing.

An answer that shows a secret is replayed for ten minutes; after that the key answers 409 `secret_already_shown`.
"""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from aws_lambda_powertools.event_handler import Response
from pydantic import SecretBytes

from evergrant.domain.errors import BadRequestError, ConflictError
from evergrant.runtime import wiring
from evergrant.runtime.requests import body_bytes, header

if TYPE_CHECKING:
    from evergrant.domain.sealing import SealContext
    from evergrant.ports import FirstAnswer
    from evergrant.runtime.http import Answer, Http

SECRET_SHOWN_FOR = timedelta(minutes=10)
MAX_KEY_LENGTH = 255


def once(http: "Http", act: "Callable[[], Answer]") -> "Answer":
    """Act once for each key of this workspace and route; without a key, just act."""
    chosen = header(http.raw, "idempotency-key")
    if chosen is None:
        return act()
    if not 0 < len(chosen) <= MAX_KEY_LENGTH or not chosen.isprintable():
        raise BadRequestError("Send an Idempotency-Key of 1 to 255 printable characters.", code="idempotency_key")
    return _once(http, chosen, act)


def _once(http: "Http", chosen: str, act: "Callable[[], Answer]") -> "Answer":
    from evergrant.runtime.http import caller

    workspace_id, route = caller(http).workspace_id, f"{http.raw['httpMethod']} {http.raw.get('resource')}"
    fingerprints, store, now = wiring.fingerprints(), wiring.idempotency(), wiring.clock().now()
    key = fingerprints.fingerprint("idempotency-key", f"{workspace_id}|{route}|{chosen}".encode())
    sent = json.dumps([http.raw.get("pathParameters")], sort_keys=True).encode() + body_bytes(http.raw)
    fingerprint = fingerprints.fingerprint(f"idempotency-body|{workspace_id}", sent)
    context = _context(workspace_id, key)
    first = store.begin(key, fingerprint=fingerprint, at=now)
    if first is not None:
        return _replayed(first, fingerprint, context)
    try:
        response = act()
    except Exception:
        # Nothing was made: the same key may try again.
        store.forget(key)
        raise
    shows_secret = response.headers.get("cache-control") == "no-store"
    store.finish(
        key,
        status=response.status_code,
        sealed=wiring.answers_sealer().seal(SecretBytes(str(response.body).encode()), context),
        secret_until=now + SECRET_SHOWN_FOR if shows_secret else None,
    )
    return response


def _replayed(first: "FirstAnswer", fingerprint: str, context: "SealContext") -> "Answer":
    from evergrant.runtime.http import JSON_TYPE

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
