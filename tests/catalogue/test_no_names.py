"""A quirk of an app is a field of its entry: no code asks for an app's name."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from evergrant.catalogue.loader import load_all

ROOT = Path(__file__).parents[2]
NAMES = {name for app in load_all() for name in (app.slug, app.name, *app.aliases)}
FILES = [
    *ROOT.glob("layers/core/evergrant/**/*.py"),
    *ROOT.glob("functions/*/app.py"),
]


def asked_for(source: str) -> set[str]:
    """The texts that the code compares with, looks up by, or matches."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Compare | ast.MatchValue | ast.Dict):
            found |= set(_texts(node))
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
            found |= set(_texts(node.slice))
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in ("get", "startswith")
        ):
            found |= {text for argument in node.args for text in _texts(argument)}
    return found


def _texts(node: ast.AST) -> Iterator[str]:
    inner = node.keys if isinstance(node, ast.Dict) else [node]
    for each in inner:
        for part in ast.walk(each) if each else ():
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                yield part.value


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_code_asks_for_an_apps_name(path: Path) -> None:
    assert not asked_for(path.read_text("utf-8")) & NAMES


@pytest.mark.parametrize(
    "source", ['if app == "slack": pass', 'x = {"slack": 1}[app]', 'match app:\n  case "slack": pass']
)
def test_the_check_finds_what_it_looks_for(source: str) -> None:
    assert asked_for(source) & NAMES
