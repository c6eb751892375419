"""GET /connect/session: what the modal shows."""

from evergrant.domain.times import iso
from evergrant.runtime import wiring
from evergrant.runtime.http import Answer, Http, ok, session_caller
from evergrant.use_cases.connect.sessions import show_session

http = Http()
handler = http.handler


@http.get("/connect/session")
def show() -> Answer:
    """User, apps, the credentials there already, branding."""
    shown = show_session(
        session_caller(http),
        directory=wiring.directory(),
        credentials=wiring.credentials(),
        sessions=wiring.sessions(),
    )
    return ok(
        {
            "user": {"userId": shown.user.user_id, "username": shown.user.username, "fullName": shown.user.full_name},
            "apps": list(shown.session.apps),
            "credentialId": shown.session.credential_id,
            "credentials": [each.summary() for each in shown.credentials],
            "branding": {"name": shown.workspace.name, **shown.workspace.branding},
            "locale": shown.session.locale,
            "expiresAt": iso(shown.session.expires_at),
        }
    )
