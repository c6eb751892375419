"""Standard Webhooks' signature, by its official library."""

from datetime import datetime

from pydantic import SecretStr


def sign(secret: SecretStr, message_id: str, at: datetime, body: str) -> str:
    """The `webhook-signature` header."""
    from standardwebhooks import Webhook

    return Webhook(secret.get_secret_value()).sign(message_id, at, body)
