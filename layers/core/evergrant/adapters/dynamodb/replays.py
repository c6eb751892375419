"""Replays in the Events table. pk `ws#<workspace>#replays`, sk the id; a running one stands in the due index."""

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from evergrant.adapters.dynamodb.client import ConditionFailedError, newest_of, translated
from evergrant.adapters.dynamodb.items import at_ms, epoch_ms, epoch_s, from_item, key, page, to_item, to_values
from evergrant.domain import due
from evergrant.domain.ids import WorkspaceId, is_identifier
from evergrant.domain.replays import Replay, Window
from evergrant.ports.pages import Page

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoDBReplays:
    """`Replays` on DynamoDB."""

    def __init__(
        self, client: "DynamoDBClient", *, table: str, retention: timedelta, shards: due.Shards = due.FOUR
    ) -> None:
        self._client, self._table, self._retention, self._shards = client, table, retention, shards

    def open(self, replay: Replay) -> Replay:
        if self._put(replay, ConditionExpression="attribute_not_exists(pk)"):
            return replay
        return self.replay(replay.workspace_id, replay.replay_id) or replay

    def replay(self, workspace_id: WorkspaceId, replay_id: str) -> Replay | None:
        if not is_identifier(replay_id, "rpl"):
            return None
        place = _key(workspace_id, replay_id)
        with translated():
            item = self._client.get_item(TableName=self._table, Key=place, ConsistentRead=True).get("Item")
        return _replay_of(item) if item else None

    def replays(self, workspace_id: WorkspaceId, *, limit: int, after: str | None) -> Page[Replay]:
        found = newest_of(
            self._client,
            table=self._table,
            key=_pk(workspace_id),
            floor="rpl_",
            ceiling="rpl_~",
            limit=limit,
            after=after,
        )
        return page(found, limit=limit, of=_replay_of)

    def change(self, new: Replay, *, read: Replay) -> bool:
        return self._put(
            new,
            ConditionExpression="step = :read AND #state = :running",
            ExpressionAttributeNames={"#state": "state"},
            ExpressionAttributeValues=to_values({":read": read.step, ":running": "running"}),
        )

    def _put(self, replay: Replay, **condition: Any) -> bool:
        try:
            with translated():
                self._client.put_item(TableName=self._table, Item=self._item(replay), **condition)
        except ConditionFailedError:
            return False
        return True

    def _item(self, replay: Replay) -> dict[str, Any]:
        path = f"{replay.workspace_id}/{replay.replay_id}"
        place = due.slot(path, at=replay.look_at, shards=self._shards) if replay.is_running else None
        return _key(replay.workspace_id, replay.replay_id) | to_item(
            {
                "kind": "replay",
                "workspace_id": replay.workspace_id,
                "endpoint_id": replay.endpoint_id,
                "since": epoch_ms(replay.window.since),
                "until": epoch_ms(replay.window.until),
                "types": list(replay.window.types),
                "only_failed": replay.window.only_failed,
                "created_at": epoch_ms(replay.created_at),
                "look_at": epoch_ms(replay.look_at),
                "total": replay.total,
                "scanned": replay.scanned,
                "replayed": replay.replayed,
                "state": replay.state,
                "reason": replay.reason,
                "after": replay.after,
                "step": replay.step,
                "due_partition": place and place.partition,
                "due_sort": place and place.sort,
                "ttl": epoch_s(replay.created_at + self._retention),
            }
        )


def _pk(workspace_id: str) -> str:
    return f"ws#{workspace_id}#replays"


def _key(workspace_id: str, replay_id: str) -> dict[str, Any]:
    return key(_pk(workspace_id), replay_id)


def _replay_of(item: Mapping[str, Any]) -> Replay:
    row = from_item(item)
    return Replay(
        workspace_id=WorkspaceId(row["workspace_id"]),
        replay_id=row["sk"],
        endpoint_id=row["endpoint_id"],
        window=Window(at_ms(row["since"]), at_ms(row["until"]), tuple(row["types"]), row["only_failed"]),
        created_at=at_ms(row["created_at"]),
        look_at=at_ms(row["look_at"]),
        total=row.get("total"),
        scanned=row["scanned"],
        replayed=row["replayed"],
        state=row["state"],
        reason=row.get("reason"),
        after=row.get("after"),
        step=row["step"],
    )
