"""Valid data, with one thing changed: `a_credential(expires_at=NOON)`. What a test does not name does not matter."""

from datetime import UTC, datetime, timedelta
from typing import Any

from evergrant.domain.app import App
from evergrant.domain.authorization import LIFETIME, Authorization
from evergrant.domain.caller import SCOPES
from evergrant.domain.client import OAuthClient
from evergrant.domain.credential import Credential
from evergrant.domain.events import AuditLine, Event
from evergrant.domain.ids import (
    ENTROPY_BYTES,
    ApiKeyId,
    AuthorizationId,
    CredentialId,
    EndpointId,
    EventId,
    UserId,
    WorkspaceId,
    identifier,
)
from evergrant.domain.replays import Replay, Window
from evergrant.domain.session import LIFETIME as SESSION_LIFETIME
from evergrant.domain.session import Session
from evergrant.domain.webhooks import Delivery, Endpoint
from evergrant.domain.workspace import ApiKey, User, Workspace
from pydantic import SecretStr

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def an_id(prefix: str, number: int = 1, *, at: datetime = NOON) -> str:
    """The same for the same number; in the order of their numbers."""
    return identifier(prefix, at=at, entropy=number.to_bytes(ENTROPY_BYTES))


WORKSPACE, OTHER_WORKSPACE = WorkspaceId(an_id("ws")), WorkspaceId(an_id("ws", 2))
ADA, BOB = UserId(an_id("usr")), UserId(an_id("usr", 2))
CREDENTIAL, OTHER_CREDENTIAL = CredentialId(an_id("cred")), CredentialId(an_id("cred", 2))
KEY = ApiKeyId(an_id("key"))
RETURN_URL = "https://shop.example/connected"


def a_workspace(**changed: Any) -> Workspace:
    """A production workspace."""
    valid: dict[str, Any] = {
        "workspace_id": WORKSPACE,
        "name": "Shop",
        "environment": "production",
        "created_at": NOON,
        "return_urls": (RETURN_URL,),
    }
    return Workspace(**{**valid, **changed})


def a_user(**changed: Any) -> User:
    """Ada."""
    valid: dict[str, Any] = {
        "workspace_id": WORKSPACE,
        "user_id": ADA,
        "username": "ada@shop.example",
        "email": "ada@shop.example",
        "created_at": NOON,
    }
    return User(**{**valid, **changed})


def an_api_key(**changed: Any) -> ApiKey:
    """A key that may do everything."""
    valid: dict[str, Any] = {
        "workspace_id": WORKSPACE,
        "api_key_id": KEY,
        "name": "server",
        "scopes": SCOPES,
        "digest": "0" * 64,
        "created_at": NOON,
    }
    return ApiKey(**{**valid, **changed})


def a_credential(**changed: Any) -> Credential:
    """A static key of Ada's, which never ends."""
    valid: dict[str, Any] = {
        "workspace_id": WORKSPACE,
        "user_id": ADA,
        "credential_id": CREDENTIAL,
        "app": "acme",
        "kind": "api_key",
        "name": "Acme ada",
        "created_at": NOON,
        "updated_at": NOON,
        "sealed": b"sealed",
        "user_email": "ada@shop.example",
    }
    return Credential(**{**valid, **changed})


def a_grant(**changed: Any) -> Credential:
    """An OAuth credential of Ada's, whose access token ends in an hour."""
    valid: dict[str, Any] = {
        "app": "acme-oauth",
        "kind": "oauth2",
        "token_issued_at": NOON,
        "token_expires_at": NOON + HOUR,
        "renewable": True,
    }
    return a_credential(**{**valid, **changed})


def an_event(**changed: Any) -> Event:
    """Of a credential of Ada's."""
    valid: dict[str, Any] = {
        "event_id": EventId(an_id("evt")),
        "workspace_id": WORKSPACE,
        "type": "credential.created",
        "at": NOON,
        "user_id": ADA,
        "credential_id": CREDENTIAL,
        "data": {"app": "acme", "status": "active", "version": 1},
    }
    return Event(**{**valid, **changed})


