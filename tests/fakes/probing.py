"""A provider that is asked about a secret, in memory: it says what it was told to, or nothing."""

from collections.abc import Mapping

from evergrant.domain.app import AuthMethod
from evergrant.domain.secret import Secret
from evergrant.ports.providers import ProbeAnswer


class FakeProbing:
    """`Probing`."""

    def __init__(self, answer: ProbeAnswer | None = None, trouble: Exception | None = None) -> None:
        self.answer, self.trouble = answer or ProbeAnswer(verdict=None, status=0), trouble
        self.asked = 0

    def ask(self, method: AuthMethod, secret: Secret, variables: Mapping[str, str]) -> ProbeAnswer:
        self.asked += 1
        if self.trouble is not None:
            raise self.trouble
        return self.answer
