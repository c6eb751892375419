"""The audit trail in memory."""

from datetime import datetime

from evergrant.domain.events import AuditLine
from evergrant.domain.ids import CredentialId, WorkspaceId
from evergrant.ports.pages import Page

from tests.fakes.lists import page_of


class FakeAudit:
    """`Audit`."""

    def __init__(self) -> None:
        self._lines: list[AuditLine] = []

    def append(self, line: AuditLine) -> None:
        self._lines.append(line)

    def lines(
        self,
        workspace_id: WorkspaceId,
        *,
        credential_id: CredentialId | None,
        since: datetime | None,
        limit: int,
        after: str | None,
    ) -> Page[AuditLine]:
        found = [
            each
            for each in self._lines
            if each.workspace_id == workspace_id
            and credential_id in (None, each.credential_id)
            and (since is None or each.at >= since)
        ]
        return page_of(found, lambda each: each.audit_id, limit=limit, after=after, newest_first=True)

    def deletions(self, since: datetime, *, after: str | None) -> Page[CredentialId]:
        found = [each for each in self._lines if each.action == "credential.deleted" and each.at >= since]
        page = page_of(found, lambda each: each.audit_id, limit=2, after=after)
        return Page([each.credential_id for each in page.items if each.credential_id], page.next)