def an_audit_line(**changed: Any) -> AuditLine:
    """Of a credential of Ada's."""
    valid: dict[str, Any] = {
        "audit_id": an_id("aud"),
        "workspace_id": WORKSPACE,
        "at": NOON,
        "action": "credential.created",
        "actor": KEY,
        "credential_id": CREDENTIAL,
        "user_id": ADA,
    }
    return AuditLine(**{**valid, **changed})


def an_endpoint(**changed: Any) -> Endpoint:
    """A healthy one that hears what is heard by default."""
    valid: dict[str, Any] = {
        "workspace_id": WORKSPACE,
        "endpoint_id": EndpointId(an_id("ep")),
        "url": "https://shop.example/hook",
        "created_at": NOON,
        "sealed_secret": b"sealed",
    }
    return Endpoint(**{**valid, **changed})


def a_delivery(**changed: Any) -> Delivery:
    """Of `an_event` to `an_endpoint`, before its first attempt."""
    valid: dict[str, Any] = {
        "workspace_id": WORKSPACE,
        "event_id": an_id("evt"),
        "endpoint_id": an_id("ep"),
        "delivery_id": an_id("dlv"),
        "event_at": NOON,
        "next_attempt_at": NOON,
    }
    return Delivery(**{**valid, **changed})


def a_replay(**changed: Any) -> Replay:
    """Of the day before noon, to `an_endpoint`, before its first part."""
    valid: dict[str, Any] = {
        "workspace_id": WORKSPACE,
        "replay_id": an_id("rpl"),
        "endpoint_id": an_id("ep"),
        "window": Window(NOON - DAY, NOON),
        "created_at": NOON,
        "look_at": NOON + 2 * MINUTE,
    }
    return Replay(**{**valid, **changed})


def an_authorization(**changed: Any) -> Authorization:
    """Just begun by the owner's server, for Ada."""
    valid: dict[str, Any] = {
        "authorization_id": AuthorizationId(an_id("auth")),
        "workspace_id": WORKSPACE,
        "user_id": ADA,
        "app": "acme-oauth",
        "redirect_uri": f"https://evergrant.example/oauth/callback/{WORKSPACE}/acme-oauth",
        "created_at": NOON,
        "expires_at": NOON + LIFETIME,
        "return_url": RETURN_URL,
    }
    return Authorization(**{**valid, **changed})


def a_session(**changed: Any) -> Session:
    """A modal's, for Ada."""
    valid: dict[str, Any] = {
        "workspace_id": WORKSPACE,
        "user_id": ADA,
        "session_id": an_id("ses"),
        "digest": "0" * 64,
        "created_at": NOON,
        "expires_at": NOON + SESSION_LIFETIME,
    }
    return Session(**{**valid, **changed})


def a_client(**changed: Any) -> OAuthClient:
    """The owner's client at Acme."""
    valid: dict[str, Any] = {
        "workspace_id": WORKSPACE,
        "app": "acme-oauth",
        "client_id": "client",
        "client_secret": SecretStr("client-secret"),
        "created_at": NOON,
        "hosts": frozenset({"acme.example"}),
    }
    return OAuthClient(**{**valid, **changed})


def an_app(*methods: dict[str, Any], **changed: Any) -> App:
    """Acme, which takes an API key."""
    key = {"name": "apiKey", "label": "API key", "secret": True}
    headers = {"Authorization": "Bearer {apiKey}"}
    static = {
        "kind": "api_key",
        "properties": [key],
        "request": {"base_url": "https://acme.example", "headers": headers},
    }
    entry = {"slug": "acme", "name": "Acme", "docs_url": "https://acme.example/docs", "methods": methods or [static]}
    return App.model_validate({**entry, **changed})


def an_oauth_app(**changed: Any) -> App:
    """Acme, through its own page; `changed` is of its way."""
    way = {
        "kind": "oauth2",
        "authorization_endpoint": "https://acme.example/authorize",
        "token_endpoint": "https://acme.example/token",
        "revocation_endpoint": "https://acme.example/revoke",
        "request": {"base_url": "https://acme.example"},
    }
    return an_app({**way, **changed}, slug="acme-oauth")
