"""What a run folder holds, read without the package: so that whatever the package becomes is measured by the same rule."""

from __future__ import annotations

import hashlib
import json
import platform
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

FROZEN = Path(__file__).parent / "runs"
"""A folder for each run: `whole`, `half` (killed on the way) and `said.json`, what 0.1.0 said of both."""

FLOWERS = Path(__file__).parent / "flowers.csv"
"""Rows to predict."""

QUERIES = {
    "candidates": "SELECT id, phase, generation, genome, seed, examples, operator, parents, ancestors, "
    "inherited_examples, known FROM candidates ORDER BY id",
    "evaluations": "SELECT candidate, status, score, metrics, examples_seen, lineage_examples, parameters, engine, "
    "repeat_of, weights, error FROM evaluations ORDER BY candidate",
    "genomes": "SELECT key, phenotype, json, description FROM genomes ORDER BY key",
    "broods": "SELECT candidate, size, best FROM broods ORDER BY candidate",
    "members": "SELECT candidate, name, type, numbers FROM members ORDER BY candidate, name",
    "baselines": "SELECT name, valid_score, test_score, metrics, description FROM baselines ORDER BY name",
    "events": "SELECT kind, message FROM events ORDER BY id",
    "champion": "SELECT value FROM run WHERE key = 'champion'",
}
"""Everything that is not a time, and does not change when a run goes on somewhere else."""

ROWS = """
    SELECT id, phase, genome, parents, status, score, weights
    FROM candidates LEFT JOIN evaluations ON candidate = id ORDER BY id
"""


def asked(folder: Path, query: str) -> list[tuple[Any, ...]]:
    """The answer of a run's database."""
    with closing(sqlite3.connect(folder / "run.sqlite")) as db:
        return db.execute(query).fetchall()


def stored(folder: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Everything in a run's database but times."""
    return {name: asked(folder, query) for name, query in QUERIES.items()}


def rows(folder: Path) -> list[list[Any]]:
    """The networks of a run in a few words."""
    return [list(row) for row in asked(folder, ROWS)]


def fact(folder: Path, key: str) -> Any:
    """Something that the run knows about itself; None if it does not."""
    found = asked(folder, f"SELECT value FROM run WHERE key = '{key}'")
    return json.loads(found[0][0]) if found else None


def files(folder: Path, *parts: str) -> dict[str, bytes]:
    """All files in parts of a run's folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for part in parts
        for path in sorted((folder / part).rglob("*"))
        if path.is_file()
    }


def champion(folder: Path) -> dict[str, Any]:
    """What became champion, and the hash of the file with its weights."""
    found = fact(folder, "champion")
    weights = (folder / "champion/model.safetensors").read_bytes()
    return {
        **{key: found[key] for key in ("id", "genome", "valid_score", "test_score", "weights")},
        "file": hashlib.sha256(weights).hexdigest(),
    }


def processor() -> dict[str, str]:
    """The kind of processor: on another one, the same code may round otherwise."""
    import torch
    from llvmlite.binding import get_host_cpu_name

    return {
        "machine": platform.machine(),
        "kind": get_host_cpu_name(),
        "torch": torch.backends.cpu.get_cpu_capability(),
    }


def rounded(value: Any) -> Any:
    """The value with five digits of each number: the ends of intervals come from SciPy, which knows z to more digits."""
    if isinstance(value, dict):
        return {key: rounded(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(part) for part in value]
    if isinstance(value, str) and value[:1] == "{":
        return rounded(json.loads(value))
    return float(f"{value:.5g}") if isinstance(value, float) else value
