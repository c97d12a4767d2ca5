"""Means with 95 % confidence intervals, and the comparison of paired scores."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy import stats

CONFIDENCE = 0.95


def mean_interval(values: Sequence[float]) -> dict[str, float]:
    """Mean, the ends of its interval by Student's t (equal to it for a single value), and the count."""
    array = np.asarray(values, dtype=float)
    mean, n = float(array.mean()), len(array)
    half = 0.0
    if n > 1:
        half = float(stats.t.ppf((1 + CONFIDENCE) / 2, n - 1) * array.std(ddof=1) / math.sqrt(n))
    return {"mean": mean, "low": mean - half, "high": mean + half, "n": n}


def compare_pairs(ours: Sequence[float], theirs: Sequence[float]) -> dict[str, float | None]:
    """The mean difference of paired scores with its interval, its effect size, and two tests.

    Returns:
        `mean`, `low`, `high`, `n` of ours minus theirs; `d_z`, the mean difference by its standard deviation; two-sided
        `p_t` (paired t) and `p_wilcoxon` (signed ranks). None where there are too few pairs or they do not differ.
    """
    difference = np.asarray(ours, dtype=float) - np.asarray(theirs, dtype=float)
    spread = float(difference.std(ddof=1)) if len(difference) > 1 else 0.0
    found: dict[str, float | None] = {**mean_interval(difference.tolist())}
    found |= {"d_z": None, "p_t": None, "p_wilcoxon": None}
    if spread > 0:
        found["d_z"] = float(difference.mean()) / spread
        found["p_t"] = float(stats.ttest_1samp(difference, 0.0).pvalue)
        found["p_wilcoxon"] = float(stats.wilcoxon(difference).pvalue)
    return found


def shown(interval: dict[str, float], digits: int = 2, factor: float = 1.0) -> str:
    """An interval as `93.25 ± 0.12`, or the value alone if there is just one."""
    mean, half = interval["mean"] * factor, (interval["high"] - interval["low"]) / 2 * factor
    return f"{mean:.{digits}f}" + (f" ± {half:.{digits}f}" if interval["n"] > 1 else "")
