"""`evergrant keys`: new branch keys where they are asked for; then everything under the current ones."""

import argparse
from collections import Counter

from tools.stack import RefusedError, Stack


def move_keys(stack: Stack, asked: argparse.Namespace) -> None:
    """Raises: RefusedError."""
    if asked.verb == "own":
        made = stack.ask({"action": "own_key", "workspaceId": asked.workspace, "kmsKey": asked.kms_key})
        print(f"{asked.workspace}: version {made['version']} of its own branch key seals from now on")
    if asked.verb == "rotate":
        for done in stack.parts({"action": "rotate_keys"}):
            for branch, version in done["versions"].items():
                print(f"{branch}: branch key version {version} seals from now on")
            for branch in done["left"]:
                print(f"{branch}: its KMS key gives nothing; it stays as it is")
    _rewrap(stack)


def _rewrap(stack: Stack) -> None:
    counted: Counter[str] = Counter()
    said = {"unreadable": "could not be opened", "left": "stay: their workspace's key is away"}
    try:
        for done in stack.parts({"action": "rewrap"}):
            counted.update({name: done[name] for name in ("moved", *said)})
            told = [f"{counted[name]} {words}" for name, words in said.items() if counted[name]]
            print(", ".join([f"moved {counted['moved']}", *told]))
    except RefusedError as error:
        raise RefusedError(f"{error} Nothing is lost; go on with: evergrant keys rewrap") from error
    print("What was sealed in the last five minutes may have been missed: run `evergrant keys rewrap` once more then.")
