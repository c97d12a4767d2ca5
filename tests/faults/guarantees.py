"""Writes the table of faults and tests into docs/guarantees.md: `make guarantees`."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

from tests.faults.rows import ROWS

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "guarantees.md"
BEGIN, END = "<!-- table: make guarantees -->\n", "<!-- end of the table -->\n"


def marked() -> dict[int, set[Path]]:
    """The files with tests of every row, as the marks in them say."""
    found: defaultdict[int, set[Path]] = defaultdict(set)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for number in _rows_of(ast.parse(path.read_text())):
            found[number].add(path)
    return found


def _rows_of(tree: ast.AST) -> set[int]:
    """The numbers in `pytest.mark.fault(number)`, wherever it stands."""
    return {
        node.args[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "fault"
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, int)
    }


def table() -> str:
    """The table, one row a fault."""
    tests = marked()
    lines = ["| # | what goes wrong | what happens | tests |", "|---|---|---|---|"]
    for number, (fault, answer) in ROWS.items():
        links = ", ".join(
            f"[{path.stem}](../{path.relative_to(ROOT)})" for path in sorted(tests.get(number, ()))
        )
        lines.append(f"| {number} | {fault} | {answer} | {links} |")
    return "\n".join(lines) + "\n"


def page() -> str:
    """The page as it should be."""
    text = PAGE.read_text()
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    return before + BEGIN + table() + END + after


if __name__ == "__main__":
    PAGE.write_text(page())
