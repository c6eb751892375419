"""What a Lambda authorizer answers to API Gateway."""

from collections.abc import Mapping
from typing import Any


def authorization_header(event: Mapping[str, Any]) -> str | None:
    """The header's one value; None when it was sent twice."""
    several: Mapping[str, list[str]] = event.get("multiValueHeaders") or {}
    for name, values in several.items():
        if name.lower() == "authorization":
            return values[0] if len(values) == 1 else None
    single: Mapping[str, str] = event.get("headers") or {}
    for name, value in single.items():
        if name.lower() == "authorization":
            return value
    return None


def allow_stage(event: Mapping[str, Any], *, principal: str, context: Mapping[str, str]) -> dict[str, Any]:
    """Allow the whole stage: a cached policy applies to every route of the same key."""
    arn, _, rest = str(event["methodArn"]).partition("/")
    stage = rest.split("/", 1)[0]
    return {
        "principalId": principal,
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": f"{arn}/{stage}/*"}],
        },
        "context": dict(context),
    }
