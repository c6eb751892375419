"""/proxy/{credentialId}/{path+} and Alloy's POST /passthrough: call a provider; the secret is added on the way."""

import base64
import json
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, cast

from aws_lambda_powertools.event_handler import Response
from evergrant.domain.credential import Credential
from evergrant.domain.errors import BadRequestError, Detail, TooLargeError, ValidationFailedError
from evergrant.domain.ids import CredentialId
from evergrant.domain.strict_json import NotStrictJsonError, loads
from evergrant.ports.http import HttpAnswer
from evergrant.runtime import assembly, wiring
from evergrant.runtime.http import Answer, Http, Query, Strict, caller, ok
from evergrant.runtime.observability import logger
from evergrant.use_cases.credentials.fresh_token import Usable, Wanted, fresh_token
from evergrant.use_cases.credentials.proxy import MAX_BYTES, ProviderCall, call_provider, passed_back
from pydantic import Field, JsonValue

http = Http()
handler = http.handler

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+")
"""A token of RFC 9110, 5.6.2."""
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]
Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]


class Passthrough(Strict):
    """`body`, `query` and `extraHeaders` are JSON, or JSON written as a string."""

    method: Method
    path: Annotated[str, Field(min_length=1, max_length=4096)]
    body: JsonValue = None
    query: JsonValue = None
    extra_headers: JsonValue = None


class Which(Query):
    """`?credentialId=`"""

    credential_id: Annotated[str, Field(min_length=1, max_length=256)]


@http.route("/proxy/<credential_id>/.+", method=METHODS)
def proxy(credential_id: str, path: str = "") -> Answer:
    """Call the provider: its status, headers and body come back as they are."""
    event = http.raw
    parameters: Mapping[str, str] = event.get("pathParameters") or {}
    path = path or parameters.get("path") or str(event["path"]).split(credential_id, 1)[1]
    headers: Mapping[str, str] = event.get("headers") or {}
    query: Mapping[str, list[str]] = event.get("multiValueQueryStringParameters") or {}
    answered = _called(
        credential_id,
        ProviderCall(
            str(event["httpMethod"]),
            path,
            [(name, value) for name, values in query.items() for value in values],
            {name.lower(): value for name, value in headers.items()},
            _raw_body(event),
        ),
    )
    shown: dict[str, str | list[str]] = {**passed_back(answered), "x-evergrant-answer": "provider"}
    media_type = str(shown.pop("content-type", "application/octet-stream"))
    answer = Response(answered.status, media_type, base64.b64encode(answered.body).decode(), headers=shown)
    answer.base64_encoded = True
    return answer


@http.post("/passthrough")
def passthrough(query: Which, body: Passthrough) -> Answer:
    """Call the provider, in JSON both ways."""
    extra = _texts(_unwrapped(body.extra_headers, "extraHeaders"), "extraHeaders")
    headers = {name.lower(): value for name, value in extra.items()}
    if any(not _HEADER_NAME.fullmatch(name) or not value.isascii() for name, value in headers.items()):
        raise ValidationFailedError([Detail("extraHeaders", "This has a name or a value that no header can have.")])
    content = _unwrapped(body.body, "body")
    sent = None if content is None else json.dumps(content, ensure_ascii=False).encode()
    if sent is not None:
        headers.setdefault("content-type", "application/json")
    asked = _texts(_unwrapped(body.query, "query"), "query")
    answered = _called(query.credential_id, ProviderCall(body.method, body.path, list(asked.items()), headers, sent))
    return ok({"status": answered.status, "headers": passed_back(answered), "data": _data(answered)})


def _called(credential_id: str, call: ProviderCall) -> HttpAnswer:
    who = caller(http)
    who.require("proxy")

    def usable(force: bool) -> Usable:  # noqa: FBT001  # the use case's callable
        return fresh_token(
            who,
            CredentialId(credential_id),
            Wanted(force=force),
            apps=wiring.remembered_apps(),
            credentials=wiring.credentials(),
            sealer=wiring.sealer(),
            clock=wiring.clock(),
            renew=assembly.renew_on_read,
        )

    def verify(credential: Credential) -> Credential:
        return assembly.renewer().attempt(credential)[1]

    answered = call_provider(call, usable=usable, verify=verify, api=wiring.provider_api(), clock=wiring.clock())
    logger().info(
        "secret_used",
        extra={
            "audit": True,
            "workspace_id": who.workspace_id,
            "api_key_id": who.api_key_id,
            "credential_id": credential_id,
            "provider_status": answered.status,
        },
    )
    return answered


def _raw_body(event: Mapping[str, Any]) -> bytes | None:
    text = event.get("body")
    if not text:
        return None
    body = base64.b64decode(text) if event.get("isBase64Encoded") else str(text).encode("utf-8", "surrogateescape")
    if len(body) > MAX_BYTES:
        raise TooLargeError("Send at most 4.5 MB through the proxy.")
    return body


def _unwrapped(content: JsonValue, path: str) -> JsonValue:
    """JSON that came as a string. Raises: BadRequestError."""
    if not isinstance(content, str):
        return content
    try:
        return cast("JsonValue", loads(content.encode()))
    except NotStrictJsonError as error:
        raise BadRequestError(f"`{path}`: {error} Send strict JSON.", code="not_json") from None


def _texts(content: JsonValue, path: str) -> dict[str, str]:
    if content is None:
        return {}
    if not isinstance(content, dict) or not all(isinstance(each, str | int | float) for each in content.values()):
        raise ValidationFailedError([Detail(path, "This is an object of texts and numbers.")])
    found = {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in content.items()}
    if any(not character.isprintable() for name, value in found.items() for character in name + value):
        raise ValidationFailedError([Detail(path, "This has characters that cannot be sent.")])
    return found


def _data(answered: HttpAnswer) -> object:
    try:
        return loads(answered.body) if answered.body else None
    except NotStrictJsonError:
        return answered.body.decode("utf-8", "replace")
