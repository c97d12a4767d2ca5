"""Writes and reads what is stored of slices: their best members, and numbers of all members as arrays of bytes."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from speciate.records import Evaluation

KINDS = "bif"
"""Kinds of numbers that are stored: truth values, whole numbers, real numbers."""

NEVER = -1
"""Before the first generation."""


class SliceTables:
    """Writes slices; the caller holds the transaction.

    The best member of a slice is kept as a genome if nothing in earlier generations was better. That does not depend on the
    order in which the slices of a generation are finished, and it keeps a long run from being filled with genomes that nobody
    will ask for.

    Args:
        database: Where to.
    """

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._generation = NEVER
        self._earlier, self._best = -math.inf, -math.inf

    def write(self, evaluations: Sequence[Evaluation]) -> None:
        """Write what came of slices."""
        kept = [self._is_kept(evaluation) for evaluation in evaluations]
        best = [e.best for e, keep in zip(evaluations, kept, strict=True) if keep and e.best is not None]
        self._database.executemany(
            "INSERT OR IGNORE INTO genomes VALUES (?, ?, ?, ?)",
            [
                (g.key, g.phenotype, json.dumps(g.to_json(), separators=(",", ":")), g.describe())
                for g in best
            ],
        )
        self._database.executemany(
            "INSERT INTO broods VALUES (?, ?, ?)",
            [
                (e.candidate.id, e.candidate.size, e.best.key if keep and e.best else None)
                for e, keep in zip(evaluations, kept, strict=True)
            ],
        )
        self._database.executemany(
            "INSERT INTO members VALUES (?, ?, ?, ?)",
            [
                (e.candidate.id, name, *written_numbers(values))
                for e in evaluations
                for name, values in e.columns.items()
            ],
        )

    def _is_kept(self, evaluation: Evaluation) -> bool:
        if not is_slice(evaluation):  # a single genome that was made of another
            return True
        generation, score = evaluation.candidate.generation, evaluation.fitness
        if generation != self._generation:
            self._begin(generation)
        self._best = max(self._best, score)
        return evaluation.ok and (score >= self._earlier or bool(evaluation.metrics.get("solved")))

    def _begin(self, generation: int) -> None:
        """A generation begins; the one before is complete, or is in the database where this is another process."""
        query = """SELECT max(CASE WHEN c.generation < ? THEN e.score END), max(e.score)
            FROM evaluations e JOIN broods b ON b.candidate = e.candidate JOIN candidates c ON c.id = e.candidate"""
        if self._generation == NEVER:
            earlier, best = self._database.execute(query, (generation,)).fetchone()
            self._earlier = -math.inf if earlier is None else earlier
            self._best = -math.inf if best is None else best
        else:
            self._earlier = self._best
        self._generation = generation


def is_slice(evaluation: Evaluation) -> bool:
    """Whether it is of a slice."""
    return evaluation.candidate.slice is not None


def written_numbers(values: NDArray[Any]) -> tuple[str, bytes]:
    """The type and the bytes of an array (n,), little-endian."""
    little = np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<"))
    return little.dtype.str, little.tobytes()


def read_numbers(kind: str, content: bytes) -> NDArray[Any]:
    """The array (n,) that was written.

    Raises:
        ValueError: It is not one of numbers.
        TypeError: The same.
    """
    if np.dtype(kind).kind not in KINDS:
        raise ValueError(f"{kind!r} is not a type of numbers")
    return np.frombuffer(content, dtype=kind)
