"""GET /openapi.json, /docs and /docs/apps: the API and the catalogue described, open to all."""

import html
import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from aws_lambda_powertools.event_handler import Response
from evergrant.catalogue.loader import listed
from evergrant.runtime.browser import page
from evergrant.runtime.documentation import STYLE, documentation
from evergrant.runtime.http import JSON_TYPE, Answer, Http

http = Http()
handler = http.handler

_CACHED = {"cache-control": "public, max-age=300"}


@http.get("/openapi.json")
def document() -> Answer:
    """The OpenAPI 3.1 document."""
    return Response(200, JSON_TYPE, _text(), headers=dict(_CACHED))


@http.get("/docs")
def docs() -> Answer:
    """The same, to read."""
    body = documentation(json.loads(_text()), base_url=http.base_url)
    return page("Evergrant API", body, style=STYLE, cached=True)


@http.get("/docs/apps")
def apps() -> Answer:
    """The catalogue, to browse."""
    entries = listed()
    kinds = sorted({kind for each in entries for kind in each["methods"]})
    categories = sorted({category for each in entries for category in each["categories"]})
    filters = (
        f'<p><input id="search" type="search" placeholder="Search {len(entries)} apps" aria-label="Search">'
        f"{_select('kind', 'Way to authenticate', 'Every way', kinds)}"
        f"{_select('category', 'Category', 'Every category', categories)}"
        '<output id="count"></output></p>'
    )
    rows = "".join(_entry(each) for each in entries)
    body, style = f'{filters}<ul class="apps">{rows}</ul>', STYLE + _LOGOS
    return page("Apps", body, script=_FILTER, style=style, cached=True, images=True)


_LOGOS = ".apps img{background:#fff;border-radius:4px}"
"""Some are black."""
_FILTER = """
const [search, kind, category] = ["search", "kind", "category"].map((id) => document.getElementById(id));
const rows = [...document.querySelectorAll(".apps > li")];
function show() {
  const word = search.value.trim().toLowerCase();
  let count = 0;
  for (const row of rows) {
    const { name, kinds, categories } = row.dataset;
    const fits = name.includes(word) && (!kind.value || kinds.split(" ").includes(kind.value)) &&
      (!category.value || categories.split(" ").includes(category.value));
    row.hidden = !fits;
    count += fits;
  }
  document.getElementById("count").value = `${count} of ${rows.length}`;
}
for (const each of [search, kind, category]) each.addEventListener("input", show);
show();
"""


def _select(name: str, label: str, everything: str, options: list[str]) -> str:
    listed_options = "".join(f"<option>{html.escape(each)}</option>" for each in options)
    return f'<select id="{name}" aria-label="{label}"><option value="">{everything}</option>{listed_options}</select>'


def _entry(entry: Mapping[str, Any]) -> str:
    shown = {name: html.escape(str(entry[name]), quote=True) for name in ("name", "displayName", "docsUrl")}
    found = html.escape(f"{entry['displayName']} {entry['name']}".lower(), quote=True)
    ways = ", ".join(each["label"] or each["kind"] for each in entry["ways"])
    checked = " · checked live" if any(each["isVerifiable"] for each in entry["ways"]) else ""
    return (
        f'<li data-name="{found}" data-kinds="{" ".join(entry["methods"])}" '
        f'data-categories="{" ".join(entry["categories"])}">'
        f'<img src="../logos/{shown["name"]}.svg" alt="" width="20" height="20" loading="lazy"> '
        f'<a href="{shown["docsUrl"]}" rel="noreferrer">{shown["displayName"]}</a> <code>{shown["name"]}</code> '
        f"<small>{html.escape(ways)}{checked}</small></li>"
    )


def _text() -> str:
    return (files("evergrant.runtime") / "openapi.json").read_text("utf-8")
