"""Connect sessions, and round trips under way."""

from datetime import datetime
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from evergrant.domain.authorization import Authorization
    from evergrant.domain.session import Session


class Authorizations(Protocol):
    """OAuth round trips under way. What a browser or an owner's server brings is looked up by its hash."""

    def create(self, authorization: "Authorization") -> None:
        """The very same again is done already. Raises: ConnectError (`link_used`) when another is there."""
        ...

    def get(self, authorization_id: str) -> "Authorization | None":
        """One consistent read."""
        ...

    def start(self, authorization: "Authorization", *, state_digest: str) -> None:
        """`created` → `started`, and the state is out. Raises: ConnectError (`link_used`)."""
        ...

    def consume(self, kind: Literal["state", "completion"], digest: str) -> "Authorization":
        """Once. Raises: ConnectError (`<kind>_used`, `<kind>_unknown`)."""
        ...

    def move(
        self, authorization: "Authorization", *, read: "Authorization", completion_digest: str | None = None
    ) -> None:
        """To the next stage, with its completion. Raises: ConflictError when it is not as it was read."""
        ...

    def awaits(self, state_digest: str) -> bool:
        """Whether this state is out, and nothing came back with it yet."""
        ...

    def hold(self, digest: str, sealed: bytes, *, until: datetime) -> None:
        """What a provider posted, until the browser comes for it."""
        ...

    def held(self, digest: str, *, at: datetime) -> bytes | None:
        """None when it is over, or never was. The state in it is used once: reading it again tells nothing new."""
        ...


class Sessions(Protocol):
    """Connect sessions."""

    def put(self, session: "Session") -> None: ...
    def get(self, session_id: str) -> "Session | None": ...
    def redeem(self, session: "Session", digest: str) -> None:
        """Once: from here on the token of `digest` opens it; with the same digest again it is done already.

        Raises: ConnectError (`link_used`).
        """
        ...
