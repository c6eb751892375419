"""The functions, run in one process over moto: the handlers as Lambda calls them, with real tables and real sealing.

The tests and the benchmarks share it.
"""

import importlib.util
import json
import os
import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, contextmanager
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch

import boto3
from moto import mock_aws
from moto.backends import get_backend

from tests.functions.iam import denied
from tests.functions.limits import refuse_long_keys
from tests.functions.passing import Call, passing
from tests.tables import TABLES, create_tables

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "DEPLOYMENT": "evergrant-test",
    "PUBLIC_BASE_URL": "https://evergrant.example",
    "EVENT_BUS_ARNS": "arn:aws:events:eu-central-1:123456789012:event-bus/owners",
    "EVENT_QUEUE_ARNS": ",".join(
        f"arn:aws:sqs:eu-central-1:123456789012:{name}" for name in ("owners", "owners.fifo", "elsewhere")
    ),
    "POWERTOOLS_SERVICE_NAME": "test",
    "DUE_SHARDS": "0:1",
    **{f"{name.upper()}_TABLE": name for name in TABLES},
}


@dataclass
class LambdaContext:
    """What Lambda passes as the context."""

    function_name: str = "function"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:eu-central-1:123456789012:function:function"
    aws_request_id: str = "11111111-2222-3333-4444-555555555555"
    remaining: Callable[[], timedelta] = lambda: timedelta(seconds=29)

    def get_remaining_time_in_millis(self) -> int:
        return self.remaining() // timedelta(milliseconds=1)


@dataclass
class Answer:
    """An answer of a handler."""

    status: int
    body: Any
    headers: Mapping[str, str]


@dataclass
class Functions:
    """All functions of the deployment, called with API Gateway's events."""

    workspace_id: str = ""
    api_key_id: str = ""
    scopes: str = ""
    api_key: str = ""
    modules: dict[str, ModuleType] = field(default_factory=dict[str, ModuleType])
    running: list[list[str]] = field(default_factory=list[list[str]])
    """What each function that runs was refused, the innermost last."""

    def module(self, name: str) -> ModuleType:
        if name not in self.modules:
            spec = importlib.util.spec_from_file_location(f"functions_{name}", ROOT / "functions" / name / "app.py")
            assert spec and spec.loader
            module = importlib.util.module_from_spec(spec)
            sys.modules[spec.name] = module
            spec.loader.exec_module(module)
            self.modules[name] = module
        return self.modules[name]

    def invoke(self, name: str, event: object, context: LambdaContext | None = None) -> Any:
        """As Lambda would, with no more rights than the template gives."""
        handler = self.module(name).handler
        refused: list[str] = []

        def noted(client: Any, operation: str, parameters: dict[str, Any], call: Call) -> Any:
            # A test may let one function run in the middle of another: each is held to its own policy.
            refused.extend(denied(name, operation, parameters) if self.running[-1] is refused else [])
            refuse_long_keys(operation, parameters)
            return call(client, operation, parameters)

        self.running.append(refused)
        try:
            with passing(noted):
                answer = handler(event, context or LambdaContext())
        finally:
            self.running.pop()
        assert refused == []
        return answer

    def event(
        self,
        method: str,
        path: str,
        content: object = None,
        *,
        raw: str | None = None,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        authorizer: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """One request as the gateway would pass it on."""
        sent = {"content-type": "application/json", **(headers or {})}
        who = {"workspaceId": self.workspace_id, "apiKeyId": self.api_key_id, "scopes": self.scopes}
        return {
            "resource": path,
            "path": path,
            "httpMethod": method,
            "headers": sent,
            "multiValueHeaders": {key: [value] for key, value in sent.items()},
            "queryStringParameters": dict(query) if query else None,
            "multiValueQueryStringParameters": {key: [value] for key, value in query.items()} if query else None,
            "pathParameters": None,
            "requestContext": {
                "requestId": "request-1",
                "domainName": "api.example",
                "stage": "v1",
                "authorizer": dict(authorizer if authorizer is not None else who),
            },
            "body": raw if raw is not None else (None if content is None else json.dumps(content)),
            "isBase64Encoded": False,
        }

    def call(self, name: str, method: str, path: str, content: object = None, **more: Any) -> Answer:
        """`event`, and the function's answer to it."""
        answer = self.invoke(name, self.event(method, path, content, **more))
        flat = {key.lower(): values[0] for key, values in answer["multiValueHeaders"].items()}
        body = answer["body"]
        return Answer(answer["statusCode"], json.loads(body) if body and body[0] in "{[" else body, flat)


def forget_wiring() -> None:
    """A cold environment: nothing of what the functions keep in memory is left."""
    for name, module in list(sys.modules.items()):
        if name.startswith("evergrant."):
            for value in vars(module).values():
                if hasattr(value, "cache_clear"):
                    value.cache_clear()


QUEUES = ("RENEWALS", "DELIVERIES", "CLEANUPS", "RESCUE")


@contextmanager
def deployed(aws: Callable[[], AbstractContextManager[object]] = mock_aws) -> Generator[Functions]:
    """An empty deployment with one development workspace, over moto or another AWS."""
    with patch.dict(os.environ, ENVIRONMENT), aws():
        made = _made_again() if aws is mock_aws else _made()
        sqs = boto3.client("sqs")
        for queue in QUEUES:
            os.environ[f"{queue}_QUEUE_URL"] = sqs.create_queue(QueueName=queue.lower())["QueueUrl"]
        functions = replace(made, modules={}, running=[])
        forget_wiring()
        try:
            yield functions
        finally:
            forget_wiring()


def _made() -> Functions:
    create_tables(boto3.client("dynamodb"))
    os.environ["KMS_KEY_ARN"] = boto3.client("kms").create_key()["KeyMetadata"]["Arn"]
    forget_wiring()
    functions = Functions()
    made = functions.invoke("admin", {"action": "create_workspace", "name": "Shop", "environment": "development"})
    functions.workspace_id, functions.api_key_id, functions.api_key = (
        made["workspaceId"],
        made["apiKeyId"],
        made["apiKey"],
    )
    from evergrant.domain.caller import SCOPES

    functions.scopes = " ".join(SCOPES)
    return functions


@cache
def _first() -> tuple[Functions, str, list[dict[str, Any]]]:
    """The first deployment, its key, and moto's tables and keys as they were then."""
    functions = _made()
    states = [deepcopy(vars(each), {id(each): each}) for each in _backends()]
    return functions, os.environ["KMS_KEY_ARN"], states


def _made_again() -> Functions:
    """As the first one was: making it anew would be a fifth of a test's time."""
    functions, os.environ["KMS_KEY_ARN"], states = _first()
    for backend, state in zip(_backends(), states, strict=True):
        vars(backend).update(deepcopy(state, {id(backend): backend}))
    return functions


def _backends() -> list[object]:
    return [get_backend(name)["123456789012"]["eu-central-1"] for name in ("dynamodb", "kms")]
