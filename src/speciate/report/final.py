"""The final, where the best few are trained again with fresh seeds, and the champion's real trainings."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from speciate.report.statistics import Estimate, estimate
from speciate.store import Row


@dataclass(frozen=True, slots=True)
class Finalist:
    """A network of the final.

    Attributes:
        id: The search's candidate.
        description: The genome in one line.
        search_score: The score that took it to the final.
        scores: Scores of the trainings with fresh seeds.
        failed: Trainings that failed.
        pending: Trainings without a result.
        mean: Mean of `scores`, with its interval.
        won: Whether it is the champion.
    """

    id: int
    description: str
    search_score: float | None
    scores: tuple[float, ...]
    failed: int
    pending: int
    mean: Estimate
    won: bool


@dataclass(frozen=True, slots=True)
class Training:
    """One of the champion's real trainings.

    Attributes:
        id: Candidate id.
        examples: Examples it showed.
        score: Validation score, or None.
        status: How it ended.
        chosen: Whether these weights are the champion's.
    """

    id: int
    examples: int
    score: float | None
    status: str
    chosen: bool


def finalists(search: Sequence[Row], final: Sequence[Row], champion: int | None) -> tuple[Finalist, ...]:
    """The networks of the final, the best mean first.

    Args:
        search: Rows of the search.
        final: Rows of the final; each one's parent is a finalist.
        champion: Id of the champion, once there is one.
    """
    by_id = {row.id: row for row in search}
    groups: dict[int, list[Row]] = {}
    for row in final:
        if row.parents and row.parents[0] in by_id:
            groups.setdefault(row.parents[0], []).append(row)
    found = [_finalist(by_id[i], rows, i == champion) for i, rows in groups.items()]

    def rank(f: Finalist) -> tuple[float, bool, int]:
        reliable = f.mean.mean is not None and not f.failed
        return (-f.mean.mean if reliable and f.mean.mean is not None else math.inf, not f.won, f.id)

    return tuple(sorted(found, key=rank))


def _finalist(row: Row, trainings: Sequence[Row], won: bool) -> Finalist:
    scores = tuple(t.score for t in trainings if t.score is not None)
    pending = sum(t.status == "pending" for t in trainings)
    failed = len(trainings) - len(scores) - pending
    return Finalist(row.id, row.description, row.score, scores, failed, pending, estimate(scores), won)


def trainings(rows: Sequence[Row], weights: str | None) -> tuple[Training, ...]:
    """The champion's trainings, fewest examples first."""
    ordered = sorted(rows, key=lambda row: (row.examples, row.id))
    return tuple(
        Training(r.id, r.examples, r.score, r.status, weights is not None and r.weights == weights)
        for r in ordered
    )
