"""The edge: API Gateway's event in, the contract's answer out.

A handler module makes one `Http()`, declares its routes on it and exports `handler = http.handler`. A route's `body`
and `query` parameters are pydantic models (`Strict`): they are parsed here, strictly. Powertools' own validation is
switched on only when the OpenAPI document is made (EVERGRANT_OPENAPI=1): importing it takes as long as all the rest.
"""

import functools
import inspect
import json
import os
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, get_args

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from evergrant.domain import errors
from evergrant.domain.caller import Actor, Caller, SessionCaller
from evergrant.domain.ids import ApiKeyId, UserId, WorkspaceId
from evergrant.runtime.invocation import invocation
from evergrant.runtime.observability import begin, logger, request_id_of
from evergrant.runtime.requests import ALIAS_PREFIX, check_version, read_body, read_query

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from evergrant.ports.system import Identities

JSON_TYPE = "application/json"

Answer = Response[Any]
"""What a route gives back."""

STATUS: tuple[tuple[type[errors.EvergrantError], int], ...] = (
    (errors.BadRequestError, 400),
    (errors.ValidationFailedError, 422),
    (errors.TooLargeError, 413),
    (errors.UnsupportedMediaTypeError, 415),
    (errors.ConflictError, 409),
    (errors.InvalidRequestError, 422),
    (errors.UnauthorizedError, 401),
    (errors.ForbiddenError, 403),
    (errors.NotFoundError, 404),
    (errors.TooManyRequestsError, 429),
    (errors.ConnectError, 400),
    (errors.CredentialExpiredError, 424),
    (errors.AppMisconfiguredError, 424),
    (errors.SealBrokenError, 500),
    (errors.ProviderTimeoutError, 504),
    (errors.ProviderError, 502),
    (errors.UnavailableError, 503),
    (errors.EvergrantError, 500),
)
"""The one table of statuses: the first class that fits."""


class Strict(BaseModel):
    """A request's model: camelCase on the wire, unknown fields refused, nothing coerced, input never echoed."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        alias_generator=to_camel,
        populate_by_name=False,
        hide_input_in_errors=True,
        frozen=True,
    )


class Query(BaseModel):
    """A query's model: unknown parameters are ignored."""

    model_config = ConfigDict(
        extra="ignore",
        alias_generator=to_camel,
        populate_by_name=False,
        hide_input_in_errors=True,
        frozen=True,
    )


class PageQuery(Query):
    """`?limit=1..100&cursor=`"""

    limit: int = Field(50, ge=1, le=100)
    cursor: str | None = None


