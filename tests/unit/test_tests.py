"""A test that asserts nothing, or may leave before it does, tests nothing."""

import ast
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parents[1]


def statements(node: ast.AST) -> Iterator[ast.AST]:
    """All of a function's own, those of functions within it left out."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.FunctionDef | ast.ClassDef | ast.Lambda):
            yield child
            yield from statements(child)


def asserts(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Assert)
        or (isinstance(node, ast.Attribute) and node.attr == "raises")
        or (isinstance(node, ast.Name) and node.id == "expect")  # the browser's
    )


def written() -> Iterator[tuple[str, list[ast.AST]]]:
    for path in sorted(TESTS.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield f"{path.relative_to(TESTS)}::{node.name}", list(statements(node))


def test_every_test_asserts() -> None:
    found = list(written())

    assert found
    assert [name for name, body in found if not any(map(asserts, body))] == []


def test_no_test_leaves_early() -> None:
    assert [name for name, body in written() if any(isinstance(each, ast.Return) for each in body)] == []
