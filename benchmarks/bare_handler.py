"""What a handler of this kind cannot do without: a router, strict models, an AWS client. It does nothing."""

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from botocore.session import Session as Session
from pydantic import BaseModel, ConfigDict

http = APIGatewayRestResolver()


class Body(BaseModel):
    """A strict body."""

    model_config = ConfigDict(extra="forbid")

    name: str


@http.get("/bare")
def bare() -> dict[str, str]:
    """It answers."""
    return {}


def handler(event: dict[str, object], context: object) -> dict[str, object]:
    """As Lambda calls it."""
    return http.resolve(event, context)  # pyright: ignore[reportArgumentType, reportUnknownMemberType]  # typed for Lambda
