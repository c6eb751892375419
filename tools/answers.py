"""What the API answers, as JSON Schema: the part of the OpenAPI document that the handlers' types do not say."""

from typing import Any

Schema = dict[str, Any]


def _object(**properties: Schema) -> Schema:
    return {"type": "object", "properties": properties}


def _many(item: Schema) -> Schema:
    return {"type": "array", "items": item}


def _or_null(schema: Schema) -> Schema:
    return {**schema, "type": [schema["type"], "null"]}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _page(item: Schema) -> Schema:
    return _object(data=_many(item), nextCursor=_or_null(TEXT))


TEXT: Schema = {"type": "string"}
FLAG: Schema = {"type": "boolean"}
NUMBER: Schema = {"type": "integer"}
TIME: Schema = {"type": "string", "format": "date-time"}
ANYTHING: Schema = {"type": "object", "additionalProperties": True}
TEXTS = _many(TEXT)
SECRET: Schema = {**_or_null(TEXT), "description": "Shown once; null for a bus, which is not signed."}
DONE = _object(success=FLAG)
MISSED: Schema = {
    **_object(since=TIME, count=NUMBER, isAll=FLAG),
    "description": "Only of one that was disabled: what a replay with `onlyFailed` from `since` on would send.",
}

SCHEMAS: dict[str, Schema] = {
    "Error": _object(
        message={**TEXT, "description": "What to do next; never a secret."},
        code={**TEXT, "description": "For programs: snake_case, stable."},
        requestId=TEXT,
        details=_many(_object(path=TEXT, message=TEXT)),
    ),
    "User": _object(userId=TEXT, username=TEXT, fullName=_or_null(TEXT), email=_or_null(TEXT), tags=TEXTS),
    "Credential": _object(
        credentialId=TEXT,
        userId=TEXT,
        type={**TEXT, "description": "The app's slug."},
        kind=TEXT,
        name=TEXT,
        status={"type": "string", "enum": ["active", "degraded", "expired"]},
        createdAt=TIME,
        updatedAt=TIME,
        expiresAt=_or_null(TIME),
        scopes=TEXTS,
        missingScopes=TEXTS,
        accountId=_or_null(TEXT),
        tags=TEXTS,
    ),
    "CredentialDetails": {
        "allOf": [
            _ref("Credential"),
            _object(
                lastVerifiedAt=_or_null(TIME),
                lastRenewedAt=_or_null(TIME),
                lastFailure=_or_null(_object(at=TIME, code=TEXT, message=TEXT, transient=FLAG)),
            ),
        ]
    },
    "UsableSecret": _object(
        credentialId=TEXT,
        type=TEXT,
        kind=TEXT,
        expiresAt=_or_null(TIME),
        scopes=TEXTS,
        missingScopes=TEXTS,
        secret=ANYTHING,
        headers=ANYTHING,
        params=ANYTHING,
        baseUrl=_or_null(TEXT),
    ),
    "AppMetadata": _object(
        name=TEXT,
        connector=TEXT,
        displayName=TEXT,
        icon=_or_null(TEXT),
        isOauth=FLAG,
        categories=TEXTS,
        docsUrl=TEXT,
        methods=TEXTS,
        properties=_many(ANYTHING),
    ),
    "OAuthClient": _object(
        clientId=_or_null(TEXT),
        scopes=TEXTS,
        extra={**TEXTS, "description": "The names of the further values."},
        createdAt=_or_null(TIME),
        redirectUri={**TEXT, "description": "The address to register with the provider."},
    ),
    "ReplayProgress": _object(
        replayId=TEXT,
        endpointId=TEXT,
        state={"type": "string", "enum": ["running", "done", "failed"]},
        reason=_or_null(TEXT),
        since=TIME,
        until=TIME,
        types=TEXTS,
        onlyFailed=FLAG,
        total={**_or_null(NUMBER), "description": "Events of the time, of all types; null where there are too many."},
        scanned={**NUMBER, "description": "Events looked at so far."},
        replayed={**NUMBER, "description": "Events on their way again so far."},
        createdAt=TIME,
    ),
    "Endpoint": _object(
        endpointId=TEXT,
        type={"type": "string", "enum": ["webhook", "event_bus", "queue"]},
        url={**_or_null(TEXT), "description": "Of a webhook."},
        arn={**_or_null(TEXT), "description": "Of a bus or a queue."},
        events=TEXTS,
        apps=TEXTS,
        status={"type": "string", "enum": ["healthy", "failing", "paused", "disabled"]},
        failingSince=_or_null(TIME),
        disabledReason=_or_null(TEXT),
    ),
    "Event": _object(
        id=TEXT,
        type=TEXT,
        timestamp=TIME,
        workspaceId=TEXT,
        userId=_or_null(TEXT),
        userEmail=_or_null(TEXT),
        credentialId=_or_null(TEXT),
        credentialName=_or_null(TEXT),
        data=ANYTHING,
        truncated={**FLAG, "description": "Only where something was cut, to stay within 20 kB."},
    ),
    "Delivery": _object(
        deliveryId=TEXT,
        eventId=TEXT,
        endpointId=TEXT,
        status={"type": "string", "enum": ["pending", "delivered", "failed", "exhausted"]},
        attempts=_many(
            _object(
                at=TIME,
                status=_or_null(NUMBER),
                durationMs=NUMBER,
                error=_or_null(TEXT),
                response=_or_null(TEXT),
                requestHeaders=ANYTHING,
            )
        ),
        nextAttemptAt=_or_null(TIME),
    ),
}

