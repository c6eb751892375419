"""Storage that takes no new secret for a minute, and a KMS key that is off for five: in the middle of renewals.

`python -m benchmarks.renewal.outages [--credentials N] [--json]`: at a provider that ends the grant on reuse, with
workers that are processes of their own. The emulator disables the key; DynamoDB's refusals are made in the workers.
"""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from os import environ

import boto3

from benchmarks.renewal.kills import NEAR_THE_END
from benchmarks.renewal.readers import lost
from benchmarks.renewal.workers import Crew, Read, Task, crewed
from benchmarks.report import Promise, Report, arguments, finish
from tests.builders import MINUTE, SECOND
from tests.functions.grants import Herd, told

WRONG = ("credential.expired", "credential.degraded")
"""Events that nobody is to hear."""


@dataclass(frozen=True, slots=True)
class Outlived:
    """What became of the grants."""

    credentials: int
    calls: int
    """Of the provider, once each has been renewed."""
    codes: frozenset[str]
    """What readers without a secret were told meanwhile."""
    statuses_changed: int
    """Rows that were said to be anything else than `active`, meanwhile or after."""
    working_after: int
    """Readers that had a token that works, within a minute after."""
    renewed: int
    lost: int


def storage_refuses(credentials: int) -> Outlived:
    """For a minute every write of a new secret; what the rescue queue has is worked off after."""
    with crewed(credentials) as crew_:
        herd_ = crew_.herd
        herd_.time.skip(NEAR_THE_END)
        due = {row.credential_id: row.due_at for row in herd_.rows()}
        crew_.work([Task(herd_.time.now(), renews={each: at}, refused=True) for each, at in due.items()])
        meanwhile = _readers(crew_, refused=True)
        herd_.time.skip(30 * SECOND)
        meanwhile += _readers(crew_, refused=True)
        herd_.time.skip(30 * SECOND)
        statuses = herd_.statuses()
        _rescue(herd_)
        return _outlived(herd_, meanwhile, _readers(crew_), credentials - statuses.get("active", 0))


def key_is_off(credentials: int) -> Outlived:
    """For five minutes, in which everything comes due, every environment is cold, and the sweeps go on."""
    with crewed(credentials) as crew_:
        herd_ = crew_.herd
        herd_.time.skip(NEAR_THE_END - 5 * MINUTE)
        meanwhile: list[Read] = []
        wrong = 0
        with _disabled():
            for _ in range(5):
                due = {row.credential_id: row.due_at for row in herd_.rows()}
                crew_.cool()
                crew_.work([Task(herd_.time.now(), renews={each: at}) for each, at in due.items()])
                meanwhile += _readers(crew_)
                wrong += credentials - herd_.statuses().get("active", 0)
                herd_.time.skip(MINUTE)
        herd_.time.skip(30 * SECOND)
        return _outlived(herd_, meanwhile, _readers(crew_), wrong)


def _outlived(herd_: Herd, meanwhile: list[Read], after: list[Read], wrong: int) -> Outlived:
    rows = herd_.rows()
    return Outlived(
        credentials=len(rows),
        calls=len(herd_.provider.calls),
        codes=frozenset(each.code for each in meanwhile if each.code),
        statuses_changed=wrong
        + sum(row.status != "active" for row in rows)
        + sum(told().get(each, 0) for each in WRONG),
        working_after=sum(each.works for each in after),
        renewed=sum(row.generation == 2 for row in rows),  # the second
        lost=lost(herd_),
    )


def _readers(crew_: Crew, *, refused: bool = False) -> list[Read]:
    """One of each."""
    at = crew_.herd.time.now()
    answers = crew_.work([Task(at, reads=[each], refused=refused) for each in crew_.herd.ids])
    return [each for found in answers for each in found or ()]


def _rescue(herd_: Herd) -> None:
    """The rescue queue's messages, as they come."""
    queue, url = boto3.client("sqs"), environ["RESCUE_QUEUE_URL"]
    while messages := queue.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        records = [{"messageId": each["MessageId"], "body": each["Body"]} for each in messages]
        assert herd_.functions.invoke("rescue", {"Records": records}) == {"batchItemFailures": []}
        for each in messages:
            queue.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])


@contextmanager
def _disabled() -> Generator[None]:
    kms, key = boto3.client("kms"), environ["KMS_KEY_ARN"]
    kms.disable_key(KeyId=key)
    try:
        yield
    finally:
        kms.enable_key(KeyId=key)


def main() -> int:
    """The exit code."""
    asked = arguments(__doc__, credentials=30)
    refused, off = storage_refuses(asked.credentials), key_is_off(asked.credentials)
    report = Report(
        "Outages in the middle of renewals",
        (
            "away",
            "credentials",
            "provider's calls",
            "wrong statuses",
            "tokens that work after",
            "renewed",
            "grants lost",
        ),
        [
            [name, each.credentials, each.calls, each.statuses_changed, each.working_after, each.renewed, each.lost]
            for name, each in (("DynamoDB's writes, a minute", refused), ("the KMS key, five", off))
        ],
        [
            Promise("No grant is lost, none is said to be.", not (refused.lost + off.lost)),
            Promise("No status is wrong.", not (refused.statuses_changed + off.statuses_changed)),
            Promise("The provider is asked once for each.", refused.calls == off.calls == asked.credentials),
            Promise("All work within a minute.", refused.working_after == off.working_after == asked.credentials),
            Promise("Without a key readers are told so.", off.codes == frozenset({"key_unavailable"})),
        ],
    )
    return finish(report, as_json=asked.json)


if __name__ == "__main__":
    sys.exit(main())
