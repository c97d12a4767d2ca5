"""A Gaussian process on distances: its kernel's weights, what it expects, and what one more point would tell it.

Rasmussen & Williams, "Gaussian Processes for Machine Learning", MIT Press 2006: prediction is (2.25) and (2.26), the evidence (2.30), and
growing an inverse by a row is (A.12). The kernel is exp(-sum of weighted L1 distances), a product of Laplace kernels (4.18, p = 1), so it
is positive definite whatever the weights are.
"""

from __future__ import annotations

import math

import numpy as np

from speciate.algorithms.surrogate.coordinates import Points, distances

LEAST_NOISE = 1e-4
"""Least variance of a score that is noise, as a share of the variance: it bounds how badly conditioned a matrix can be."""

NOISE, NOISE_SPREAD = 0.1, 1.5
"""The share that is expected, and the standard deviation of its logarithm; that of a weight's is 1."""

STEP, CHANGED = 0.6, 3
"""Of a step of the search for weights: standard deviation of the logarithms, and how many of them change on average."""

LEAST_VARIANCE = 1e-9
"""Least variance of what is expected, as a share."""


def normal_scores(scores: np.ndarray) -> np.ndarray:
    """The quantiles of a normal distribution at the ranks of some scores, (n,); equal scores share the mean of theirs.

    Without the shape of the scores' distribution, a failure is simply the worst: minus infinity counts as that.
    """
    from scipy.special import ndtri

    quantiles = ndtri((np.arange(len(scores)) + 0.5) / len(scores))
    _, place, counts = np.unique(scores, return_inverse=True, return_counts=True)
    totals = np.concatenate([[0.0], np.cumsum(quantiles)])
    ends = np.cumsum(counts)
    found: np.ndarray = ((totals[ends] - totals[ends - counts]) / counts)[place]
    return found


def expected_improvement(mean: np.ndarray, deviation: np.ndarray, best: float) -> np.ndarray:
    """By how much normal variables exceed a number on average, where falling short of it counts as 0.

    Jones, Schonlau & Welch, "Efficient Global Optimization of Expensive Black-Box Functions", J. Global Optimization 1998, (15).
    """
    from scipy.special import ndtr

    z = (mean - best) / deviation
    found: np.ndarray = deviation * (z * ndtr(z) + np.exp(-0.5 * z * z) / math.sqrt(2 * math.pi))
    return found


def evidence(logs: np.ndarray, gaps: np.ndarray, scores: np.ndarray, usual: np.ndarray) -> float:
    """The logarithm of the marginal likelihood of scores (n,) times the prior of the weights, up to a constant.

    The variance is the one that fits best (profile likelihood).

    Args:
        logs: (groups + 1,): logarithms of the groups' weights and of the share of noise.
        gaps: (n, n, groups): distances.
        scores: (n,).
        usual: (groups + 1,): the means of `logs`.
    """
    kernel = np.exp(-(gaps @ np.exp(logs[:-1])))
    kernel.flat[:: len(scores) + 1] += max(math.exp(logs[-1]), LEAST_NOISE)
    factor = np.linalg.cholesky(kernel)
    fit = float(scores @ np.linalg.solve(kernel, scores)) / len(scores)
    off = (logs - usual) / np.append(np.ones(len(logs) - 1), NOISE_SPREAD)
    return float(
        -0.5 * len(scores) * math.log(max(fit, 1e-12)) - np.log(np.diag(factor)).sum() - 0.5 * (off**2).sum()
    )


