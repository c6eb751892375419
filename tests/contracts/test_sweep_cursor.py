"""How far the sweep has come."""

from tests.fakes.storage import Storage


def test_before_the_first_sweep_it_stands_nowhere(storage: Storage) -> None:
    assert storage.cursor.read() is None


def test_it_stands_where_it_was_moved_last(storage: Storage) -> None:
    for minute in (29_000_000, 29_000_001):
        storage.cursor.move(minute)

    assert storage.cursor.read() == 29_000_001
