"""What is sealed: the values of one credential, and the only hosts they may be sent to."""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote, quote_plus, urlsplit

from pydantic import SecretBytes, SecretStr

from evergrant.domain.errors import CredentialExpiredError

SHORTEST_TO_KNOW, SHORTEST_TO_BLOT = 8, 16


@dataclass(frozen=True, slots=True)
class Secret:
    """The opened secret. Its values are types that mask themselves: `repr` and logs show nothing."""

    values: Mapping[str, SecretStr]
    hosts: tuple[str, ...]

    def reveal(self, name: str) -> str | None:
        """One value in the clear, for the request that needs it."""
        value = self.values.get(name)
        return None if value is None else value.get_secret_value()

    def revealed(self) -> dict[str, str]:
        """All values in the clear, for the templates of a request."""
        return {name: value.get_secret_value() for name, value in self.values.items()}

    def is_repeated_in(self, text: str, *, among: Collection[str]) -> bool:
        """Whether it has one of these values, as it is or percent-encoded; what is very short may stand anywhere."""
        return any(form in text for form in self._forms(among, SHORTEST_TO_KNOW))

    def blotted_in(self, content: bytes, *, among: Collection[str]) -> bytes:
        """With asterisks, as many, wherever it has one of these values, as `is_repeated_in` or as JSON writes it.

        A shorter one stays: it may be a word of what the content says.
        """
        for form in self._forms(among, SHORTEST_TO_BLOT):
            content = content.replace(form.encode(), b"*" * len(form.encode()))
        return content

    def _forms(self, among: Collection[str], shortest: int) -> Iterator[str]:
        for value in (self.reveal(name) or "" for name in among):
            if len(value) >= shortest:
                in_json = json.dumps(value)[1:-1]
                yield from {value, quote(value, safe=""), quote_plus(value), in_json, in_json.replace("/", "\\/")}

    def with_values(self, **changed: SecretStr) -> "Secret":
        """The same secret with some values replaced."""
        return Secret(values={**self.values, **changed}, hosts=self.hosts)

    def require_host(self, url: str) -> None:
        """Raises: CredentialExpiredError when the app's entry now names a host that was not sealed with the secret."""
        if urlsplit(url).netloc.lower() not in self.hosts:
            raise CredentialExpiredError(
                "The app's entry has changed where secrets go: ask the user to connect again.", code="app_changed"
            )

    def to_bytes(self) -> SecretBytes:
        """For the sealer: `{"values": {...}, "hosts": [...]}`."""
        content = {
            "values": {name: value.get_secret_value() for name, value in self.values.items()},
            "hosts": list(self.hosts),
        }
        return SecretBytes(json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode())

    @classmethod
    def from_bytes(cls, content: SecretBytes) -> "Secret":
        """What `to_bytes` wrote."""
        parsed = json.loads(content.get_secret_value())
        return cls(
            values={name: SecretStr(value) for name, value in parsed["values"].items()},
            hosts=tuple(parsed["hosts"]),
        )
