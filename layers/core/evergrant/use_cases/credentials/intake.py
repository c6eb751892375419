"""What taking a secret needs, whoever sends it: an owner's server, a merchant's form, or a form that was held."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from evergrant.domain.renewal import CHECK_EVERY
from evergrant.ports.credentials import CredentialStore
from evergrant.ports.providers import Minting
from evergrant.ports.sealing import Sealer
from evergrant.ports.system import Clock, Entropy
from evergrant.ports.workspaces import Apps, Directory


@dataclass(frozen=True, slots=True)
class Intake:
    """The same for all requests."""

    apps: Apps
    directory: Directory
    credentials: CredentialStore
    sealer: Sealer
    minting: Callable[[], Minting]
    """Made where a value is exchanged for a token, and only there."""
    clock: Clock
    entropy: Entropy
    check_every: timedelta = CHECK_EVERY
