"""What is stored of slices of a generation: the best members, and numbers of all members as arrays of bytes."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from speciate.records import Columns, Evaluation, Genome
from speciate.store.connection import insert
from speciate.store.rows import Row

KINDS = "bif"
"""Kinds of numbers that are stored: truth values, whole numbers, real numbers."""


class SliceTables:
    """Writes what came of slices; the caller holds the transaction.

    The best member of a slice is kept as a genome if nothing in earlier generations was better. That does not depend on the
    order in which the slices of a generation are finished, and it keeps a long run from being filled with genomes that
    are of no use later.

    Args:
        database: Where to.
    """

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._generation: int | None = None
        self._earlier, self._best = -math.inf, -math.inf

    def write(self, evaluations: Sequence[Evaluation]) -> None:
        """Write what came of slices, and of single genomes that another was made of."""
        kept = [e.best if self._is_kept(e) else None for e in evaluations]
        insert(self._database, "genomes", [genome_row(best) for best in kept if best is not None], "IGNORE")
        slices = [
            {"candidate": e.candidate.id, "size": e.candidate.size, "best": best and best.key}
            for e, best in zip(evaluations, kept, strict=True)
        ]
        insert(self._database, "broods", slices)
        columns = [
            {"candidate": e.candidate.id, "name": name} | written_numbers(values)
            for e in evaluations
            for name, values in e.columns.items()
        ]
        insert(self._database, "members", columns)

    def _is_kept(self, evaluation: Evaluation) -> bool:
        if evaluation.candidate.slice is None:
            return True
        generation, score = evaluation.candidate.generation, evaluation.fitness
        if generation != self._generation:
            self._begin(generation)
        self._best = max(self._best, score)
        return evaluation.ok and (score >= self._earlier or bool(evaluation.metrics.get("solved")))

    def _begin(self, generation: int) -> None:
        """A generation begins; the one before is complete, or is in the database if another process wrote it."""
        if self._generation is None:
            query = """SELECT max(CASE WHEN c.generation < ? THEN e.score END) AS earlier, max(e.score) AS best
                FROM evaluations e JOIN broods b ON b.candidate = e.candidate JOIN candidates c ON c.id = e.candidate"""
            found = self._database.execute(query, (generation,)).fetchone()
            self._earlier, self._best = (-math.inf if score is None else score for score in found)
        else:
            self._earlier = self._best
        self._generation = generation


def genome_row(genome: Genome) -> dict[str, str]:
    """A row of the table of genomes."""
    text = json.dumps(genome.to_json(), separators=(",", ":"), allow_nan=False)
    return {"key": genome.key, "phenotype": genome.phenotype, "json": text, "description": genome.describe()}


def written_numbers(values: NDArray[Any]) -> dict[str, str | bytes]:
    """The type and the bytes of an array (n,), little-endian."""
    little = np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<"))
    return {"type": little.dtype.str, "numbers": little.tobytes()}


def read_numbers(kind: str, content: bytes) -> NDArray[Any]:
    """The array (n,) that was written.

    Raises:
        ValueError: It is not one of numbers.
        TypeError: The same.
    """
    if np.dtype(kind).kind not in KINDS:
        raise ValueError(f"{kind!r} is not a type of numbers")
    return np.frombuffer(content, dtype=kind)


@dataclass(frozen=True, eq=False)
class GenerationTable:
    """One generation of a run whose candidates are slices, as far as it is evaluated.

    Attributes:
        number: From 0.
        columns: (members,) by name: `fitness`, `steps`, `species`, `connections`, `hidden`, ...; only those that all slices have.
    """

    number: int
    columns: dict[str, NDArray[Any]]

    @property
    def members(self) -> int:
        """How many are evaluated."""
        return len(self.columns["fitness"])

    def to_json(self) -> dict[str, Any]:
        """What it comes to."""
        columns, every = self.columns, self.columns["fitness"]
        fitness = every[np.isfinite(every)]  # the others could not be scored
        found: dict[str, Any] = {
            "generation": self.number,
            "members": self.members,
            "best": float(fitness.max()),
            "mean": float(fitness.mean()),
            "median": float(np.median(fitness)),
            "worst": float(fitness.min()),
        }
        if len(fitness) < len(every):
            found["failed"] = len(every) - len(fitness)
        if "solved" in columns:
            found["solved"] = int(columns["solved"].sum())
        if "species" in columns:
            found["species"] = len(np.unique(columns["species"]))
        if "steps" in columns:
            found["steps"] = int(columns["steps"].sum())
        sizes = [name for name in ("connections", "hidden") if name in columns]
        return found | {name: float(columns[name].mean()) for name in sizes}


def generation_tables(columns: Mapping[int, Columns], rows: Iterable[Row]) -> list[GenerationTable]:
    """The generations of a search whose candidates are slices, in order, without those in which all failed; none for any other.

    Args:
        columns: The numbers of the members of every slice, by candidate.
        rows: The search's, in order of id, and so of the members.
    """
    groups: dict[int, list[Columns]] = {}
    for row in rows:
        if "fitness" in columns.get(row.id, ()):
            groups.setdefault(row.generation, []).append(columns[row.id])
    tables = [GenerationTable(number, _joined(parts)) for number, parts in sorted(groups.items())]
    return [table for table in tables if np.isfinite(table.columns["fitness"]).any()]


def _joined(parts: Sequence[Columns]) -> dict[str, NDArray[Any]]:
    names = [name for name in parts[0] if all(name in part for part in parts)]
    return {name: np.concatenate([part[name] for part in parts]) for name in names}
