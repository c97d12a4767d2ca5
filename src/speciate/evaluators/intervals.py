"""Scores with their uncertainty: how much one, or the difference of two, would move with other test rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from speciate.data import score
from speciate.errors import EvaluationError
from speciate.intervals import newcombe, wilson

RESAMPLES = 500
"""Bootstrap resamples: enough for two digits of an interval."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A score, or a difference of two, and its 95 % confidence interval.

    Attributes:
        score: The score on all rows.
        low: Lower end.
        high: Upper end.
        rows: How many rows it was measured on.
    """

    score: float
    low: float
    high: float
    rows: int


@dataclass(frozen=True, slots=True)
class Tested:
    """Answers on some rows, scored so that they can be compared with other answers on the same rows.

    Attributes:
        interval: The score with its interval.
        right: For accuracy of rows that count the same, which were answered right, (rows,); else None.
        samples: For other metrics, the score on each resample, (RESAMPLES,), NaN where a resample lacks a class; else None.
            The resamples are the same for all answers.
    """

    interval: Interval
    right: np.ndarray | None = None
    samples: np.ndarray | None = None


def scored(
    metric: str,
    y: np.ndarray,
    outputs: np.ndarray,
    weight: np.ndarray | None = None,
    class_weights: Sequence[float] | None = None,
) -> Tested:
    """Score outputs and say how sure that is.

    Accuracy gets Wilson's score interval (Wilson 1927); other metrics the percentile bootstrap (Efron & Tibshirani 1993,
    chapter 13) over rows, always with the same resamples so that the answer is repeatable.

    Args:
        metric: A name from `speciate.data.METRICS`.
        y: Class indices or values, shape (n,).
        outputs: Probabilities (n, classes) or values (n,).
        weight: What each row counts, shape (n,); None where all count the same.
        class_weights: See `speciate.data.score`.
    """
    value, n = score(metric, y, outputs, weight, class_weights), len(y)
    if metric == "accuracy" and weight is None:
        right = (outputs if class_weights is None else outputs * np.asarray(class_weights)).argmax(
            axis=1
        ) == y
        return Tested(Interval(value, *wilson(int(right.sum()), n), n), right=right)
    samples = _resampled(metric, y, outputs, weight, class_weights)
    return Tested(Interval(value, *_middle(samples), n), samples=samples)


def difference(first: Tested, second: Tested) -> Interval:
    """The first score minus the second, with an interval that knows that the rows are the same.

    Two intervals that overlap do not say that a difference is chance: what is hard about the rows is hard for both. Accuracies
    get Newcombe's square-and-add interval for paired proportions, other metrics the bootstrap over pairs.

    Args:
        first: Answers on some rows.
        second: Other answers on the same rows, by the same metric.
    """
    change, n = first.interval.score - second.interval.score, first.interval.rows
    if first.right is not None and second.right is not None:
        return Interval(change, *newcombe(*_table(first.right, second.right)), n)
    assert first.samples is not None
    assert second.samples is not None
    return Interval(change, *_middle(first.samples - second.samples), n)


def _table(first: np.ndarray, second: np.ndarray) -> tuple[int, int, int, int]:
    """How many rows both, only the first, only the second, and neither got right."""
    cells = (first & second, first & ~second, ~first & second, ~first & ~second)
    both, one, other, neither = (int(cell.sum()) for cell in cells)
    return both, one, other, neither


def _resampled(
    metric: str,
    y: np.ndarray,
    outputs: np.ndarray,
    weight: np.ndarray | None,
    class_weights: Sequence[float] | None,
) -> np.ndarray:
    """The score on each resample of the rows."""
    rng, n = np.random.Generator(np.random.Philox(0)), len(y)
    samples = np.full(RESAMPLES, np.nan)
    for i in range(RESAMPLES):
        rows = rng.integers(n, size=n)
        try:
            counts = None if weight is None else weight[rows]
            samples[i] = score(metric, y[rows], outputs[rows], counts, class_weights)
        except EvaluationError:  # a resample of a few rows may lack a class
            continue
    return samples


def _middle(samples: np.ndarray) -> tuple[float, float]:
    """Where the middle 95 % of the samples lie."""
    known = samples[np.isfinite(samples)]
    if not len(known):
        return math.nan, math.nan
    low, high = np.quantile(known, [0.025, 0.975])
    return float(low), float(high)
