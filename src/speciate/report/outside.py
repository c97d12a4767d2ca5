"""The network that a run started from, as one more row: the parent of those whose only ancestor it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from speciate.report.network import read_genome
from speciate.report.origins import OUTSIDE
from speciate.report.text import mapping, whole
from speciate.store import Baseline, Row
from speciate.text import clean


def rooted(
    search: Sequence[Row], ancestor: Mapping[str, Any], baselines: Sequence[Baseline]
) -> tuple[Row, ...]:
    """The rows of a search with the network from outside before them, if there is one that can be read.

    Args:
        search: The search's candidates.
        ancestor: What the run says about the network that it started from; empty if it started from none.
        baselines: The run's baselines; the network's score as it came is one of them, unless some of its weights are new.
    """
    first = _row(ancestor, baselines)
    if first is None:
        return tuple(search)
    return (first, *(_child(row) for row in search))


def _child(row: Row) -> Row:
    """A row whose parent is from outside says so; any other as it is."""
    begun = not row.parents and any(number == OUTSIDE for number, _, _ in row.ancestors)
    return replace(row, parents=(OUTSIDE,)) if begun else row


def _row(ancestor: Mapping[str, Any], baselines: Sequence[Baseline]) -> Row | None:
    genome = mapping(ancestor.get("genome"))
    found = read_genome(genome)
    if found is None:
        return None
    known = next((row for row in baselines if row.name == "ancestor"), None)
    name = clean(ancestor.get("name") or "a network of your own", 60)
    return Row(
        id=OUTSIDE,
        phase="search",
        generation=OUTSIDE,
        genome=genome,
        key=found.key,
        phenotype="",
        description=f"{name}: {found.describe()}",
        seed=0,
        examples=whole(ancestor.get("examples")),
        operator="ancestor",
        parents=(),
        ancestors=(),
        inherited_examples=0,
        status="ok",
        score=None if known is None else known.valid_score,
        metrics={},
        examples_seen=0,
        lineage_examples=whole(ancestor.get("examples")),
        seconds=0.0,
        parameters=0 if known is None else whole(known.metrics.get("parameters")),
        engine="",
        repeat_of=None,
        weights=None,
        error="",
    )
