"""The README's five minutes and the demo, as they are written."""

import json
import re
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import expect

from tests.browser.conftest import Merchant, finish
from tests.browser.node import TSC, node

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")


def block(language: str) -> str:
    """The one of "Embed in five minutes"."""
    part = README.split("## Embed in five minutes")[1].split("\n## ")[0]
    found = re.search(rf"```{language}\n(.*?)```", part, re.DOTALL)
    assert found
    return found.group(1)


def test_the_five_minutes_work(merchant: Merchant):
    html = (
        block("html")
        .replace("http://127.0.0.1:8787", merchant.stack.url)
        .replace("ws_...", merchant.stack.workspace_id)
    )
    script = block("js").replace("/connect/session", "/token")
    merchant.shop.token = merchant.mint
    merchant.shop.pages["/embed"] = f"<!doctype html><title>Shop</title>{html}<script>{script}</script>"

    merchant.page.goto(f"{merchant.shop.url}/embed")
    merchant.page.click("#connect")
    modal = merchant.modal
    modal.get_by_label("API key", exact=True).fill("pk_readme")
    modal.get_by_role("button", name="Connect", exact=True).click()
    finish(modal.get_by_role("button", name="Done"))

    (there,) = merchant.credentials()
    expect(merchant.page).to_have_title(there["credentialId"])
    assert there["type"] == "dev-keys"


ES = ("--module", "esnext", "--target", "es2022")
REACT = {
    "react": "export const useState = (first) => [first, (trouble) => { document.body.dataset.trouble = trouble; }];",
    "react/jsx-runtime": "export const jsx = (type, props) => ({type, props}); export const jsxs = jsx;",
}
"""As much of it as the example uses."""


def test_the_react_example_works(merchant: Merchant, tmp_path: Path):
    source = block("jsx").replace("https://connect.example", merchant.stack.url)
    (tmp_path / "button.jsx").write_text(source.replace("ws_...", merchant.stack.workspace_id))
    made = node(
        TSC, "--allowJs", "--noCheck", "--jsx", "react-jsx", *ES, "--outDir", tmp_path / "out", tmp_path / "button.jsx"
    )
    assert made.returncode == 0, made.stdout
    imports = {name: f"data:text/javascript,{quote(content)}" for name, content in REACT.items()}
    imports["@evergrant/browser"] = f"{merchant.stack.url}/sdk/evergrant.mjs"
    merchant.shop.token = merchant.mint
    merchant.shop.pages["/react"] = f"""<!doctype html><title>Shop</title><button id="connect">Connect</button>
        <script type="importmap">{json.dumps({"imports": imports})}</script>
        <script type="module">{(tmp_path / "out" / "button.js").read_text()}
        const fetchToken = async () => (await (await fetch("/token", {{method: "POST"}})).json()).token;
        const shown = ConnectButton({{app: "dev-keys", fetchToken, onConnected: (id) => {{ document.title = id; }}}});
        document.getElementById("connect").onclick = shown.props.onClick;</script>"""

    merchant.page.goto(f"{merchant.shop.url}/react")
    merchant.page.click("#connect")
    finish(merchant.modal.get_by_role("button", name="Close"))
    expect(merchant.page.locator("body")).to_have_attribute("data-trouble", "closed")
    merchant.page.click("#connect")
    merchant.modal.get_by_label("API key", exact=True).fill("pk_react")
    merchant.modal.get_by_role("button", name="Connect", exact=True).click()
    finish(merchant.modal.get_by_role("button", name="Done"))

    (there,) = merchant.credentials()
    expect(merchant.page).to_have_title(there["credentialId"])


def test_the_demo_connects_with_the_sdk(merchant: Merchant):
    told = (merchant.stack.state / "local.json").read_text("utf-8")
    demo = re.search(r'"demoUrl": "([^"]+)"', told)
    assert demo
    workspace = merchant.stack.request("GET", "/workspace").json()
    assert demo.group(1) in workspace["origins"]

    merchant.page.goto(demo.group(1))
    merchant.page.get_by_role("button", name="Connect an app").click()
    modal = merchant.modal
    expect(modal.get_by_role("option", name="CRM", exact=True)).to_be_attached()
    modal.get_by_role("searchbox").fill("dev keys")
    modal.get_by_role("button", name="Dev Keys").click()
    another = modal.get_by_role("button", name="Connect another account")
    field = modal.get_by_label("API key", exact=True)
    expect(another.or_(field)).to_be_visible()
    if another.is_visible():
        another.click()
    heard = merchant.page.locator("#events > li")
    before = heard.count()
    field.fill("pk_demo")
    modal.get_by_role("button", name="Connect", exact=True).click()
    finish(modal.get_by_role("button", name="Done"))

    expect(merchant.page.get_by_text("Connected.", exact=True)).to_be_visible()
    # The page shows what its shop's receiver is told, as it comes.
    expect(heard).not_to_have_count(before)
    expect(merchant.page.locator("#events")).to_contain_text("credential.created")
