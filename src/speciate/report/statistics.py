"""Means with intervals, paired differences and densities. SciPy is imported here alone, and late."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from speciate.intervals import FREE, Bounds

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean and what is known about it.

    Attributes:
        n: How many values.
        mean: Their mean; None without values.
        sd: Their standard deviation (n - 1); None with fewer than two.
        low: Lower end of the mean's 95 % confidence interval; None with fewer than two.
        high: Upper end.
    """

    n: int
    mean: float | None
    sd: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Paired:
    """How two samples of pairs differ: second minus first.

    Attributes:
        difference: The mean difference with its interval.
        effect: Cohen's d_z: the mean difference over the standard deviation of the differences.
        wins: In how many pairs the second is higher.
        losses: In how many the first is higher.
        t_p: p-value of the paired t-test, two-sided.
        wilcoxon_p: p-value of Wilcoxon's signed-rank test, two-sided.
    """

    difference: Estimate
    effect: float | None
    wins: int
    losses: int
    t_p: float | None
    wilcoxon_p: float | None


@dataclass(frozen=True, slots=True)
class Box:
    """Tukey's box plot: quartiles, and whiskers at the last values within 1.5 interquartile ranges."""

    low: float
    q1: float
    median: float
    q3: float
    high: float
    mean: float


def estimate(values: Sequence[float], bounds: Bounds = FREE) -> Estimate:
    """The mean with its 95 % interval, which holds nothing that cannot be.

    The interval is Student's t. Between two bounds, as shares have them, it is taken on the arcsine scale, which makes the
    variance of a share even (Bartlett 1936): with t' = asin(sqrt(share)), dt' = dm / (2 sqrt(m (1 - m))). At a single bound it is
    cut. Values outside the bounds show that these are not theirs.
    """
    from scipy import special

    n = len(values)
    if n == 0:
        return Estimate(0, None, None, None, None)
    mean = math.fsum(values) / n
    if n == 1:
        return Estimate(1, mean, None, None, None)
    sd = math.sqrt(math.fsum((v - mean) ** 2 for v in values) / (n - 1))
    half = float(special.stdtrit(n - 1, 0.975)) * sd / math.sqrt(n)
    least, greatest = bounds if bounds[0] <= min(values) and max(values) <= bounds[1] else FREE
    low, high = max(mean - half, least), min(mean + half, greatest)
    if sd and math.isfinite(greatest - least):
        share = (mean - least) / (greatest - least)
        angle = math.asin(math.sqrt(share))
        turn = half / (greatest - least) / 2 / math.sqrt(share * (1 - share))
        ends = (math.sin(min(max(angle + way, 0.0), math.pi / 2)) ** 2 for way in (-turn, turn))
        low, high = (least + (greatest - least) * end for end in ends)
    return Estimate(n, mean, sd, low, high)


def difference_of(changes: Sequence[float], bounds: Bounds) -> Estimate:
    """The mean of differences of values with such bounds; Student's t as it is tested, cut at the largest difference."""
    found, most = estimate(changes), bounds[1] - bounds[0]
    if found.low is None or found.high is None or max(map(abs, changes)) > most:
        return found
    return replace(found, low=max(found.low, -most), high=min(found.high, most))


def paired(first: Sequence[float], second: Sequence[float], bounds: Bounds = FREE) -> Paired:
    """Compare pairs (same seed, two algorithms), shape (n,) each, of values with such bounds."""
    changes = [b - a for a, b in zip(first, second, strict=True)]
    found = difference_of(changes, bounds)
    wins, losses = sum(c > 0 for c in changes), sum(c < 0 for c in changes)
    if found.n < 2 or found.mean is None or not found.sd:
        same = found.n >= 2 and not wins and not losses
        return Paired(found, None, wins, losses, 1.0 if same else None, 1.0 if same else None)
    effect = found.mean / found.sd
    return Paired(found, effect, wins, losses, *_tests(changes))


def effect_size(effect: float | None) -> str:
    """Cohen's (1988) words for an effect size."""
    if effect is None:
        return "undefined"
    size = abs(effect)
    return "negligible" if size < 0.2 else "small" if size < 0.5 else "medium" if size < 0.8 else "large"


def box(values: Sequence[float]) -> Box | None:
    """The box plot of some values; None without any."""
    if not values:
        return None
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    q1, median, q3 = (float(q) for q in np.quantile(ordered, [0.25, 0.5, 0.75]))
    reach = 1.5 * (q3 - q1)
    inside = ordered[(ordered >= q1 - reach) & (ordered <= q3 + reach)]
    low, high = (float(inside[0]), float(inside[-1])) if len(inside) else (q1, q3)
    return Box(min(low, q1), q1, median, q3, max(high, q3), float(ordered.mean()))


def density(values: Sequence[float], grid: Array, least: float, most: float = math.inf) -> Array:
    """A Gaussian kernel density on a grid, with Silverman's bandwidth (1986, equation 3.31) within [least, most].

    SciPy's `gaussian_kde` refuses values that are all alike.
    """
    x = np.asarray(values, dtype=np.float64)
    q1, q3 = np.quantile(x, [0.25, 0.75])
    spread = min(float(x.std(ddof=1)) if len(x) > 1 else 0.0, float(q3 - q1) / 1.34)
    width = min(max(0.9 * spread * len(x) ** -0.2, least), most)
    kernels = np.exp(-(((grid[:, None] - x) / width) ** 2) / 2.0) / math.sqrt(2 * math.pi) / width
    return np.asarray(kernels.mean(axis=1))


def _tests(changes: Sequence[float]) -> tuple[float, float]:
    """p-values of the paired t-test and of Wilcoxon's test."""
    from scipy import stats

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # few pairs and ties; the page says how many pairs there are
        t_p = float(stats.ttest_1samp(changes, 0.0).pvalue)
        return t_p, float(stats.wilcoxon(changes).pvalue)
