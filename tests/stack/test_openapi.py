"""The API describes itself, to anybody."""

import requests

from tests.stack.conftest import Stack


def test_the_document_and_its_page_are_open(stack: Stack) -> None:
    document = requests.get(f"{stack.url}/openapi.json", timeout=30)
    page = requests.get(f"{stack.url}/docs", timeout=30)

    assert (document.status_code, document.json()["openapi"]) == (200, "3.1.0")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "POST /credentials/{credentialId}/token" in page.text
