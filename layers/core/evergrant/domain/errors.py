"""Everything that can go wrong, grouped by who must act.

EvergrantError
├── InvalidRequestError            the caller must change the request
│   ├── BadRequestError            it cannot be read at all
│   ├── ValidationFailedError      it can be read, and names what is wrong
│   ├── TooLargeError, UnsupportedMediaTypeError
│   └── ConflictError              it contradicts what is there
├── UnauthorizedError              who is calling?
├── ForbiddenError                 this caller may not do that
├── NotFoundError                  nothing there, for this caller
├── TooManyRequestsError           slow down
├── ConnectError                   the round trip with the provider ended without a credential
│   └── WrongAccountError          or with another account's than the one that is connected again
├── CredentialExpiredError         the merchant must connect again
├── AppMisconfiguredError          the owner's OAuth client or app entry is wrong
│   └── ClientRefusedError         the provider does not take the owner's OAuth client
├── SealBrokenError                wrong key, wrong context or altered bytes
├── ProviderError                  the provider answered with trouble
│   ├── ProviderTimeoutError       or not in time
│   └── GrantRefusedError          the provider does not take this code or token
└── UnavailableError               try again later: storage
    └── KeyUnavailableError        or the key service

`message` says what to do next and never echoes a secret; `code` is the wire's. HTTP statuses stand in
`evergrant.runtime.http` alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Detail:
    """One thing that is wrong with a request: where (`credential.data.apiKey`) and what."""

    path: str
    message: str


class EvergrantError(Exception):
    """The root: every error that leaves a use case is one of these."""

    code = "internal_error"

    def __init__(self, message: str, *, code: str | None = None, details: Sequence[Detail] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.details = tuple(details)


class InvalidRequestError(EvergrantError):
    """The caller must change the request."""

    code = "invalid_request"


class BadRequestError(InvalidRequestError):
    """The request cannot be read, or names something that is used up."""

    code = "bad_request"


class ValidationFailedError(InvalidRequestError):
    """The request is well-formed but invalid; `details` names every path."""

    code = "validation_failed"

    def __init__(
        self,
        details: Sequence[Detail],
        *,
        message: str = "Correct the fields in `details` and send it again.",
        code: str | None = None,
    ) -> None:
        super().__init__(message, code=code, details=details)


class TooLargeError(InvalidRequestError):
    """The body, or what would be stored of it, is too large."""

    code = "too_large"


class UnsupportedMediaTypeError(InvalidRequestError):
    """The body is not declared as `application/json`."""

    code = "unsupported_media_type"


class ConflictError(InvalidRequestError):
    """The request contradicts what is there."""

    code = "conflict"


class UnauthorizedError(EvergrantError):
    """No key, or one that is not known."""

    code = "unauthorized"


class ForbiddenError(EvergrantError):
    """The caller is known, and may not do that."""

    code = "forbidden"


class NotFoundError(EvergrantError):
    """Nothing there, or nothing for this caller: the two look the same."""

    code = "not_found"

    def __init__(self, message: str = "There is nothing at this address for this key.") -> None:
        super().__init__(message)


class TooManyRequestsError(EvergrantError):
    """The caller, or the provider's limit, asks for patience."""

    code = "too_many_requests"

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ConnectError(EvergrantError):
    """The round trip with the provider ended without a credential."""

    code = "connect_failed"


class WrongAccountError(ConnectError):
    """What is connected again stays with its account."""

    code = "wrong_account"

    def __init__(self) -> None:
        super().__init__("This is another account than before: connect it as a new credential.")


class CredentialExpiredError(EvergrantError):
    """The merchant must connect again."""

    code = "credential_expired"


class AppMisconfiguredError(EvergrantError):
    """The owner's OAuth client or app entry is wrong."""

    code = "app_misconfigured"


class ClientRefusedError(AppMisconfiguredError):
    """`invalid_client` and its like (RFC 6749, 5.2): the owner's client is wrong, and no credential dies for it."""

    def __init__(self, error: str) -> None:
        super().__init__(
            f"The provider refused the OAuth client ({error}): correct it with PUT /apps/{{app}}/client, "
            "and compare its redirect URI with the provider's."
        )
        self.error = error


class SealBrokenError(EvergrantError):
    """Wrong key, wrong context or altered bytes: one error, which tells nothing more."""

    code = "unreadable"

    def __init__(self) -> None:
        super().__init__("This secret cannot be opened. The operator has been told.")


class ProviderError(EvergrantError):
    """The provider answered with trouble; `provider_status` is its HTTP status where there was one.

    `nothing_done`: it is certain that the provider did nothing, for it was not reached, or said so.
    """

    code = "provider_error"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        provider_status: int | None = None,
        retry_after: int | None = None,
        nothing_done: bool = False,
    ) -> None:
        super().__init__(message, code=code)
        self.provider_status = provider_status
        self.retry_after = retry_after
        self.nothing_done = nothing_done or provider_status == 429


class ProviderTimeoutError(ProviderError):
    """The provider did not answer in time."""

    code = "provider_timeout"


class GrantRefusedError(ProviderError):
    """The provider's word about this code or token (RFC 6749, 5.2), such as `invalid_grant`."""

    code = "grant_refused"

    def __init__(self, error: str, *, provider_status: int) -> None:
        super().__init__(
            f"The provider refused it ({error}). Ask the user to connect again.", provider_status=provider_status
        )
        self.error = error


class UnavailableError(EvergrantError):
    """Storage or key service away: nothing was changed or marked."""

    code = "unavailable"

    def __init__(
        self, message: str = "Try again in a moment.", *, code: str | None = None, retry_after: int = 5
    ) -> None:
        super().__init__(message, code=code)
        self.retry_after = retry_after


class KeyUnavailableError(UnavailableError):
    """The key service, or the table of wrapped keys, is away, or a customer has switched the key off."""

    code = "key_unavailable"

    def __init__(self, message: str = "The key service is away; nothing was changed. Try again.") -> None:
        super().__init__(message)
