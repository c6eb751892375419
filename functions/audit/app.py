"""GET /audit: who did what to which credential, when, with which key."""

from evergrant.domain.events import AuditLine
from evergrant.domain.ids import CredentialId
from evergrant.domain.times import iso, iso_or_none
from evergrant.ports.pages import Page
from evergrant.runtime import wiring
from evergrant.runtime.http import Answer, Http, PageQuery, caller
from evergrant.runtime.lists import listed
from evergrant.runtime.moments import Moment

http = Http()
handler = http.handler


class AuditQuery(PageQuery):
    """`?credentialId=&since=`"""

    credential_id: str | None = None
    since: Moment | None = None


def _shown(line: AuditLine) -> dict[str, object]:
    return {
        "auditId": line.audit_id,
        "at": iso(line.at),
        "action": line.action,
        "actor": line.actor,
        "credentialId": line.credential_id,
        "userId": line.user_id,
        "detail": dict(line.detail),
    }


@http.get("/audit")
def list_lines(query: AuditQuery) -> Answer:
    """Newest first."""
    who = caller(http)
    who.require("audit")
    credential_id = CredentialId(query.credential_id) if query.credential_id else None

    def read(after: str | None) -> Page[AuditLine]:
        return wiring.audit().lines(
            who.workspace_id, credential_id=credential_id, since=query.since, limit=query.limit, after=after
        )

    filters = f"{query.credential_id}|{iso_or_none(query.since)}"
    return listed(query, f"{who.workspace_id}|audit|{filters}", read, _shown)
