"""The same delivery again: its `webhook-id` stays the event's, so that a receiver can tell."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from evergrant.domain.errors import ConflictError
from evergrant.domain.webhooks import Delivery
from evergrant.ports.queues import Queue
from evergrant.ports.system import Clock
from evergrant.ports.webhooks import Webhooks

TRIES = 5
"""To open a delivery again that a worker is trying."""


@dataclass(frozen=True, slots=True)
class Again:
    """Opens deliveries again."""

    webhooks: Webhooks
    deliveries: Queue
    clock: Clock

    def send(self, wanted: Sequence[Delivery]) -> int:
        """How many are on their way. Raises: ConflictError when workers keep trying one meanwhile; UnavailableError."""
        return self._sent([self._opened(each, self._known(each)) for each in wanted])

    def send_of(self, replay_id: str, wanted: Sequence[Delivery], *, only_failed: bool) -> int:
        """How many of them the replay has sent by now: what it opened before counts, and is not sent a second time."""
        known = [(each, self._known(each)) for each in wanted]
        done = [each for _, each in known if each and each.replay_id == replay_id]
        fresh = [
            self._opened(each, found, replay_id)
            for each, found in known
            if found is None or found.replay_id != replay_id
            if not only_failed or (found and found.did_not_arrive)
        ]
        return self._sent(fresh) + len(done)

    def _sent(self, opened: Sequence[Delivery]) -> int:
        self.deliveries.send([each.message for each in opened])
        return len(opened)

    def _known(self, delivery: Delivery) -> Delivery | None:
        return self.webhooks.delivery(delivery.workspace_id, delivery.event_id, delivery.delivery_id)

    def _opened(self, fresh: Delivery, known: Delivery | None, replay_id: str | None = None) -> Delivery:
        """To be tried now, whatever became of it before."""
        for _ in range(TRIES):
            again = (known or fresh).again(at=self.clock.now(), replay_id=replay_id)
            if known is None:
                self.webhooks.open_delivery(again)
                return again
            with suppress(ConflictError):
                self.webhooks.change_delivery(again, attempts_read=len(known.attempts), queued=True)
                return again
            known = self._known(fresh)
        raise ConflictError("This delivery is being tried right now. Look at it again.")
