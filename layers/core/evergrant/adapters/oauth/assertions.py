"""Signed assertions (RFC 7519, 7523): of a merchant's service account, or of the owner's client."""

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime, timedelta

from evergrant.domain.app import Assertion
from evergrant.domain.errors import AppMisconfiguredError
from evergrant.domain.rendering import render_text
from evergrant.ports.system import Entropy

JWT_ID_BYTES = 16
CLIENT_LIFETIME = timedelta(seconds=60)


def signed_assertion(assertion: Assertion, values: Mapping[str, str], *, at: datetime, entropy: Entropy) -> str:
    """A compact JWT. Raises: AppMisconfiguredError for a key that is none."""
    issued = at - timedelta(seconds=assertion.backdated_seconds)
    claims: dict[str, object] = {name: render_text(each, values) for name, each in assertion.claims.items()}
    claims |= {"iat": int(issued.timestamp()), "exp": int(issued.timestamp()) + assertion.lifetime_seconds}
    if assertion.jwt_id:
        claims["jti"] = entropy.token(JWT_ID_BYTES)
    headers = {"kid": render_text(assertion.key_id, values)} if assertion.key_id else None
    key = _key(values.get(assertion.key, ""), assertion.key_encoding)
    return _signed(claims, key, assertion.algorithm, headers)


def client_assertion(client_id: str, key: str, algorithm: str, *, audience: str, at: datetime, entropy: Entropy) -> str:
    """`private_key_jwt` (RFC 7523, 2.2 and 3): the audience is the authorization server alone."""
    claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": audience,
        "iat": int(at.timestamp()),
        "exp": int((at + CLIENT_LIFETIME).timestamp()),
        "jti": entropy.token(JWT_ID_BYTES),
    }
    return _signed(claims, key.encode(), algorithm, None)


def _signed(claims: Mapping[str, object], key: bytes, algorithm: str, headers: dict[str, str] | None) -> str:
    import jwt

    try:
        return jwt.encode(dict(claims), key, algorithm=algorithm, headers=headers)
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        # Without the cause: what a parser says of a key may quote it.
        raise AppMisconfiguredError(
            f"The key does not sign with {algorithm} ({type(error).__name__}): check that it is whole, and PEM."
        ) from None


def _key(text: str, encoding: str) -> bytes:
    try:
        if encoding == "hex":
            return bytes.fromhex(text)
        if encoding == "base64":
            return base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        raise AppMisconfiguredError(f"The key is not {encoding}: copy it again.") from None
    # A key that was pasted into one line has its line breaks written out.
    return text.replace("\\n", "\n").encode()
