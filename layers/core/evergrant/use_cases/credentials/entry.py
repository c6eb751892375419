"""Reading the values of a static credential against its app's entry."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import SecretStr

from evergrant.domain.app import App, AuthMethod


@dataclass(frozen=True, slots=True)
class Entry:
    """Values that were checked: split into what is sealed and what is plain, with where the secret may go."""

    app: App
    method: AuthMethod
    secrets: Mapping[str, SecretStr]
    variables: Mapping[str, str]
    hosts: tuple[str, ...]
