"""The brake: many deaths of one app at once are our fault or the provider's, and not the merchants'."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import accumulate

WINDOW = timedelta(minutes=10)
SPARED = 20
"""So many may always die in the window: a fifth of few says nothing."""
SHARE = 5
"""Beyond one in so many it is no coincidence."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of an app's renewals in one workspace in one minute."""

    asked: int = 0
    dead: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.asked + other.asked, self.dead + other.dead)

    def is_too_much(self) -> bool:
        """Whether so many deaths are to be doubted."""
        return self.dead > SPARED and self.dead * SHARE > self.asked


def brakes(minutes: Sequence[Tally]) -> bool:
    """Whether one more death, counted already, is held; `minutes` of the window, the newest first.

    In the whole window, or in any shorter time up to now: renewals that went well before the trouble began do not
    hide it. What stays dead is let through in the end, as many in each window as are always spared.
    """
    return any(sum_.is_too_much() for sum_ in accumulate(minutes))
