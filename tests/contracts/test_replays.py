"""Replays, and how far each is."""

from dataclasses import replace

import pytest
from evergrant.domain.due import partitions, slot
from evergrant.domain.replays import Replay, Window

from tests.builders import DAY, MINUTE, NOON, OTHER_WORKSPACE, WORKSPACE, a_replay, an_event, an_id
from tests.fakes.storage import Storage

FULL = a_replay(
    window=Window(NOON - DAY, NOON, ("credential.expired",), only_failed=True),
    total=700,
    scanned=300,
    replayed=12,
    state="failed",
    reason="endpoint_disabled",
    after=an_id("evt", 5),
    step=3,
)
PATH = f"{WORKSPACE}/{a_replay().replay_id}"


def due(storage: Storage, replay: Replay) -> list[str]:
    """What the sweep finds when it is to look at the replay."""
    minute = int(slot(PATH, at=replay.look_at).partition.partition("#")[0])
    found = [storage.webhooks.due(each, until=replay.look_at) for each in partitions(minute)]
    return [path for each in found for path, _ in each]


@pytest.mark.parametrize("new", [a_replay(), FULL], ids=["plain", "full"])
def test_a_replay_is_read_as_it_was_opened_in_its_own_workspace(storage: Storage, new: Replay) -> None:
    opened = storage.replays.open(new)

    assert opened == new
    assert storage.replays.replay(WORKSPACE, new.replay_id) == new
    assert storage.replays.replay(OTHER_WORKSPACE, new.replay_id) is None


@pytest.mark.parametrize("name", ["", "rpl_1", an_id("rpl", 9), an_id("evt"), "x" * 3000])
def test_a_replay_that_is_not_there_is_none(storage: Storage, name: str) -> None:
    storage.replays.open(a_replay())

    assert storage.replays.replay(WORKSPACE, name) is None


def test_a_replay_is_opened_once(storage: Storage) -> None:
    moved = a_replay().moved(scanned=100, replayed=7, after=an_id("evt"), at=NOON)
    storage.replays.open(a_replay())
    storage.replays.change(moved, read=a_replay())

    assert storage.replays.open(a_replay()) == moved


def test_of_two_workers_at_the_same_part_one_is_believed(storage: Storage) -> None:
    storage.replays.open(a_replay())
    first, second = (a_replay().moved(scanned=100, replayed=n, after=an_id("evt"), at=NOON) for n in (1, 2))

    believed = [storage.replays.change(each, read=a_replay()) for each in (first, second)]

    assert believed == [True, False]
    assert storage.replays.replay(WORKSPACE, first.replay_id) == first


def test_what_has_ended_does_not_change(storage: Storage) -> None:
    ended = replace(a_replay(), state="failed", reason="endpoint_deleted")
    storage.replays.open(ended)

    assert not storage.replays.change(a_replay(scanned=1), read=ended)


def test_replays_are_listed_newest_first_in_their_own_workspace(storage: Storage) -> None:
    ids = [an_id("rpl", number) for number in range(1, 6)]
    for each in ids:
        storage.replays.open(a_replay(replay_id=each))
    storage.replays.open(a_replay(workspace_id=OTHER_WORKSPACE, replay_id=an_id("rpl", 9)))

    first = storage.replays.replays(WORKSPACE, limit=3, after=None)
    rest = storage.replays.replays(WORKSPACE, limit=3, after=first.next)

    assert [each.replay_id for page in (first, rest) for each in page.items] == ids[::-1]
    assert rest.next is None


def test_a_replay_waits_in_the_index_while_it_runs(storage: Storage) -> None:
    storage.replays.open(a_replay())
    fresh = due(storage, a_replay())
    going = a_replay().moved(scanned=100, replayed=7, after=an_id("evt"), at=NOON + MINUTE)
    storage.replays.change(going, read=a_replay())
    moved = (due(storage, a_replay()), due(storage, going))
    done = going.moved(scanned=100, replayed=7, after=None, at=NOON + MINUTE)
    storage.replays.change(done, read=going)

    assert fresh == [PATH]
    assert moved == ([], [PATH])
    assert (due(storage, done), done.state) == ([], "done")


def test_events_are_counted_up_to_a_number(storage: Storage) -> None:
    for at in (NOON, NOON + MINUTE, NOON + 2 * MINUTE):
        storage.webhooks.put_event(an_event(event_id=an_id("evt", at=at), at=at))
    storage.webhooks.put_event(an_event(workspace_id=OTHER_WORKSPACE))

    counts = [
        storage.webhooks.count_events(WORKSPACE, since=NOON, until=NOON + minutes * MINUTE, most=most)
        for minutes, most in [(0, 9), (2, 9), (3, 3), (3, 2)]
    ]

    assert counts == [0, 2, 3, None]
