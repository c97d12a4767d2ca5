"""From stored rows back to the records they came from, and whether a stored run is still the same run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from speciate.errors import ConfigurationError
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
from speciate.store import Row


def genome_of(value: dict[str, Any], text: str = "") -> Genome:
    """The genome of a canonical JSON form; other kinds than networks of layers are left to whoever evaluates them."""
    if value.get("kind") == "brood":
        return Slice.from_json(value)
    return StoredGenome(value, text) if "kind" in value else NetworkGenome.from_json(value)


def candidate_of(row: Row) -> Candidate:
    """The candidate that a row describes. Of a slice it knows the place; its algorithm knows the rest."""
    return Candidate(
        id=row.id,
        genome=genome_of(row.genome, row.description),
        seed=row.seed,
        budget=Budget(row.examples),
        parents=row.parents,
        operator=row.operator,
        generation=row.generation,
        phase=Phase(row.phase),
        ancestors=tuple(Ancestor(i, NetworkGenome.from_json(g), weights) for i, g, weights in row.ancestors),
        inherited_examples=row.inherited_examples,
        known=row.known,
    )


def evaluation_of(row: Row, candidate: Candidate, columns: Columns | None = None) -> Evaluation:
    """The evaluation that a row describes.

    Args:
        row: The row.
        candidate: What was evaluated.
        columns: The numbers of the members, where it is a slice.
    """
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


def changes(
    known: Mapping[str, Any],
    now: Mapping[str, Any],
    versions_then: Mapping[str, str],
    versions_now: Mapping[str, str],
) -> list[str]:
    """What a run's results depend on and is not as it was when the run began, in words.

    Args:
        known: The run's identity as it is stored.
        now: The identity of what wants to go on with it.
        versions_then: What `versions` gave when the run began.
        versions_now: What it gives now.
    """
    settings = [
        f"{key}: was {known.get(key)!r:.300}, is {now[key]!r:.300}"
        for key in now
        if not is_same(known.get(key), now[key])
    ]
    return settings + [
        f"{name}: was {versions_then.get(name)}, is {versions_now[name]}"
        for name in versions_now
        if versions_then.get(name) != versions_now[name]
    ]


def is_same(known: Any, now: Any) -> bool:
    """Whether a part of a stored identity is that of what wants to go on.

    Sources ("code") that were not known when the run began fit any.
    """
    if not isinstance(known, Mapping) or not isinstance(now, Mapping):
        return bool(known == now)
    keys = (known.keys() | now.keys()) - ({"code"} if not known.get("code") else set())
    return all(is_same(known.get(key), now.get(key)) for key in keys)


def refuse(found: Sequence[str]) -> NoReturn:
    """Name what has changed.

    Raises:
        ConfigurationError: Always.
    """
    raise ConfigurationError(
        "the folder holds a run with other settings, other data or other versions",
        why="; ".join(found),
        hint="use what it was started with, or a new folder; --accept-changes goes on all the same, and the run "
        "cannot be repeated any more",
        kept="the run in the folder is unchanged",
    )
