"""A new version of every branch key, which seals from now on; `rewrap` then moves what older ones wrapped."""

from collections.abc import Callable
from dataclasses import dataclass, field

from evergrant.domain.errors import UnavailableError
from evergrant.ports.sealing import BranchKeys


@dataclass(slots=True)
class Rotated:
    """What one run did."""

    versions: dict[str, int] = field(default_factory=dict[str, int])
    """The new version of each branch."""
    left: list[str] = field(default_factory=list[str])
    """Branches whose KMS key gives nothing: they are as they were."""
    after: str | None = None
    """Where the next run goes on; None when all were looked at."""


def rotate(after: str | None, *, keys: BranchKeys, has_time: Callable[[], bool]) -> Rotated:
    """A branch whose KMS key was switched off by its owner keeps none of the others from its new version."""
    done = Rotated()
    for branch_id in keys.branches():
        if after is not None and branch_id <= after:
            continue
        try:
            done.versions[branch_id] = keys.make_next(branch_id)
        except UnavailableError:
            done.left.append(branch_id)
        if not has_time():
            done.after = branch_id
            break
    return done
