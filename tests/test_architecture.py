"""Imports go one way: a folder imports lower levels only. The levels are those of docs/design.md."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import speciate

ROOT = Path(speciate.__file__).parent

LEVELS = {
    "errors": 0, "rng": 0, "text": 0, "failpoints": 0, "versions": 0,
    "files": 1, "intervals": 1, "records": 1, "registry": 1, "signatures": 1,
    "jit": 2, "layers": 2, "data": 2, "store": 2,
    "spaces": 3, "training": 3,
    "mutation": 4, "networks": 4,
    "inheritance": 5, "algorithms": 5, "champion": 5, "backends": 5,
    "evaluators": 6,
    "run": 7, "report": 7,
    "neat": 8,
    "config": 9, "terminal": 9,
    "estimators": 10, "compare": 10, "scoring": 10,
    "cli": 11, "testing": 11,
    "__init__": 12, "__main__": 12,
}  # fmt: skip

WITHIN = {
    ("backends", "evaluators"),  # a backend is handed an evaluator; it calls nothing but `evaluate`
    ("registry", "signatures"),
    ("config", "terminal"),
    ("estimators", "config"),
}
"""Imports between parts of the same level, each with its direction."""

LATE = {"matplotlib", "scipy", "sklearn", "torch", "pandas", "typer", "rich", "pydantic", "numba"}


def part(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imports(path: Path) -> set[str]:
    """The parts of speciate that a file imports, inside functions and under TYPE_CHECKING too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names = [node.module or ""]
            if node.module == "speciate":
                names = [f"speciate.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        found |= {name.split(".")[1] for name in names if name.startswith("speciate.")}
    return found


FILES = sorted(ROOT.rglob("*.py"))


def test_every_part_has_a_level() -> None:
    assert {part(path) for path in FILES} <= set(LEVELS)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_down(path: Path) -> None:
    here = part(path)
    for other in imports(path) & set(LEVELS):
        allowed = other == here or LEVELS[other] < LEVELS[here] or (here, other) in WITHIN
        assert allowed, f"{here} (level {LEVELS[here]}) imports {other} (level {LEVELS[other]})"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_first_line_says_what_a_file_is_for(path: Path) -> None:
    text = path.read_text()
    assert not text.strip() or ast.get_docstring(ast.parse(text)), "no docstring"


@pytest.mark.parametrize("name", ["store", "selection", "report", "data", "records"])
def test_these_parts_never_import_torch(name: str) -> None:
    for path in FILES:
        if part(path) == name:
            for node in ast.walk(ast.parse(path.read_text())):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
                assert not [n for n in names if n.split(".")[0] == "torch"], path


def test_ray_is_imported_in_one_place_and_late() -> None:
    places = {
        (path.relative_to(ROOT).as_posix(), isinstance(parent, ast.FunctionDef))
        for path in FILES
        for parent in ast.walk(ast.parse(path.read_text()))
        for node in ast.iter_child_nodes(parent)
        if (isinstance(node, ast.Import) and any(alias.name.split(".")[0] == "ray" for alias in node.names))
        or (isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "ray")
    }
    assert places == {("backends/cluster.py", True)}


def test_nothing_pickles_to_files() -> None:
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if {"pickle", "cloudpickle", "joblib", "dill", "shelve"} & set(names):
                assert path.relative_to(ROOT).as_posix() == "backends/travel.py", path


ALONE = {"champion/standalone/weights.py"}
"""What is written into a champion's model.py, where nothing else of the project is."""

METHODS = {
    *(
        "read_text",
        "read_bytes",
        "write_text",
        "write_bytes",
        "touch",
        "mkdir",
        "unlink",
        "rmdir",
        "rename",
        "chmod",
    ),
    *("symlink_to", "hardlink_to", "rmtree", "copyfile", "copytree", "copy2", "move", "mkdtemp", "mkstemp"),
    *(
        "NamedTemporaryFile",
        "TemporaryDirectory",
        "TemporaryFile",
        "truncate",
        "makedirs",
        "removedirs",
        "symlink",
    ),
}
"""Calls that open, make, replace or delete a file, whatever they are called on."""

CALLS = {
    *(
        "open",
        "io.open",
        "os.open",
        "os.remove",
        "os.replace",
        "os.link",
        "os.chown",
        "gzip.open",
        "Path.open",
    ),
    *("zipfile.ZipFile", "tarfile.open", "tomllib.load", "torch.save", "torch.load", "np.save", "np.savez"),
    *("sqlite3.connect", "shutil.copy"),
}
"""The same by their whole name."""


def touches_files(call: ast.Call) -> bool:
    """Whether a call opens, makes, replaces or deletes a file."""
    name = ast.unparse(call.func)
    method = call.func.attr if isinstance(call.func, ast.Attribute) else name
    if method == "open":  # `path.open("rb")` has a mode, `data.test.open()` has none
        modes = [
            a for a in call.args[:1] if isinstance(a, ast.Constant) and set(str(a.value)) <= set("rwxab+t")
        ]
        return name in CALLS or bool(modes)
    replaces = method == "replace" and len(call.args) == 1 and not call.keywords
    return name in CALLS or method in METHODS or replaces


def test_files_are_touched_in_one_room() -> None:
    found = {
        f"{path.relative_to(ROOT)}: {ast.unparse(node.func)}"
        for path in FILES
        if part(path) != "files" and path.relative_to(ROOT).as_posix() not in ALONE
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and touches_files(node)
    }
    assert found == {"store/connection.py: sqlite3.connect"}


def test_readers_of_data_are_handed_open_files() -> None:
    """What opens a file itself, when it is given a path, gets one that is open: a regular one."""
    readers = {"read_csv", "read_parquet", "np.load", "image.open", "_pillow().open", "is_zipfile"}
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Call)
                and ast.unparse(node.func).removeprefix("pd.").removeprefix("zipfile.") in readers
            ):
                given = ast.unparse(node.args[0])
                assert given in ("file", "stream") or given.startswith("io."), f"{path}: {given}"
