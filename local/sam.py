"""What `sam local invoke` needs beside a running stack: its environment, and the example events with its own ids."""

import json
from typing import Any

from local.deployment import STACK
from local.emulator import Emulator
from local.packaging import ROOT
from local.state import State

EXAMPLE = "00000000000000000000000000000000exam"


def write_files(emulator: Emulator, state: State, seeded: dict[str, str]) -> None:
    """`STATE/sam-env.json` and `STATE/events/*.json`: the tables have other names here, the workspace another id."""
    functions: list[dict[str, Any]] = emulator.client("lambda").list_functions()["Functions"]
    variables = next(each["Environment"]["Variables"] for each in functions if STACK in each["FunctionName"])
    # The emulator's address is among them. Keys are SAM's to give (any will do), the region is samconfig.toml's.
    state.write("sam-env.json", {"Parameters": variables})
    ids = {f"ws_{EXAMPLE}": seeded["workspaceId"], f"key_{EXAMPLE}": _key_id(seeded["apiKey"])}
    (state.folder / "events").mkdir(mode=0o700, exist_ok=True)
    for path in (ROOT / "events").glob("*.json"):
        text = path.read_text("utf-8")
        for example, own in ids.items():
            text = text.replace(example, own)
        state.write(f"events/{path.name}", json.loads(text))


def _key_id(api_key: str) -> str:
    return "key_" + api_key.split("_")[1]
