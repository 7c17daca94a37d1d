"""What is told as seconds since a moment is asked of the clock's own ``since``: never below 0."""

import ast
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src"


def bare(tree: ast.AST) -> Iterator[str]:
    """Where a moment is taken from now, and the seconds of that are used."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(attr="total_seconds", value=ast.BinOp(left=now, op=ast.Sub())):
                if ast.unparse(now).split(".")[-1] in {"now", "clock()", "_clock()"}:
                    yield ast.unparse(node.value)


def test_a_bare_age_is_found() -> None:
    words = "(work.now - a).total_seconds(), (clock() - a).total_seconds(), (b - a).total_seconds()"
    assert list(bare(ast.parse(words))) == ["work.now - a", "clock() - a"]


def test_no_age_is_told_that_may_be_below_0() -> None:
    found = {p.name: list(bare(ast.parse(p.read_text()))) for p in SOURCE.rglob("*.py")}
    assert {name: ages for name, ages in found.items() if ages} == {}
