"""The rescue queue: new secrets that storage refused, sealed, until it takes them. Nothing else of them is secret."""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from evergrant.domain.credential import Credential
from evergrant.domain.ids import CredentialId, UserId, WorkspaceId
from evergrant.domain.renewal import Renewed, Terms
from evergrant.domain.secret import Secret
from evergrant.domain.times import from_iso, from_iso_or_none, iso, iso_or_none
from evergrant.use_cases.renewals.keeper import Kept, OutcomeKeeper, Pair


def message_of(pair: Pair) -> dict[str, object]:
    """Ciphertext, and what is plain on the row too: all that the consumer needs, though the row may be gone by then."""
    of, renewed = pair.of, pair.renewed
    return {
        "workspaceId": of.workspace_id,
        "userId": of.user_id,
        "credentialId": of.credential_id,
        "app": of.app,
        "kind": of.kind,
        "way": of.way,
        "accountId": of.account_id,
        "grant": of.grant,
        "generation": of.generation,
        "at": iso(pair.at),
        "sealed": b64encode(pair.sealed).decode(),
        "spendsSpare": pair.spends_spare,
        "tokenExpiresAt": iso_or_none(renewed.token_expires_at),
        "grantExpiresAt": iso_or_none(renewed.grant_expires_at),
        "scopes": None if renewed.scopes is None else list(renewed.scopes),
        "variables": {**of.variables, **renewed.variables},
    }


@dataclass(frozen=True, slots=True)
class Rescued:
    """What became of it."""

    credential_id: CredentialId
    outcome: Kept


def rescue(message: Mapping[str, Any], *, keeper: OutcomeKeeper) -> Rescued:
    """Under the same guards as at first; safe to run twice, and late.

    Nothing lands that does not open: a message that was forged or changed is SealBrokenError.
    Raises: UnavailableError, and then the message comes again.
    """
    pair = _pair_of(message, keeper)
    outcome, _ = keeper.keep(pair, keeper.credentials.find(pair.of.credential_id))
    return Rescued(pair.of.credential_id, outcome)


def _pair_of(message: Mapping[str, Any], keeper: OutcomeKeeper) -> Pair:
    at, sealed = from_iso(message["at"]), b64decode(message["sealed"], validate=True)
    of = Credential(
        workspace_id=WorkspaceId(message["workspaceId"]),
        user_id=UserId(message["userId"]),
        credential_id=CredentialId(message["credentialId"]),
        app=message["app"],
        kind=message["kind"],
        way=message["way"],
        name="",
        created_at=at,
        updated_at=at,
        account_id=message["accountId"],
        grant=message["grant"],
        generation=message["generation"],
        variables=message["variables"],
    )
    secret = keeper.sealer.open(sealed, replace(of, generation=of.generation + 1).seal_context())
    renewed = Renewed(
        Secret.from_bytes(secret),
        token_expires_at=from_iso_or_none(message["tokenExpiresAt"]),
        scopes=None if message["scopes"] is None else tuple(message["scopes"]),
        grant_expires_at=from_iso_or_none(message["grantExpiresAt"]),
        variables=message["variables"],
    )
    return Pair(of, renewed, sealed, at, Terms(check_every=keeper.check_every), message["spendsSpare"])