def fitted(
    logs: np.ndarray,
    points: Points,
    scores: np.ndarray,
    usual: np.ndarray,
    tries: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Weights of more evidence than the given ones, by a (1+1) evolution strategy; arguments as in `evidence`."""
    gaps = distances(points, points, len(logs) - 1)
    best = evidence(logs, gaps, scores, usual)
    for _ in range(tries):
        step = STEP * rng.normal(size=len(logs)) * (rng.random(len(logs)) < CHANGED / len(logs))
        if (now := evidence(logs + step, gaps, scores, usual)) > best:
            logs, best = logs + step, now
    return logs


class Process:
    """What is known at some points, one after another, and the inverse of their covariances.

    Args:
        logs: See `evidence`.
        points: The first ones.
        room: For how many points there is room before anything has to be moved.
    """

    def __init__(self, logs: np.ndarray, points: Points, room: int) -> None:
        self.weights, self.noise = np.exp(logs[:-1]), max(math.exp(logs[-1]), LEAST_NOISE)
        self.points = points.weighted(self.weights)
        self._kernel, self._inverse = np.zeros((room, room)), np.zeros((room, room))
        n = len(points)
        self.kernel[:] = self._near(self.points)
        self.inverse[:] = np.linalg.inv(self.kernel + self.noise * np.eye(n))

    @property
    def kernel(self) -> np.ndarray:
        """(n, n): correlations of the points, without noise."""
        return self._kernel[: len(self.points), : len(self.points)]

    @property
    def inverse(self) -> np.ndarray:
        """(n, n): the inverse of the same with noise."""
        return self._inverse[: len(self.points), : len(self.points)]

    def near(self, points: Points) -> np.ndarray:
        """Correlations of other points with these, (others, n)."""
        return self._near(points.weighted(self.weights))

    def _near(self, weighted: Points) -> np.ndarray:
        found: np.ndarray = np.exp(-distances(weighted, self.points)[:, :, 0])
        return found

    def include(self, point: Points) -> tuple[np.ndarray, float]:
        """One more point: by which combination (n,) of the others it is expected, and with which variance (A.12)."""
        from speciate.algorithms.surrogate.sparse import add_product  # compiled when it is first needed

        n, near = len(self.points), self.near(point)[0]
        if n == len(self._kernel):
            self._kernel, self._inverse = (np.pad(m, (0, n)) for m in (self._kernel, self._inverse))
        weights = self._inverse[:n, :n] @ near
        variance = 1 + self.noise - float(near @ weights)
        add_product(self._inverse, weights, 1 / variance)
        self._inverse[n, :n] = self._inverse[:n, n] = -weights / variance
        self._inverse[n, n] = 1 / variance
        self._kernel[n, :n] = self._kernel[:n, n] = near
        self._kernel[n, n] = 1.0
        self.points = self.points + point.weighted(self.weights)
        return weights, variance

    def expected(self, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What is expected at each point (n,), and how much each counts (n,) in what is expected anywhere else.

        Args:
            scores: (n,). NaN stands for one that is not known: such a point is taken to score what is expected of it, and counts
                nothing. The inverse without a few points, from the one with them, is (A.12) read backwards.
        """
        unknown = np.flatnonzero(np.isnan(scores))
        values = np.nan_to_num(scores)
        counts: np.ndarray = self.inverse @ values
        if len(unknown):
            across = self.inverse[:, unknown]
            counts -= across @ np.linalg.solve(across[unknown], counts[unknown])
            counts[unknown] = 0.0
        expected = values - self.noise * counts
        expected[unknown] = self.kernel[unknown] @ counts
        return expected, counts


class Outlook:
    """What a process says of some candidates, kept as points are added to it.

    Args:
        process: The process.
        points: The candidates.
    """

    def __init__(self, process: Process, points: Points) -> None:
        self.process, self.points = process, points
        self._near = process.near(points)
        self._told = ((self._near @ process.inverse) * self._near).sum(axis=1)

    def include(self, point: Points) -> None:
        """Add one point to the process."""
        weights, variance = self.process.include(point)
        weighted = self.process.points.at(np.array([len(self.process.points) - 1]))
        fresh = np.exp(-distances(self.points.weighted(self.process.weights), weighted)[:, :, 0])
        left = fresh[:, 0] - self._near @ weights
        self._told += left**2 / variance
        self._near = np.concatenate([self._near, fresh], axis=1)

    def improvements(self, scores: np.ndarray) -> np.ndarray:
        """Expected improvement of each candidate over the best that is expected of any point of the process.

        Args:
            scores: (n,): of the points of the process; NaN where not known.
        """
        expected, counts = self.process.expected(scores)
        known = ~np.isnan(scores)
        scale = max(float(counts[known] @ scores[known]) / known.sum(), 1e-6)
        deviation = np.sqrt(scale * np.maximum(1 - self._told, LEAST_VARIANCE))
        return expected_improvement(self._near @ counts, deviation, float(expected.max()))
