"""A score with its uncertainty: how much it would move with other test rows."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from speciate.data import score
from speciate.errors import EvaluationError

RESAMPLES = 500
"""Bootstrap resamples: enough for two digits of an interval."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A score and its 95 % confidence interval.

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


def interval(metric: str, y: np.ndarray, outputs: np.ndarray) -> Interval:
    """Score outputs and say how sure that is.

    Accuracy gets Wilson's score interval (Wilson 1927); other metrics the percentile bootstrap (Efron & Tibshirani 1993,
    chapter 13) over rows, always with the same resamples so that the answer is repeatable.

    Args:
        metric: A name from `speciate.data.METRICS`.
        y: Class indices or values, shape (n,).
        outputs: Probabilities (n, classes) or values (n,).
    """
    value, n = score(metric, y, outputs), len(y)
    if metric == "accuracy":
        return Interval(value, *wilson(value, n), n)
    rng = np.random.Generator(np.random.Philox(0))
    samples = []
    for _ in range(RESAMPLES):
        rows = rng.integers(n, size=n)
        try:
            samples.append(score(metric, y[rows], outputs[rows]))
        except EvaluationError:  # a resample of a few rows may lack a class
            continue
    if not samples:
        return Interval(value, math.nan, math.nan, n)
    low, high = np.quantile(samples, [0.025, 0.975])
    return Interval(value, float(low), float(high), n)


def wilson(share: float, n: int, z: float = 1.959964) -> tuple[float, float]:
    """Wilson's 95 % interval of a share that was measured on n rows."""
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(0.0, middle - half), min(1.0, middle + half)
