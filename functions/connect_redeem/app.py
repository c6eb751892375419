"""POST /connect/redeem: the page behind a hosted link gets its session."""

from typing import Annotated

from evergrant.domain.times import iso
from evergrant.runtime import wiring
from evergrant.runtime.browser import require_own_page
from evergrant.runtime.http import Answer, Http, Strict, secret
from evergrant.use_cases.connect.sessions import redeem_link
from pydantic import Field, SecretStr

http = Http()
handler = http.handler


class Link(Strict):
    """What the link's fragment holds: it reaches no server before this."""

    link: Annotated[SecretStr, Field(min_length=1, max_length=200)]


@http.post("/connect/redeem")
def redeem(body: Link) -> Answer:
    """Once, by our own page: link scanners, which only look, use nothing up."""
    require_own_page(http)
    minted = redeem_link(body.link, sessions=wiring.sessions(), clock=wiring.clock(), entropy=wiring.entropy())
    return secret(201, {"token": minted.token.get_secret_value(), "expiresAt": iso(minted.session.expires_at)})
