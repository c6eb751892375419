"""moto and botocore, without what takes most of their time here and changes no answer.

tests/contracts runs against both as they are.
"""

import gc
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import cache
from typing import Any, cast

import pytest
from botocore.loaders import Loader, create_loader
from botocore.useragent import UserAgentString
from moto.core.serialize import ResponseSerializer
from moto.core.utils import method_names_from_class
from moto.dynamodb.models.dynamo_type import DynamoType

NESTED = frozenset({"L", "M", "SS", "NS", "BS"})


@contextmanager
def swift() -> Generator[None]:
    """AWS's models are read once; no RSA key is made beside a symmetric one; what never changes is not made anew."""
    loader = create_loader()
    described: Callable[[Any, Any, str, Any], Any] = ResponseSerializer.get_value
    copied: Callable[[Any, Any], Any] = DynamoType.__deepcopy__

    def shared(_: object) -> Loader:
        return loader

    def none(_: object) -> None:
        pass

    def anybody(_: object) -> str:
        return "tests"

    def value_of(self: Any, value: Any, key: str, shape: Any) -> Any:
        """An attribute's value has one of ten types: nine times of ten the picker would try all names in vain."""
        if type(value) is dict and shape.parent.name == "AttributeValue":
            return cast("dict[str, Any]", value).get(key)
        return described(self, value, key, shape)

    def copy_of(self: Any, memo: Any) -> Any:
        """moto copies whole tables before each transaction, and never changes a scalar in place."""
        return copied(self, memo) if self.type in NESTED else self

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("botocore.session.create_loader", shared)
        patch.setattr("moto.kms.models.generate_private_key", none)
        patch.setattr("moto.core.responses.method_names_from_class", cache(method_names_from_class))
        patch.setattr(ResponseSerializer, "get_value", value_of)
        patch.setattr(DynamoType, "__deepcopy__", copy_of)
        patch.setattr(UserAgentString, "to_string", anybody)
        gc.freeze()
        gc.set_threshold(50_000, 20, 50)
        yield
