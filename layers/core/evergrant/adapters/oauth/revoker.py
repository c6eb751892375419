"""Ending a grant at its provider (RFC 7009)."""

from evergrant.domain.credential import Credential
from evergrant.ports import Apps


class ProviderRevoker:
    """`Revoker` over the apps' revocation endpoints."""

    def __init__(self, apps: Apps) -> None:
        self._apps = apps

    def revoke(self, credential: Credential) -> tuple[bool, str | None]:  # noqa: ARG002  # the port's shape
        """A static key can only be ended by the merchant, in the provider's own pages."""
        return False, "not_supported"