CREATED = _object(success=FLAG, credentialId=TEXT, credential=_ref("Credential"))
DELETED = _object(
    success=FLAG,
    revoked={"type": ["boolean", "null"], "description": "true: done; null: queued; false: not possible."},
    revokeReason=TEXT,
)

ANSWERS: dict[str, tuple[int, Schema]] = {
    "GET /users": (200, _page(_ref("User"))),
    "POST /users": (200, _object(userId=TEXT)),
    "POST /users/batch": (200, _object(data=_many(_object(userId=TEXT, username=TEXT)), skipped=TEXTS)),
    "GET /users/{userId}": (200, _ref("User")),
    "PUT /users/{userId}": (200, _ref("User")),
    "DELETE /users/{userId}": (200, DONE),
    "GET /users/{userId}/token": (200, _object(token=TEXT)),
    "POST /credentials": (201, CREATED),
    "POST /users/{userId}/credentials": (201, CREATED),
    "GET /users/{userId}/credentials": (200, _page(_ref("Credential"))),
    "GET /credentials/users/{userId}": (200, _page(_ref("Credential"))),
    "GET /credentials/{credentialId}": (200, _ref("CredentialDetails")),
    "PATCH /credentials/{credentialId}": (200, _ref("CredentialDetails")),
    "DELETE /credentials/{credentialId}": (200, DELETED),
    "DELETE /users/{userId}/credentials/{credentialId}": (200, DELETED),
    "POST /credentials/{credentialId}/token": (200, _ref("UsableSecret")),
    "POST /passthrough": (200, _object(status=NUMBER, headers=ANYTHING, data={})),
    "POST /credentials/{credentialId}/verify": (
        200,
        _object(verified={"type": ["boolean", "null"]}, status=TEXT, checkedAt=TIME),
    ),
    "GET /metadata/credentials": (200, _page(_ref("AppMetadata"))),
    "GET /metadata/credentials/{app}": (200, _object(data=_ref("AppMetadata"))),
    "GET /apps/{app}": (200, _ref("AppEntry")),
    "PUT /apps/{app}": (200, _ref("AppEntry")),
    "GET /apps/{app}/client": (200, _ref("OAuthClient")),
    "PUT /apps/{app}/client": (200, _ref("OAuthClient")),
    "DELETE /apps/{app}/client": (200, DONE),
    "DELETE /apps/{app}": (200, DONE),
    "GET /oauthUrl": (200, _object(oauthUrl=TEXT)),
    "POST /connect/sessions": (201, _object(token=TEXT, expiresAt=TIME, url=_or_null(TEXT))),
    "POST /connect/redeem": (201, _object(token=TEXT, expiresAt=TIME)),
    "GET /connect/session": (
        200,
        _object(
            workspaceId=TEXT,
            user=_object(userId=TEXT, username=TEXT, fullName=_or_null(TEXT)),
            hosted=FLAG,
            returnUrl=_or_null(TEXT),
            apps=_many(_ref("AppMetadata")),
            credentialId=_or_null(TEXT),
            scopes=TEXTS,
            credentials=_many({"allOf": [_ref("Credential"), _object(reusable=FLAG)]}),
            branding=ANYTHING,
            origins=TEXTS,
            locale=_or_null(TEXT),
            expiresAt=TIME,
        ),
    ),
    "GET /connect/apps/{app}": (200, _object(data=_ref("AppMetadata"))),
    "POST /connect/oauth": (201, _object(authorizationId=TEXT, binder=_or_null(TEXT), url=_or_null(TEXT))),
    "GET /connect/oauth/{authorizationId}": (
        200,
        _object(status={"type": "string", "enum": ["pending", "ready", "failed"]}, completion=TEXT, error=TEXT),
    ),
    "POST /connect/oauth/complete": (201, CREATED),
    "POST /connect/opening": (200, _object(location=TEXT)),
    "POST /connect/credentials": (
        201,
        _object(
            success=FLAG,
            credentialId=TEXT,
            credential=_ref("Credential"),
            verified={"type": ["boolean", "null"]},
            location={
                **TEXT,
                "description": "Behind a hosted link, instead of the credential: where the page goes on.",
            },
        ),
    ),
    "POST /connect/credentials/{credentialId}/reuse": (200, _object(success=FLAG, credentialId=TEXT, location=TEXT)),
    "PATCH /connect/credentials/{credentialId}": (200, _ref("Credential")),
    "DELETE /connect/credentials/{credentialId}": (200, DELETED),
    "POST /connect/complete": (201, _object(success=FLAG, credentialId=TEXT)),
    "GET /webhooks/endpoints": (200, _page(_ref("Endpoint"))),
    "POST /webhooks/endpoints": (201, {"allOf": [_ref("Endpoint"), _object(secret=SECRET)]}),
    "GET /webhooks/endpoints/{endpointId}": (200, _ref("Endpoint")),
    "PATCH /webhooks/endpoints/{endpointId}": (200, {"allOf": [_ref("Endpoint"), _object(missed=MISSED)]}),
    "DELETE /webhooks/endpoints/{endpointId}": (200, DONE),
    "POST /webhooks/endpoints/{endpointId}/test": (202, _object(deliveryId=TEXT)),
    "POST /webhooks/endpoints/{endpointId}/rotate-secret": (200, {"allOf": [_ref("Endpoint"), _object(secret=TEXT)]}),
    "POST /webhooks/endpoints/{endpointId}/replay": (202, _ref("ReplayProgress")),
    "GET /webhooks/replays": (200, _page(_ref("ReplayProgress"))),
    "GET /webhooks/replays/{replayId}": (200, _ref("ReplayProgress")),
    "GET /events": (200, _page(_ref("Event"))),
    "GET /events/{eventId}": (200, _ref("Event")),
    "GET /events/{eventId}/deliveries": (200, _page(_ref("Delivery"))),
    "POST /events/{eventId}/redeliver": (202, _object(deliveries=NUMBER)),
    "POST /api-keys": (
        201,
        _object(apiKeyId=TEXT, key=TEXT, name=TEXT, scopes=TEXTS, createdAt=TIME),
    ),
    "GET /api-keys": (200, _page(_object(apiKeyId=TEXT, name=TEXT, scopes=TEXTS, createdAt=TIME))),
    "DELETE /api-keys/{apiKeyId}": (200, DONE),
    "GET /health": (200, _object(status=TEXT)),
}
"""Success of each operation; what is not here answers 200 with an object."""

PAGES = frozenset(
    {
        *("GET /oauth/start/{authorizationId}", "POST /oauth/confirm", "GET /docs", "GET /docs/apps"),
        *("GET /connect", "GET /connect/opening", "GET /connect/{path}", "GET /sdk/{path}"),
    }
)
"""Answered with HTML."""
