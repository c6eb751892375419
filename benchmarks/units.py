"""What DynamoDB would bill for each call, by its own rules, of the items as they are: moto counts calls, not sizes.

A write unit is a KiB of the larger of the item before and after, doubled in a transaction; and one for each entry that
it adds to or takes from the index, whose entries hold keys alone. A read unit is 4 KiB, half of one where an old answer
will do. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
"""

import json
from collections import Counter
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import ceil
from typing import Any

from tests.functions.passing import Call, passing

INDEX = ("due_partition", "due_sort")
WRITES = {"PutItem", "UpdateItem", "DeleteItem"}
KIB, OF_A_READ = 1024, 4096


@dataclass
class Units:
    """Of all calls, as they are made."""

    calls: Counter[str] = field(default_factory=Counter[str])
    """As `dynamodb.GetItem`."""
    writes: float = 0
    reads: float = 0

    def add(self, client: Any, name: str, parameters: dict[str, Any], call: Call) -> Any:
        """The call is made."""
        self.calls[f"{client.meta.service_model.service_name}.{name}"] += 1
        if name == "TransactWriteItems":
            return self._transaction(client, parameters, call)
        if name in WRITES:
            return self._write(client, name, parameters, call)
        answer = call(client, name, parameters)
        if name in {"GetItem", "Query"}:
            items = [answer["Item"]] if "Item" in answer else answer.get("Items", [])
            whole = max(1, ceil(sum(map(size, items)) / OF_A_READ))
            self.reads += whole if parameters.get("ConsistentRead") else whole / 2
        return answer

    def _write(self, client: Any, name: str, parameters: dict[str, Any], call: Call) -> Any:
        before = _item(client, parameters, call)
        answer = call(client, name, parameters)
        self.writes += written(before, _item(client, parameters, call), times=1)
        return answer

    def _transaction(self, client: Any, parameters: dict[str, Any], call: Call) -> Any:
        writes = [next(iter(each.values())) for each in parameters["TransactItems"]]
        before = [_item(client, each, call) for each in writes]
        answer = call(client, "TransactWriteItems", parameters)
        after = [_item(client, each, call) for each in writes]
        self.writes += sum(written(*each, times=2) for each in zip(before, after, strict=True))
        return answer


def size(item: Mapping[str, Any]) -> int:
    """About, in bytes: names and values, as JSON without what only JSON needs."""
    return sum(len(name) + _value(value) for name, value in item.items())


def _value(value: Mapping[str, Any]) -> int:
    ((kind, content),) = value.items()
    if kind == "L":
        return 3 + sum(1 + _value(each) for each in content)
    if kind == "M":
        return 3 + len(content) + size(content)
    return len(content) if isinstance(content, str | bytes) else len(json.dumps(content))


def written(before: Mapping[str, Any], after: Mapping[str, Any], *, times: int) -> int:
    """Write units of an item that was and became so; `{}` for none. `times`: 2 in a transaction."""
    places = [tuple(each[name]["S"] for name in INDEX) if INDEX[0] in each else None for each in (before, after)]
    entries = sum(each is not None for each in places) if places[0] != places[1] else 0
    return times * max(1, ceil(max(size(before), size(after)) / KIB)) + entries


def _item(client: Any, parameters: Mapping[str, Any], call: Call) -> dict[str, Any]:
    place = parameters.get("Key") or {name: parameters["Item"][name] for name in ("pk", "sk")}
    asked = {"TableName": parameters["TableName"], "Key": place, "ConsistentRead": True}
    return call(client, "GetItem", asked).get("Item", {})


@contextmanager
def counting() -> Generator[Units]:
    """All calls inside."""
    units = Units()
    with passing(units.add):
        yield units
