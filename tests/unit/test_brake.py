"""The brake's rule: more than a fifth, and more than twenty, within ten minutes or any shorter time up to now."""

import pytest
from evergrant.domain.renewal.brake import Tally, brakes


@pytest.mark.parametrize(
    ("minutes", "holds"),
    [
        ([Tally(20, 20)], False),
        ([Tally(21, 21)], True),
        ([Tally(105, 21)], False),
        ([Tally(104, 21)], True),
        ([Tally(40, 11), Tally(40, 10)], True),
        ([Tally(30, 21), Tally(5000, 0)], True),
        ([Tally(5000, 0), Tally(30, 21)], False),
        ([], False),
    ],
)
def test_many_deaths_at_a_time_are_not_believed(minutes: list[Tally], holds: bool) -> None:  # noqa: FBT001  # a row of the table
    assert brakes(minutes) is holds


def test_of_five_hundred_that_are_refused_for_ten_minutes_twenty_are_believed() -> None:
    tallies = [Tally() for _ in range(10)]
    believed = 0
    for minute in range(10):
        for _ in range(480 if minute else 500):
            tallies[minute] += Tally(1, 1)
            believed += not brakes(tallies[minute::-1])

    assert believed == 20
