"""How the owner's, or the merchant's, client proves itself to a token endpoint (RFC 6749, 2.3; RFC 7523)."""

import base64
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import quote_plus

from pydantic import SecretStr

from evergrant.adapters.oauth.assertions import client_assertion
from evergrant.domain.app import OAuth2Method, TokenWay
from evergrant.domain.errors import AppMisconfiguredError
from evergrant.ports.system import Entropy

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def authenticated(
    way: TokenWay,
    client_id: str | None,
    client_secret: SecretStr | None,
    members: Mapping[str, str],
    *,
    audience: str,
    at: datetime,
    entropy: Entropy,
) -> tuple[dict[str, str], dict[str, str]]:
    """Headers and members with the client's proof. Raises: AppMisconfiguredError where it lacks a secret."""
    method = way.token_endpoint_auth_method
    if method == "none":
        return {}, {**members, **({"client_id": client_id} if client_id else {})}
    if client_id is None or client_secret is None:
        raise AppMisconfiguredError("This app's OAuth client has no secret: set it with PUT /apps/{app}/client.")
    secret = client_secret.get_secret_value()
    if method == "client_secret_post":
        return {}, {**members, "client_id": client_id, "client_secret": secret}
    if method == "private_key_jwt":
        algorithm = way.token_endpoint_auth_signing_alg if isinstance(way, OAuth2Method) else "RS256"
        proof = client_assertion(client_id, secret, algorithm, audience=audience, at=at, entropy=entropy)
        asserted = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": proof}
        return {}, {**members, "client_id": client_id, **asserted}
    pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"
    return {"authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}, dict(members)
