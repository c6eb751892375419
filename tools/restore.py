"""`evergrant restore`: rows of a restored table come back, and what the backup does not know of is done again."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from tools.stack import RefusedError, Stack

AT_A_TIME = 16


def restore(stack: Stack, *, source: str, since: str, overwrite: bool) -> None:
    """Credentials that are there stay, unless `overwrite`. Safe to run twice. Raises: RefusedError."""
    _require_paused(stack)
    copy = partial(_copied, stack.clients.client("dynamodb"), stack.table("CredentialsTable"), overwrite=overwrite)
    looked_at, copied = 0, 0
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        for rows in _pages(stack, source):
            copied += sum(pool.map(copy, rows))
            looked_at += len(rows)
            print(f"looked at {looked_at:,} rows, brought back {copied:,}", file=sys.stderr)
    after, deleted = None, 0
    while True:
        done = stack.ask({"action": "start_again", "since": since, "after": after})
        deleted, after = deleted + done["deleted"], done["after"]
        print(f"deletions since then, on their way again: {deleted:,}", file=sys.stderr)
        if after is None:
            break
    print(f"brought back {copied:,} rows. Now deploy with PauseRenewals=false, and leave RestoredAt as it is.")


def _require_paused(stack: Stack) -> None:
    said = stack.parameters()
    if said.get("PauseRenewals") != "true" or not said.get("RestoredAt"):
        raise RefusedError(
            "renewals must be paused, and the functions must know of the restore: deploy first with\n"
            "  sam deploy --parameter-overrides PauseRenewals=true RestoredAt=$(date -u +%Y-%m-%dT%H:%M:%SZ)"
        )


def _pages(stack: Stack, source: str) -> Iterator[list[dict[str, Any]]]:
    pages = stack.clients.client("dynamodb").get_paginator("scan").paginate(TableName=source, ConsistentRead=True)
    try:
        for page in pages:
            yield page["Items"]
    except Exception as error:
        raise RefusedError(f"the table {source} could not be read ({error}). Is it restored, and ACTIVE?") from error


def _copied(client: Any, table: str, row: dict[str, Any], *, overwrite: bool) -> bool:
    condition = {} if overwrite else {"ConditionExpression": "attribute_not_exists(pk)"}
    try:
        client.put_item(TableName=table, Item=row, **condition)
    except client.exceptions.ConditionalCheckFailedException:
        return False
    return True
