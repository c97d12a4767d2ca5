"""What each phase of a run found and cost: the search's generations, the final, the champion's trainings, failures."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TypeVar

from speciate.intervals import FREE, Bounds
from speciate.mutation import best
from speciate.records import RECIPE
from speciate.report.statistics import Box, Estimate, box, estimate
from speciate.store import Row
from speciate.text import clean

T = TypeVar("T")

MOST_FAILURES = 20
"""Different messages that are shown."""


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
    return tuple(_generation(number, list(part)) for number, part in groupby(ordered, lambda r: r.generation))


def _generation(number: int, rows: Sequence[Row]) -> Generation:
    ok = [row for row in rows if row.score is not None]
    scores = tuple(row.score for row in ok if row.score is not None)
    pending = sum(row.status == "pending" for row in rows)
    failed = len(rows) - len(ok) - pending
    return Generation(number, tuple(row.id for row in ok), scores, failed, pending, box(scores))


def picked(found: Sequence[T], most: int) -> list[T]:
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
    trained = [row for row in rows if row.status != "pending" and row.repeat_of is None]
    for count, row in enumerate(trained, 1):
        if row.score is not None and (not steps or row.score > steps[-1][1]):
            steps.append((count, row.score))
    if steps and steps[-1][0] < len(trained):
        steps.append((len(trained), steps[-1][1]))
    return tuple(steps)


def best_networks(rows: Sequence[Row], count: int = 10) -> tuple[Entry, ...]:
    """The best different networks of a search, best first."""
    ok = [(row, row.score) for row in rows if row.score is not None and row.repeat_of is None]
    return tuple(
        Entry(row.id, row.generation, score, row.parameters, row.operator, row.description)
        for row, score in (ok[i] for i in best([score for _, score in ok], count))
    )


def begun_with(rows: Sequence[Row]) -> tuple[tuple[Entry, int], ...]:
    """A search's recipes that have a score, best first, each with how many networks descend from it along first parents."""
    roots: dict[int, int] = {}
    for row in rows:  # parents come first
        roots[row.id] = roots.get(row.parents[0], row.id) if row.parents else row.id
    family = Counter(roots.values())
    found = [
        (
            Entry(row.id, row.generation, row.score, row.parameters, row.operator, row.description),
            family[row.id] - 1,
        )
        for row in rows
        if row.operator.startswith(RECIPE) and row.score is not None
    ]
    return tuple(sorted(found, key=lambda pair: -pair[0].score))


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


def finalists(
    search: Sequence[Row], final: Sequence[Row], champion: int | None, bounds: Bounds = FREE
) -> tuple[Finalist, ...]:
    """The networks of the final, the best mean first.

    Args:
        search: Rows of the search.
        final: Rows of the final; each one's parent is a finalist.
        champion: Id of the champion, once there is one.
        bounds: Of scores.
    """
    by_id = {row.id: row for row in search}
    groups: dict[int, list[Row]] = {}
    for row in final:
        if row.parents and row.parents[0] in by_id:
            groups.setdefault(row.parents[0], []).append(row)
    found = [_finalist(by_id[i], rows, i == champion, bounds) for i, rows in groups.items()]
    means = {f.id: math.inf if f.mean.mean is None or f.failed else -f.mean.mean for f in found}
    return tuple(sorted(found, key=lambda f: (means[f.id], not f.won, f.id)))


def _finalist(row: Row, trainings: Sequence[Row], won: bool, bounds: Bounds) -> Finalist:
    scores = tuple(t.score for t in trainings if t.score is not None)
    pending = sum(t.status == "pending" for t in trainings)
    failed = len(trainings) - len(scores) - pending
    mean = estimate(scores, bounds)
    return Finalist(row.id, row.description, row.score, scores, failed, pending, mean, won)


def trainings(rows: Sequence[Row], weights: str | None) -> tuple[Training, ...]:
    """The champion's trainings, fewest examples first."""
    return tuple(
        Training(row.id, row.examples, row.score, row.status, weights is not None and row.weights == weights)
        for row in sorted(rows, key=lambda row: (row.examples, row.id))
    )


@dataclass(frozen=True, slots=True)
class Spending:
    """What a phase spent.

    Attributes:
        phase: "search", "final" or "champion".
        trained: Networks that were trained, failures included.
        repeats: Candidates whose result was known and cost nothing.
        failed: Failures.
        pending: Candidates without a result.
        examples: Training examples seen.
        lineage_examples: Largest sum of examples along one lineage of inherited weights.
    """

    phase: str
    trained: int
    repeats: int
    failed: int
    pending: int
    examples: int
    lineage_examples: int


@dataclass(frozen=True, slots=True)
class Failure:
    """Failures with one message: status, message, how many, and the first candidate that has it."""

    status: str
    message: str
    detail: str
    count: int
    first: int


def spending(rows: Sequence[Row]) -> tuple[Spending, ...]:
    """Spending by phase, in the order of the run."""
    phases = list(dict.fromkeys(row.phase for row in rows))
    return tuple(_spent(phase, [row for row in rows if row.phase == phase]) for phase in phases)


def _spent(phase: str, rows: Sequence[Row]) -> Spending:
    repeats = sum(row.repeat_of is not None for row in rows)
    return Spending(
        phase=phase,
        trained=sum(row.size for row in rows if row.status != "pending") - repeats,
        repeats=repeats,
        failed=sum(map(_has_failed, rows)),
        pending=sum(row.status == "pending" for row in rows),
        examples=sum(row.examples_seen for row in rows),
        lineage_examples=max((row.lineage_examples for row in rows), default=0),
    )


def _has_failed(row: Row) -> bool:
    """Whether a row ended without a score. A repeat of a failure is not counted again."""
    return row.status not in ("ok", "pending", "unfinished") and row.repeat_of is None


def failure_counts(rows: Sequence[Row]) -> tuple[tuple[str, str, int], ...]:
    """(phase, status, how many) of the failures."""
    counts = Counter((row.phase, row.status) for row in rows if _has_failed(row))
    return tuple((phase, status, n) for (phase, status), n in sorted(counts.items()))


def failures(rows: Sequence[Row]) -> tuple[Failure, ...]:
    """Failures by status and last line of their message, most frequent first."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        if _has_failed(row):
            lines = row.error.strip().splitlines()
            groups.setdefault((row.status, clean(lines[-1], 300) if lines else ""), []).append(row)
    found = [
        Failure(status, message, clean(group[0].error, 4000, lines=True), len(group), group[0].id)
        for (status, message), group in groups.items()
    ]
    return tuple(sorted(found, key=lambda f: (-f.count, f.first))[:MOST_FAILURES])


def engines(rows: Sequence[Row]) -> tuple[tuple[str, int], ...]:
    """How many networks each engine trained."""
    counts = Counter(row.engine for row in rows if row.engine and row.repeat_of is None)
    return tuple(sorted(counts.items()))


def engine_seconds(rows: Sequence[Row]) -> tuple[tuple[str, float], ...]:
    """Wall time by engine."""
    seconds: Counter[str] = Counter()
    for row in rows:
        if row.engine and row.repeat_of is None:
            seconds[row.engine] += row.seconds  # type: ignore[assignment]
    return tuple(sorted((name, float(value)) for name, value in seconds.items()))