class Http(APIGatewayRestResolver):
    """One function's routes."""

    def __init__(self) -> None:
        documenting = os.environ.get("EVERGRANT_OPENAPI") == "1"
        super().__init__(  # pyright: ignore[reportUnknownMemberType]  # typed loosely there
            strip_prefixes=[ALIAS_PREFIX], enable_validation=documenting
        )
        self._documenting = documenting
        self.claimed: Identities | None = None
        """Of the Idempotency-Key that is being served."""
        self.exception_handler(errors.EvergrantError)(self._refusal)
        self.exception_handler(Exception)(self._surprise)
        self.not_found(self._unknown_route)  # pyright: ignore[reportUnknownMemberType]  # typed loosely there

    @staticmethod
    def _compile_regex(rule: str, base_regex: str = "^{}/*$") -> re.Pattern[str]:
        """A variable takes all but a slash: Powertools' own pattern knows no quotes and no emoji."""
        return re.compile(base_regex.format(re.sub(r"<(\w+)>", r"(?P<\1>[^/]+)", rule)))

    def route(self, rule: Any, method: Any, *args: Any, **kwargs: Any) -> Any:
        """As Powertools'; a rule that ends with `/.+` takes the rest of the path, as `{path+}` of the template does."""
        if self._documenting:
            rule = rule.replace("/.+", "/<path>")
        register = super().route(rule, method, *args, **kwargs)

        def decorate(function: Callable[..., Answer]) -> Callable[..., Answer]:
            register(_documented(function) if self._documenting else self._parsed(function))
            return function

        return decorate

    def handler(self, event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
        """The Lambda handler."""
        begin(event)
        with invocation(context):
            answer = self.resolve(event, context)
        headers = answer.setdefault("multiValueHeaders", {})
        headers["x-request-id"] = [request_id_of(event)]
        headers.setdefault("x-content-type-options", ["nosniff"])
        logger().info(
            "request_answered",
            extra={
                "route": event.get("resource"),
                "method": event.get("httpMethod"),
                "status": answer.get("statusCode"),
            },
        )
        return answer

    @property
    def raw(self) -> dict[str, Any]:
        """The event as it came."""
        return self.current_event.raw_event

    @property
    def identities(self) -> "Identities":
        """For what a route makes: its Idempotency-Key's, or new ones."""
        from evergrant.runtime import wiring

        return self.claimed or wiring.identities()

    @property
    def is_alias(self) -> bool:
        """Whether it was called under `/headless` or a version, as Alloy's clients do."""
        match = ALIAS_PREFIX.match(str(self.raw.get("path") or ""))
        return bool(match and match.group(0))

    @property
    def base_url(self) -> str:
        """Where this deployment is reached: configured, or API Gateway's own name; never a header."""
        from evergrant.runtime.settings import settings

        context = self.raw["requestContext"]
        return settings().public_base_url or f"https://{context['domainName']}/{context['stage']}"

    @property
    def own_urls(self) -> list[str]:
        """Every name under which this deployment is reached."""
        context = self.raw["requestContext"]
        api_id, region = context.get("apiId"), os.environ.get("AWS_REGION")
        gateways = f"{api_id}.execute-api.{region}.amazonaws.com" if api_id and region else None
        names = (context.get("domainName"), gateways)
        return [self.base_url, *(f"https://{name}" for name in names if name)]

    def _parsed(self, function: Callable[..., Answer]) -> Callable[..., Answer]:
        hints = inspect.get_annotations(function, eval_str=True)
        body, query = hints.get("body"), hints.get("query")
        # `body: Model | None`: a request without a body is one with all defaults.
        required = body is None or not get_args(body)
        body = body if required else get_args(body)[0]

        @functools.wraps(function)
        def call(**path: str) -> Answer:
            check_version(self.raw)
            arguments: dict[str, Any] = dict(path)
            if body is not None:
                arguments["body"] = read_body(self.raw, body) if self.raw.get("body") or required else body()
            if query is not None:
                arguments["query"] = read_query(self.raw, query)
            if getattr(function, _LIMITED, False):
                from evergrant.runtime import wiring

                wiring.rates().take(WorkspaceId(_claim(_authorizer(self), "workspaceId")), at=wiring.clock().now())
            if not getattr(function, _IDEMPOTENT, False):
                return function(**arguments)
            from evergrant.runtime.idempotency import once

            return once(self, lambda: function(**arguments))

        del call.__wrapped__  # Powertools looks at the signature: this one takes the path's parameters alone.
        return call

    def _refusal(self, error: errors.EvergrantError) -> Answer:
        headers: dict[str, str | list[str]] = {}
        retry_after = getattr(error, "retry_after", None)
        if retry_after is not None:
            headers["retry-after"] = str(retry_after)
        content: dict[str, Any] = {
            "message": error.message,
            "code": error.code,
            "requestId": request_id_of(self.raw),
            "details": [{"path": detail.path, "message": detail.message} for detail in error.details],
        }
        if isinstance(error, errors.ProviderError):
            content["provider"] = {"status": error.provider_status}
        status = next(status for kind, status in STATUS if isinstance(error, kind))
        if status >= 500:
            logger().error("request_failed", extra={"code": error.code, "error": type(error).__name__})
        return answer(status, content, headers)

    def _surprise(self, error: Exception) -> Answer:
        # The type and the place, never the message: it may quote what a provider or a caller sent.
        frames = (
            [f"{f.filename.rsplit('/', 2)[-1]}:{f.lineno}" for f in inspect.getinnerframes(error.__traceback__)]
            if (error.__traceback__)
            else []
        )
        logger().error("unexpected_error", extra={"error": type(error).__name__, "frames": frames[-6:]})
        return self._refusal(
            errors.EvergrantError("Something unexpected happened. Quote the requestId to the operator.")
        )

    def _unknown_route(self, _: Exception) -> Answer:
        return self._refusal(errors.NotFoundError("There is no such route. See /docs."))


_IDEMPOTENT = "__idempotent__"
_LIMITED = "__limited__"


def idempotent(function: Callable[..., Answer]) -> Callable[..., Answer]:
    """Mark a route that honours `Idempotency-Key`: every POST that creates."""
    setattr(function, _IDEMPOTENT, True)
    return function


def limited(function: Callable[..., Answer]) -> Callable[..., Answer]:
    """Mark a route that makes something, of which each workspace may make so many a second (`RequestsPerSecond`)."""
    setattr(function, _LIMITED, True)
    return function


def _documented(function: Callable[..., Answer]) -> Callable[..., Answer]:
    query = inspect.get_annotations(function, eval_str=True).get("query")
    if query is not None:
        from aws_lambda_powertools.event_handler.openapi.params import Query as QueryParameter

        function.__annotations__["query"] = Annotated[query, QueryParameter()]
    return function


def answer(status: int, content: object, headers: Mapping[str, str | list[str]] | None = None) -> Answer:
    """A JSON answer."""
    return Response(status, JSON_TYPE, json.dumps(content, ensure_ascii=False), headers=dict(headers or {}))


def ok(content: object) -> Answer:
    """200"""
    return answer(200, content)


def created(http: Http, content: object) -> Answer:
    """201; 200 where Alloy's clients call."""
    return answer(200 if http.is_alias else 201, content)


def secret(status: int, content: object) -> Answer:
    """An answer that holds a secret: no cache may keep it."""
    return answer(status, content, {"cache-control": "no-store"})


def caller(http: Http) -> Caller:
    """The API key behind this request. Raises: UnauthorizedError when the authorizer said nothing."""
    context = _authorizer(http)
    return Caller(
        workspace_id=WorkspaceId(_claim(context, "workspaceId")),
        api_key_id=ApiKeyId(_claim(context, "apiKeyId")),
        scopes=frozenset(_claim(context, "scopes").split()),
    )


def live_caller(http: Http) -> Caller:
    """For what releases a secret or destroys: the key is read again. Raises: UnauthorizedError when it was revoked."""
    from evergrant.runtime import wiring
    from evergrant.use_cases.workspaces.api_keys import require_live

    who = caller(http)
    require_live(who, wiring.directory().api_key(who.api_key_id), at=wiring.clock().now())
    return who


def whoever(http: Http) -> Actor:
    """The API key or the connect session behind this request. Raises: UnauthorizedError."""
    return session_caller(http) if "sessionId" in _authorizer(http) else caller(http)


def session_caller(http: Http) -> SessionCaller:
    """The connect session behind this request. Raises: UnauthorizedError."""
    context = _authorizer(http)
    return SessionCaller(
        workspace_id=WorkspaceId(_claim(context, "workspaceId")),
        user_id=UserId(_claim(context, "userId")),
        session_id=_claim(context, "sessionId"),
        apps=tuple(str(context.get("apps") or "").split()),
        credential_id=str(context.get("credentialId") or "") or None,
        hosted=context.get("hosted") == "true",
    )


def _authorizer(http: Http) -> Mapping[str, Any]:
    context: Mapping[str, Any] = http.raw.get("requestContext") or {}
    return context.get("authorizer") or {}


def _claim(context: Mapping[str, Any], name: str) -> str:
    value = context.get(name)
    if not isinstance(value, str) or not value:
        raise errors.UnauthorizedError("Send an API key as `Authorization: Bearer <key>`.")
    return value
