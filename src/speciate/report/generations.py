"""The search's population by generation, the best so far, and the best networks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from speciate.mutation import best
from speciate.report.statistics import Box, box
from speciate.store import Row


@dataclass(frozen=True, slots=True)
class Generation:
    """One generation of the search.

    Attributes:
        number: Its number, from 0.
        ids: Candidates with a score.
        scores: Their scores.
        failed: Candidates that failed.
        pending: Candidates without a result.
        box: The box plot of the scores.
    """

    number: int
    ids: tuple[int, ...]
    scores: tuple[float, ...]
    failed: int
    pending: int
    box: Box | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One of the best networks of the search."""

    id: int
    generation: int
    score: float
    parameters: int
    operator: str
    description: str


def generations(rows: Sequence[Row]) -> tuple[Generation, ...]:
    """The generations of a search's rows, in order."""
    ordered = sorted(rows, key=lambda row: (row.generation, row.id))
    return tuple(
        _generation(number, list(group)) for number, group in groupby(ordered, lambda r: r.generation)
    )


def _generation(number: int, rows: Sequence[Row]) -> Generation:
    ok = [row for row in rows if row.score is not None]
    scores = tuple(row.score for row in ok if row.score is not None)
    pending = sum(row.status == "pending" for row in rows)
    failed = len(rows) - len(ok) - pending
    return Generation(number, tuple(row.id for row in ok), scores, failed, pending, box(scores))


def picked(found: Sequence[Generation], most: int) -> list[Generation]:
    """At most `most` generations, evenly spaced, the first and the last among them."""
    if len(found) <= most:
        return list(found)
    steps = max(1, most - 1)
    return [found[round(i * (len(found) - 1) / steps)] for i in range(steps + 1)]


def generations_pooled(runs: Sequence[Sequence[Generation]]) -> list[Generation]:
    """The generations of several runs, those of the same number pooled."""
    every = sorted((part for run in runs for part in run), key=lambda part: part.number)
    return [_pooled(number, list(parts)) for number, parts in groupby(every, lambda part: part.number)]


def _pooled(number: int, parts: Sequence[Generation]) -> Generation:
    scores = tuple(score for part in parts for score in part.scores)
    ids = tuple(i for part in parts for i in part.ids)
    failed, pending = sum(p.failed for p in parts), sum(p.pending for p in parts)
    return Generation(number, ids, scores, failed, pending, box(scores))


def progress(rows: Sequence[Row]) -> tuple[tuple[int, float], ...]:
    """(networks trained, best score so far): the first score, and a step wherever the best rises, and the end."""
    steps: list[tuple[int, float]] = []
    trained = 0
    for row in rows:
        if row.status == "pending" or row.repeat_of is not None:
            continue
        trained += 1
        if row.score is not None and (not steps or row.score > steps[-1][1]):
            steps.append((trained, row.score))
    if steps and steps[-1][0] < trained:
        steps.append((trained, steps[-1][1]))
    return tuple(steps)


def best_networks(rows: Sequence[Row], count: int = 10) -> tuple[Entry, ...]:
    """The best different networks of a search, best first."""
    ok = [row for row in rows if row.score is not None and row.repeat_of is None]
    scores = [row.score for row in ok if row.score is not None]
    return tuple(
        Entry(row.id, row.generation, score, row.parameters, row.operator, row.description)
        for i in best(scores, count)
        for row, score in [(ok[i], scores[i])]
    )
