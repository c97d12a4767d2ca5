"""The public names: all there, all listed, none imported before it is used."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import speciate


@pytest.mark.parametrize("name", speciate.NAMES)
def test_every_name_is_there(name: str) -> None:
    assert getattr(speciate, name).__name__ == name


def test_every_name_is_listed() -> None:
    assert sorted(speciate.__all__) == sorted([*speciate.NAMES, "__version__"]) == dir(speciate)


def test_type_checkers_see_the_same_names() -> None:
    tree = ast.parse(Path(speciate.__file__).read_text())
    block = next(node for node in tree.body if isinstance(node, ast.If))
    seen = {a.name: n.module for n in block.body if isinstance(n, ast.ImportFrom) for a in n.names}
    assert seen == {name: f"speciate.{part}" for name, part in speciate.NAMES.items()}


def test_unknown_names() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = speciate.Nothing


def test_importing_costs_nothing() -> None:
    code = "import sys, speciate; print(*{m.split('.')[0] for m in sys.modules} & {'torch', 'numpy', 'pandas', 'rich'})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
