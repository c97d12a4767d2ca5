"""A thing carries its own knowledge: nothing outside its room asks for a concrete kind or lists the kinds by name."""

from __future__ import annotations

import ast
import importlib
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import speciate
from speciate.registry import REGISTRIES

ROOT = Path(speciate.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))
TREES = {path: ast.parse(path.read_text()) for path in FILES}

BASES = {
    "Algorithm": "algorithms",
    "Backend": "backends",
    "Evaluator": "evaluators",
    "Evolver": "neat/evolvers",
    "LayerType": "layers",
    "Map": "layers",
    "Merge": "layers",
    "Space": "spaces",
    "Task": "neat/tasks",
    "Unitwise": "layers",
}
"""The contracts, and the room in which their own kinds live."""

ROOMS = {
    "speciate.algorithms": "algorithms",
    "speciate.backends": "backends",
    "speciate.evolvers": "neat",
    "speciate.layers": "layers",
    "speciate.mutations": "mutation",
    "speciate.sources": "data/sources",
    "speciate.spaces": "spaces",
    "speciate.tasks": "neat",
}
"""The rooms of what is registered."""

WORDS = {
    "activation",
    "add",
    "dense",
    "dropout",
    "graph",
    "input",
    "local",
    "output",
    "random",
    "resample",
    "scale",
    "split",
    "table",
}
"""Names of kinds that are words for something else too: genes, the ends of a network, a table of weights, a data set's shape."""

OFFERED = {"spaces/presets.py", "spaces/drawing.py"}
"""What a space offers is which kinds of layers it has, and in which order they make sense."""

GENERATED = "champion/standalone/"
"""Code that is written into the model.py of a champion, where nothing else of the project is."""


def room(path: Path) -> str:
    return path.relative_to(ROOT).parent.as_posix()


@cache
def concrete() -> dict[str, Path]:
    """The files of the classes that fulfill a contract, directly or through another class, by name."""
    found: dict[str, Path] = {}
    classes = [
        (path, node)
        for path, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    ]
    bases = set(BASES)
    while more := {
        node.name: path
        for path, node in classes
        if node.name not in found
        and node.name not in BASES
        and any(isinstance(b, ast.Name) and b.id in bases for b in node.bases)
    }:
        found |= more
        bases |= set(more)
    return found


@cache
def names_of_kinds() -> dict[str, set[str]]:
    """What is registered by the package itself, by room."""
    found: dict[str, set[str]] = {}
    for package in (
        "algorithms",
        "backends",
        "data.sources",
        "layers",
        "neat.evolvers",
        "neat.tasks",
        "spaces",
    ):
        importlib.import_module(f"speciate.{package}")
    for group, home in ROOMS.items():
        found.setdefault(home, set()).update(set(REGISTRIES[group]) - set(REGISTRIES[group].external()))
    return found


def mentioned(node: ast.AST) -> Iterator[str]:
    """Names of classes in the second argument of isinstance, also in a union or a tuple."""
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            yield part.id
        elif isinstance(part, ast.Attribute) and not (
            isinstance(part.value, ast.Name) and part.value.id == "nn"
        ):
            yield part.attr  # torch's own classes are not ours


def test_the_contracts_have_kinds() -> None:
    assert {"AgingEvolution", "SupervisedEvaluator", "Dense", "NetworkSpace", "InlineBackend"} <= set(
        concrete()
    )
    assert "aging" in names_of_kinds()["algorithms"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_asks_whether_it_is_a_concrete_kind(path: Path) -> None:
    kinds = concrete()
    for node in ast.walk(TREES[path]):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in ("isinstance", "issubclass")
        ):
            for name in mentioned(node.args[1]):
                home = room(kinds[name]) if name in kinds else None
                assert home is None or room(path).startswith(home), (
                    f"line {node.lineno} asks for {name}, which belongs to {home}"
                )


def listed(node: ast.AST) -> list[str]:
    """The texts that a literal lists: elements of a collection, keys of a mapping, arguments of `Literal`."""
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        parts: list[ast.expr | None] = list(node.elts)
    elif isinstance(node, ast.Dict):
        parts = list(node.keys)
    elif isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id == "Literal":
        parts = list(node.slice.elts) if isinstance(node.slice, ast.Tuple) else [node.slice]
    elif isinstance(node, ast.Match):
        parts = [case.pattern.value for case in node.cases if isinstance(case.pattern, ast.MatchValue)]
    else:
        return []
    return [part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_lists_or_compares_the_names_of_kinds(path: Path) -> None:
    where = path.relative_to(ROOT).as_posix()
    for home, names in names_of_kinds().items():
        if where.startswith((home, GENERATED)) or where in OFFERED:
            continue
        for node in ast.walk(TREES[path]):
            several = set(listed(node)) & names - WORDS
            assert len(several) < 2, f"line {getattr(node, 'lineno', '?')} lists {sorted(several)} of {home}"
            if isinstance(node, ast.Compare):
                texts = {
                    n.value
                    for n in ast.walk(node)
                    if isinstance(n, ast.Constant) and isinstance(n.value, str)
                }
                assert not texts & (names - WORDS), (
                    f"line {node.lineno} compares with {texts & names} of {home}"
                )


def test_a_class_name_means_one_thing() -> None:
    found = defaultdict(list)
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            where = path.relative_to(ROOT).as_posix()
            if (
                isinstance(node, ast.ClassDef)
                and not node.name.startswith("_")
                and not where.startswith(GENERATED)
            ):
                found[node.name].append(where)
    assert not {name: where for name, where in found.items() if len(where) > 1}


def test_files_import_in_one_direction() -> None:
    """No circle between files, imports inside functions included."""
    modules = {
        ".".join(("speciate", *p.relative_to(ROOT).with_suffix("").parts)).removesuffix(".__init__"): p
        for p in FILES
    }
    edges: dict[str, set[str]] = {}
    for name, path in modules.items():
        found = set()
        for node in ast.walk(TREES[path]):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("speciate"):
                for alias in node.names:
                    inner = f"{node.module}.{alias.name}"
                    found.add(inner if inner in modules else str(node.module))
            elif isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names if alias.name in modules}
        edges[name] = (found & set(modules)) - {name}
    edges["speciate"] = set()  # its names are imported when they are used
    waiting = {name: set(targets) for name, targets in edges.items()}
    while free := [name for name, targets in waiting.items() if not targets]:
        for name in free:
            del waiting[name]
        for targets in waiting.values():
            targets.difference_update(free)
    circle = sorted(name for name in waiting if any(name in targets for targets in waiting.values()))
    assert not circle, f"these files import each other in a circle: {circle}"


def test_a_reader_takes_a_search_in_at_once() -> None:
    assert len((ROOT / "run" / "search.py").read_text().splitlines()) < 250


def test_no_file_is_long() -> None:
    long = {str(p.relative_to(ROOT)): n for p in FILES if (n := len(p.read_text().splitlines())) > 400}
    assert not long
