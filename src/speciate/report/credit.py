"""Operator credit: how often each operator's children beat their parents, and by how much."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from speciate.intervals import FREE, Bounds, wilson
from speciate.report.statistics import Estimate, difference_of
from speciate.store import Row


@dataclass(frozen=True, slots=True)
class Share:
    """How many of how many: `hits` of `n`."""

    hits: int
    n: int

    @property
    def value(self) -> float:
        """The share, from 0 to 1; 0 of nothing."""
        return self.hits / self.n if self.n else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval; 0 to 1 of nothing."""
        return wilson(self.hits, self.n) if self.n else (0.0, 1.0)


@dataclass(frozen=True, slots=True)
class Credit:
    """What came of an operator's children.

    Where weights are inherited, a child has been trained for longer than its parent, so that nearly every child would seem
    to be an improvement. Then what a child gained is compared with what the others of its generation gained, which had as
    much additional training: with the median, because a few children that lost nearly everything would decide the mean.

    Attributes:
        operator: Its name.
        children: Children that were evaluated and whose parent has a score.
        failed: Those of them that failed.
        better: Those that scored higher than their best parent.
        change: Score minus the best parent's, over the children with a score.
        ahead: Those that gained more than the median of their generation's other children, of those that have such others.
        lead: Their gain minus that median, over the children with a score.
        records: Children that set a new best of the run.
    """

    operator: str
    children: int
    failed: int
    better: Share
    change: Estimate
    ahead: Share
    lead: Estimate
    records: int


@dataclass(frozen=True, slots=True)
class _Child:
    """An evaluated child: its score minus its best parent's, None if it failed."""

    operator: str
    generation: int
    gain: float | None
    record: bool


def operator_credits(rows: Sequence[Row], bounds: Bounds = FREE) -> tuple[Credit, ...]:
    """Credit by operator, most children first, where scores have such bounds. Copies and random genomes have no operator."""
    gains: dict[int, list[float]] = {}
    groups: dict[str, list[_Child]] = {}
    for child in _children(rows):
        groups.setdefault(child.operator, []).append(child)
        if child.gain is not None:
            insort(gains.setdefault(child.generation, []), child.gain)
    found = [_credit(name, group, gains, bounds) for name, group in groups.items()]
    return tuple(sorted(found, key=lambda c: (-c.children, c.operator)))


def _credit(
    name: str, children: Sequence[_Child], gains: Mapping[int, Sequence[float]], bounds: Bounds
) -> Credit:
    """What came of one operator's children, by the ascending gains of every generation."""
    usual = [_median_of_others(gains.get(child.generation, []), child.gain) for child in children]
    own = [child.gain for child in children if child.gain is not None]
    leads = [c.gain - u for c, u in zip(children, usual, strict=True) if None not in (c.gain, u)]  # type: ignore[operator]
    return Credit(
        operator=name,
        children=len(children),
        failed=len(children) - len(own),
        better=Share(sum(gain > 0 for gain in own), len(children)),
        change=difference_of(own, bounds),
        ahead=Share(sum(lead > 0 for lead in leads), len(usual) - usual.count(None)),
        lead=difference_of(leads, (2 * bounds[0], 2 * bounds[1])),
        records=sum(child.record for child in children),
    )


def _median_of_others(ordered: Sequence[float], own: float | None) -> float | None:
    """The median of ascending values without one of them; None if no other is left."""
    skip = len(ordered) if own is None else bisect_left(ordered, own)
    n = len(ordered) - (own is not None)
    if n == 0:
        return None
    at = ((n - 1) // 2, n // 2)
    low, high = (ordered[i + (i >= skip)] for i in at)
    return (low + high) / 2


def _children(rows: Sequence[Row]) -> list[_Child]:
    """Every evaluated network with a parent that has a score, and another genome."""
    by_id = {row.id: row for row in rows}
    found: list[_Child] = []
    top: float | None = None
    for row in rows:
        if row.status == "pending" or row.repeat_of is not None:
            continue
        record = row.score is not None and (top is None or row.score > top)
        top = row.score if record else top
        parents = [by_id[p] for p in row.parents if p in by_id]
        scores = [parent.score for parent in parents if parent.score is not None]
        if scores and row.key not in {parent.key for parent in parents}:
            gain = None if row.score is None else row.score - max(scores)
            found.append(_Child(row.operator, row.generation, gain, record))
    return found
