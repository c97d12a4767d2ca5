"""From stored rows back to the records they came from, and whether a stored run is still the same run."""

from __future__ import annotations

import platform
from importlib import metadata
from typing import Any

from speciate.errors import ConfigurationError
from speciate.records import Ancestor, Budget, Candidate, Cost, Evaluation, Phase, Status
from speciate.spaces import NetworkGenome
from speciate.store import Row


def candidate_of(row: Row) -> Candidate:
    """The candidate that a row describes."""
    return Candidate(
        id=row.id,
        genome=NetworkGenome.from_json(row.genome),
        seed=row.seed,
        budget=Budget(row.examples),
        parents=row.parents,
        operator=row.operator,
        generation=row.generation,
        phase=Phase(row.phase),
        ancestors=tuple(Ancestor(i, NetworkGenome.from_json(g), weights) for i, g, weights in row.ancestors),
        inherited_examples=row.inherited_examples,
    )


def trained(row: Row) -> Ancestor:
    """The network of a row whose weights were kept."""
    return Ancestor(row.id, NetworkGenome.from_json(row.genome), str(row.weights))


def evaluation_of(row: Row, candidate: Candidate) -> Evaluation:
    """The evaluation that a row describes."""
    return Evaluation(
        candidate=candidate,
        status=Status(row.status),
        score=row.score,
        metrics=row.metrics,
        cost=Cost(row.examples_seen, row.lineage_examples, row.seconds),
        parameters=row.parameters,
        engine=row.engine,
        repeat_of=row.repeat_of,
        weights=row.weights,
        error=row.error,
    )


def versions() -> dict[str, str]:
    """The versions that a result depends on."""
    names = ("speciate", "torch", "numpy", "pandas", "scikit-learn", "scipy", "numba")
    return {"python": platform.python_version(), **{name: _version(name) for name in names}}


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:  # Numba does not exist for every Python and processor
        return "none"


def compare_identity(known: dict[str, Any], now: dict[str, Any]) -> None:
    """Refuse to go on with a run that was started differently, naming every difference."""
    different = [
        f"{key}: was {known.get(key)!r:.300}, is {now[key]!r:.300}"
        for key in now
        if known.get(key) != now[key]
    ]
    if different:
        raise ConfigurationError(
            "the folder holds a run with other settings or other data",
            why="; ".join(different),
            hint="use the settings it was started with, or a new folder",
            kept="the run in the folder is unchanged",
        )
