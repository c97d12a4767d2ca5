"""What a run cost, and what failed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from speciate.store import Row
from speciate.text import clean

MOST_FAILURES = 20
"""Different messages that are shown."""


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
        lineage_examples: Largest sum of examples along one line of inherited weights.
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
    pending = sum(row.status == "pending" for row in rows)
    repeats = sum(row.repeat_of is not None for row in rows)
    return Spending(
        phase,
        sum(row.size for row in rows if row.status != "pending") - repeats,
        repeats,
        sum(has_failed(row) for row in rows),
        pending,
        sum(row.examples_seen for row in rows),
        max((row.lineage_examples for row in rows), default=0),
    )


def has_failed(row: Row) -> bool:
    """Whether a row ended without a score. A repeat of a failure is not counted again."""
    return row.status not in ("ok", "pending") and row.repeat_of is None


def failure_counts(rows: Sequence[Row]) -> tuple[tuple[str, str, int], ...]:
    """(phase, status, how many) of the failures."""
    counts = Counter((row.phase, row.status) for row in rows if has_failed(row))
    return tuple((phase, status, n) for (phase, status), n in sorted(counts.items()))


def failures(rows: Sequence[Row]) -> tuple[Failure, ...]:
    """Failures by status and last line of their message, most frequent first."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        if has_failed(row):
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
