"""What IAM would say: each call of a function is held against its own policy in the template; all else is denied."""

import os
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from local.packaging import load_template

PURPOSE = "kms:EncryptionContext:purpose"
TRANSACTION = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}


def denied(function: str, operation: str, parameters: dict[str, Any]) -> list[str]:
    """What of a call the template does not allow."""
    asked = _asked(operation, parameters)
    return [f"{function} may not {action} {name}" for action, name in asked if (action, name) not in _allowed(function)]


def _asked(operation: str, parameters: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if operation in {"GenerateDataKey", "Decrypt"}:
        key = "BranchKeysKey" if parameters["KeyId"] == os.environ["KMS_KEY_ARN"] else "CustomerKeyArns"
        yield f"kms:{operation}", f"{key} for {parameters['EncryptionContext']['purpose']}"
    elif operation == "AssumeRole":
        yield "sts:AssumeRole", "MerchantsRole"
    elif operation in {"SendMessage", "SendMessageBatch"}:
        name = f"{parameters['QueueUrl'].rsplit('/', 1)[-1].capitalize()}Queue"
        yield "sqs:SendMessage", name if name in _resources() else "EventQueueArns"
    elif operation == "PutEvents":
        yield "events:PutEvents", "EventBusArns"
    elif operation == "TransactWriteItems":
        for write in parameters["TransactItems"]:
            ((kind, item),) = write.items()
            yield f"dynamodb:{TRANSACTION[kind]}", _table(item["TableName"])
    elif operation == "BatchGetItem":
        for table in parameters["RequestItems"]:
            yield "dynamodb:BatchGetItem", _table(table)
    else:
        yield f"dynamodb:{operation}", _table(parameters["TableName"])


def _table(name: str) -> str:
    return f"{name.capitalize()}Table"


@cache
def _resources() -> dict[str, Any]:
    return load_template()["Resources"]


@cache
def _allowed(function: str) -> frozenset[tuple[str, str]]:
    resource = "".join(part.capitalize() for part in function.split("_")) + "Function"
    properties: dict[str, Any] = _resources()[resource]["Properties"]
    found: set[tuple[str, str]] = set()
    for policy in properties.get("Policies", []):
        for given in policy["Statement"]:
            statement = given["Fn::If"][1] if "Fn::If" in given else given
            actions = [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]
            names = re.findall(r"\w+(?:Table|Queue|Key|Arns)\b", str(statement["Resource"]))
            names += ["MerchantsRole"] if ":role/evergrant-*" in str(statement["Resource"]) else []
            purposes = statement.get("Condition", {}).get("StringEquals", {}).get(PURPOSE)
            if purposes:
                asked = [purposes] if isinstance(purposes, str) else purposes
                names = [f"{name} for {purpose}" for name in names for purpose in asked]
            found |= {(action, name) for action in actions for name in names}
    return frozenset(found)
