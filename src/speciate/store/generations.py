"""Generations of slices put together again: the numbers of all members, and what they come to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from speciate.store.store import Row, Store


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
        fitness = self.columns["fitness"]
        found: dict[str, Any] = {
            "generation": self.number,
            "members": self.members,
            "best": float(fitness.max()),
            "mean": float(fitness.mean()),
            "median": float(np.median(fitness)),
            "worst": float(fitness.min()),
        }
        if "solved" in self.columns:
            found["solved"] = int(self.columns["solved"].sum())
        if "species" in self.columns:
            found["species"] = len(np.unique(self.columns["species"]))
        if "steps" in self.columns:
            found["steps"] = int(self.columns["steps"].sum())
        means = {
            name: float(self.columns[name].mean())
            for name in ("connections", "hidden")
            if name in self.columns
        }
        return found | means


def generation_tables(store: Store, rows: Sequence[Row]) -> list[GenerationTable]:
    """The generations of a search whose candidates are slices, in order; none for any other.

    Args:
        store: Of the run.
        rows: The search's.
    """
    columns = store.columns() if any(row.is_slice for row in rows) else {}
    groups: dict[int, list[dict[str, NDArray[Any]]]] = {}
    for row in rows:  # in order of id, and so of the members
        if row.id in columns and "fitness" in columns[row.id]:
            groups.setdefault(row.generation, []).append(columns[row.id])
    return [GenerationTable(number, _joined(parts)) for number, parts in sorted(groups.items())]


def solved_in(rows: Sequence[Row]) -> int | None:
    """The generation in which a network was a solution of the task.

    Args:
        rows: The search's.
    """
    return next((row.generation for row in rows if row.metrics.get("solved")), None)


def _joined(parts: Sequence[dict[str, NDArray[Any]]]) -> dict[str, NDArray[Any]]:
    names = [name for name in parts[0] if all(name in part for part in parts)]
    return {name: np.concatenate([part[name] for part in parts]) for name in names}
