"""Operator credit: how often each operator's children beat their parents, and by how much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from speciate.report.statistics import Estimate, estimate, wilson
from speciate.store import Row


@dataclass(frozen=True, slots=True)
class Credit:
    """What came of an operator's children.

    Attributes:
        operator: Its name.
        children: Children that were evaluated and whose parent has a score.
        failed: Those of them that failed.
        better: Those that scored higher than their best parent.
        share: `better` over `children`, with Wilson's interval `low` to `high`.
        change: Score minus the best parent's, over the children with a score.
        records: Children that set a new best of the run.
    """

    operator: str
    children: int
    failed: int
    better: int
    share: float
    low: float
    high: float
    change: Estimate
    records: int


@dataclass(slots=True)
class _Tally:
    changes: list[float]
    failed: int = 0
    records: int = 0


def operator_credits(rows: Sequence[Row]) -> tuple[Credit, ...]:
    """Credit by operator, most children first. Copies and random genomes have no operator to be credited."""
    scores = {row.id: row.score for row in rows}
    tallies: dict[str, _Tally] = {}
    top: float | None = None
    for row in rows:
        if row.status == "pending" or row.repeat_of is not None:
            continue
        record = row.score is not None and (top is None or row.score > top)
        top = row.score if record else top
        parents = [score for p in row.parents if (score := scores.get(p)) is not None]
        if not parents:
            continue
        tally = tallies.setdefault(row.operator, _Tally([]))
        tally.records += record
        if row.score is None:
            tally.failed += 1
        else:
            tally.changes.append(row.score - max(parents))
    found = [_credit(name, tally) for name, tally in tallies.items()]
    return tuple(sorted(found, key=lambda c: (-c.children, c.operator)))


def _credit(name: str, tally: _Tally) -> Credit:
    children = len(tally.changes) + tally.failed
    better = sum(change > 0 for change in tally.changes)
    low, high = wilson(better, children) or (0.0, 1.0)
    share = better / children
    return Credit(
        name, children, tally.failed, better, share, low, high, estimate(tally.changes), tally.records
    )
