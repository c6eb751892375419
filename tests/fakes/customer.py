"""A customer with a KMS key of its own."""

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError


def a_kms_key(kms: Any) -> str:
    """Its ARN."""
    arn: str = kms.create_key()["KeyMetadata"]["Arn"]
    return arn


def switch_off(kms: Any, key_arn: str) -> Callable[[], None]:
    """As its owner does it; what comes back switches it on again.

    moto opens with such a key all the same: what AWS answers is raised in its place.
    """

    def refuse(params: Any, model: Any, **_: object) -> None:
        if f'"{key_arn}"' in str(params["body"]):
            raise ClientError({"Error": {"Code": "DisabledException"}}, model.name)

    kms.meta.events.register("before-call.kms.*", refuse)
    return lambda: kms.meta.events.unregister("before-call.kms.*", refuse)
