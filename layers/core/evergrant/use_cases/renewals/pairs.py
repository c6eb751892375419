"""A new secret on its way to the row, and as the message that carries it: ciphertext, nothing else of it is secret."""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from evergrant.domain import renewal
from evergrant.domain.credential import Credential
from evergrant.domain.ids import CredentialId, UserId, WorkspaceId
from evergrant.domain.secret import Secret
from evergrant.domain.times import from_iso, from_iso_or_none, iso, iso_or_none
from evergrant.ports.sealing import Sealer


@dataclass(frozen=True, slots=True)
class Pair:
    """Sealed for the generation after the one that was spent for it."""

    of: Credential
    """The row as it was leased: of it count identity, grant and generation."""
    renewed: renewal.Renewed
    sealed: bytes
    at: datetime
    terms: renewal.Terms
    spends_spare: bool = False

    @property
    def row(self) -> Credential:
        """The row, had nobody touched it."""
        return renewal.with_sealed(self.change_of(self.of), self.sealed).credential

    def change_of(self, row: Credential) -> renewal.Change:
        """What it does to the row, but for the secret."""
        change = renewal.apply(row, self.renewed, at=self.at, chance=0, terms=self.terms)
        return replace(change, credential=replace(change.credential, spare=None if self.spends_spare else row.spare))


def message_of(pair: Pair) -> dict[str, object]:
    """Ciphertext, and what is plain on the row too: all that a consumer needs, though the row may be gone by then."""
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
        "sealed": _text(pair.sealed),
        "spendsSpare": pair.spends_spare,
        "tokenExpiresAt": iso_or_none(renewed.token_expires_at),
        "grantExpiresAt": iso_or_none(renewed.grant_expires_at),
        "scopes": None if renewed.scopes is None else list(renewed.scopes),
        "variables": {**of.variables, **renewed.variables},
    }


def resealed(message: Mapping[str, Any], sealed: bytes) -> dict[str, object]:
    """The same message with what the secret has become."""
    return {**message, "sealed": _text(sealed)}


def row_in(message: Mapping[str, Any]) -> Credential:
    """The row that the pair would have made, as far as its provider needs it. It is not opened."""
    of = _of(message)
    return replace(of, generation=of.generation + 1, sealed=_sealed(message))


def pair_in(message: Mapping[str, Any], *, sealer: Sealer, terms: renewal.Terms) -> Pair:
    """Raises: SealBrokenError for a message that was forged or changed; UnavailableError without a key."""
    row = row_in(message)
    renewed = renewal.Renewed(
        Secret.from_bytes(sealer.open(row.sealed, row.seal_context())),
        token_expires_at=from_iso_or_none(message["tokenExpiresAt"]),
        scopes=None if message["scopes"] is None else tuple(message["scopes"]),
        grant_expires_at=from_iso_or_none(message["grantExpiresAt"]),
        variables=message["variables"],
    )
    return Pair(_of(message), renewed, row.sealed, row.created_at, terms, message["spendsSpare"])


def _of(message: Mapping[str, Any]) -> Credential:
    at = from_iso(message["at"])
    return Credential(
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


def _text(sealed: bytes) -> str:
    return b64encode(sealed).decode()


def _sealed(message: Mapping[str, Any]) -> bytes:
    return b64decode(message["sealed"], validate=True)
