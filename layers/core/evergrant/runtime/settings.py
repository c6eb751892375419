"""What the template tells a function, read once at cold start, failing by the missing name."""

import os
import re
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from evergrant.domain.due import Shards


class MissingSettingError(RuntimeError):
    """The template did not set an environment variable that this function needs."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Read lazily by name, so that each function needs only what it uses."""

    environment: dict[str, str]

    def required(self, name: str) -> str:
        """Raises: MissingSettingError."""
        value = self.environment.get(name, "")
        if not value:
            raise MissingSettingError(f"{name} is not set: see the function's Environment in template.yaml")
        return value

    @property
    def deployment(self) -> str:
        return self.required("DEPLOYMENT")

    @property
    def allow_loopback(self) -> bool:
        """Only in the local stack: loopback providers and webhooks may be called, over http."""
        return self.environment.get("ALLOW_LOOPBACK") == "true"

    @property
    def public_base_url(self) -> str | None:
        """Without a slash at its end; None in a first deployment."""
        return self.environment.get("PUBLIC_BASE_URL", "").rstrip("/") or None

    @property
    def check_minutes(self) -> int:
        """How often a secret is checked that nothing else renews."""
        return int(self.environment.get("CHECK_MINUTES") or 1440)

    @property
    def event_retention(self) -> timedelta:
        """How long events and their deliveries are kept."""
        return timedelta(days=int(self.environment.get("EVENT_RETENTION_DAYS") or 90))

    @property
    def requests_per_second(self) -> int:
        """Of what makes something, for each workspace; ten times as much at once."""
        return int(self.environment.get("REQUESTS_PER_SECOND") or 50)

    @property
    def shards(self) -> "Shards":
        """Of the due index, from which minute on."""
        from evergrant.domain.due import FOUR, Shards

        text = self.environment.get("DUE_SHARDS")
        return Shards.parsed(text) if text else FOUR

    @property
    def restored_at(self) -> "datetime | None":
        """When the tables were last restored from a backup, while that is to be minded."""
        from evergrant.domain.times import from_iso

        text = self.environment.get("RESTORED_AT")
        return from_iso(text) if text else None

    def named_in(self, parameter: str) -> frozenset[str]:
        """What a parameter of the template lists, such as `EventBusArns` (EVENT_BUS_ARNS)."""
        name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", parameter).upper()
        return frozenset(filter(None, self.environment.get(name, "").split(",")))

    def paused(self, what: str) -> bool:
        """`renewals` or `notifications`: the operator's switches."""
        return self.environment.get(f"{what.upper()}_PAUSED") == "true"


@cache
def settings() -> Settings:
    """This function's settings."""
    return Settings(dict(os.environ))
