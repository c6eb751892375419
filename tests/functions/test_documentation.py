"""GET /docs: the document, to read."""

import re

from tests.functions.deployment import Functions


def row(page: str, route: str) -> str:
    return page.partition(f"<code>{route}</code>")[2].partition("</dd>")[0]


def test_a_route_links_to_the_shape_of_its_body(functions: Functions) -> None:
    page = functions.call("openapi", "GET", "/docs").body

    assert 'body: <a href="#NewApiKey">' in row(page, "POST /api-keys")
    assert 'body: <a href="#AppEntry">' in row(page, "PUT /apps/{app}")


def test_every_link_leads_somewhere(functions: Functions) -> None:
    page = functions.call("openapi", "GET", "/docs").body

    places = re.findall(r'id="([^"]+)"', page)
    assert len(places) == len(set(places))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(places)


def test_the_example_can_be_pasted(functions: Functions) -> None:
    page = functions.call("openapi", "GET", "/docs").body

    assert 'https://evergrant.example/users -d \'{"username": "ada@example.com"}\'' in page
