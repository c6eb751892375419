"""AWS Signature Version 4, and the roles that this deployment assumes. `botocore` computes."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from evergrant.domain.app import AwsSigV4Method
from evergrant.domain.errors import GrantRefusedError, ProviderError
from evergrant.domain.rendering import render
from evergrant.domain.tokens import Tokens
from evergrant.ports.providers import ProviderRequest

if TYPE_CHECKING:
    from collections.abc import Callable

SESSION_SECONDS = 3600
"""What a chain of roles may have at most, too."""


def signed(way: AwsSigV4Method, values: Mapping[str, str], request: ProviderRequest) -> ProviderRequest:
    """With `Authorization`, `X-Amz-Date`, and the session's token where there is one."""
    from botocore.auth import S3SigV4Auth, SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    credentials = Credentials(values["accessKeyId"], values["secretAccessKey"], values.get("sessionToken"))
    service, region = render(way.service, values), render(way.region, values)
    # S3 alone does not encode the path twice, and wants the body's hash in a header (AWS: "Create a signed request").
    signer = S3SigV4Auth if service == "s3" else SigV4Auth
    kept = {name: value for name, value in request.headers.items() if name in ("content-type", "host")}
    signing: Any = AWSRequest(request.method, request.url, headers=kept, data=request.body or b"")
    signer(credentials, service, region).add_auth(signing)
    return request.with_headers({name.lower(): str(value) for name, value in signing.headers.items()})


class StsRoles:
    """`RoleAssumer` over AWS STS."""

    def __init__(self, client: "Callable[[], Any]") -> None:
        self._client = client

    def assume(self, role_arn: str, *, external_id: str) -> Tokens:
        """An hour. The external id is the user's own, which nobody can choose (AWS: the confused deputy problem)."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            answer = self._client().assume_role(
                RoleArn=role_arn, RoleSessionName="evergrant", ExternalId=external_id, DurationSeconds=SESSION_SECONDS
            )
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
            if code == "AccessDenied":
                raise GrantRefusedError(code, provider_status=status) from error
            raise ProviderError("AWS STS could not assume the role. Try again.", provider_status=status) from error
        except BotoCoreError as error:
            raise ProviderError("AWS STS could not be reached. Try again.") from error
        given: dict[str, Any] = answer["Credentials"]
        expiration: datetime = given["Expiration"]
        return Tokens(
            access_token=SecretStr(given["SessionToken"]),
            refresh_token=None,
            token_type="aws_sigv4",  # noqa: S106  # a type
            expires_at=expiration,
            grant_expires_at=None,
            scopes=None,
            kept={},
            secrets={
                "accessKeyId": SecretStr(given["AccessKeyId"]),
                "secretAccessKey": SecretStr(given["SecretAccessKey"]),
                "sessionToken": SecretStr(given["SessionToken"]),
            },
        )
