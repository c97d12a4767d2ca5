"""From stored rows back to the records that they came from."""

from __future__ import annotations

from typing import Any

from speciate.evaluators import Champion
from speciate.records import (
    Ancestor,
    Budget,
    Candidate,
    Columns,
    Cost,
    Evaluation,
    Genome,
    Phase,
    Slice,
    Status,
    StoredGenome,
)
from speciate.spaces import NetworkGenome
from speciate.store import Row, Store, sensible


def genome_of(value: dict[str, Any], text: str = "") -> Genome:
    """The genome of a canonical JSON form; other kinds than networks of layers are left to their evaluator."""
    if value.get("kind") == "brood":
        return Slice.from_json(value)
    return StoredGenome(value, text) if "kind" in value else NetworkGenome.from_json(value)


def champion_of(store: Store) -> Champion | None:
    """The champion of a run, once there is one.

    Raises:
        StorageError: What is stored is none.
    """
    found = store.get("champion")
    with sensible(store.path):
        return None if found is None else Champion.from_json(found)


def candidate_of(row: Row) -> Candidate:
    """The candidate that a row describes. Of a slice it knows the place; its algorithm knows the rest.

    Raises:
        StorageError: It describes none.
    """
    with sensible(None):
        ancestors = tuple(Ancestor(i, NetworkGenome.from_json(g), weights) for i, g, weights in row.ancestors)
        return Candidate(
            id=row.id,
            genome=genome_of(row.genome, row.description),
            seed=row.seed,
            budget=Budget(row.examples),
            parents=row.parents,
            operator=row.operator,
            generation=row.generation,
            phase=Phase(row.phase),
            ancestors=ancestors,
            inherited_examples=row.inherited_examples,
            known=row.known,
            fold=row.fold,
        )


def evaluation_of(row: Row, candidate: Candidate, columns: Columns | None = None) -> Evaluation:
    """The evaluation that a row describes.

    Args:
        row: The row.
        candidate: What was evaluated.
        columns: The numbers of the members, where it is a slice.
    """
    with sensible(None):
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
            best=None if row.best is None else genome_of(row.best, row.best_text),
            columns=columns or {},
        )


def recorded(row: Row) -> Evaluation:
    """The evaluation of a finished row, without the numbers of the members of a slice."""
    return evaluation_of(row, candidate_of(row))
