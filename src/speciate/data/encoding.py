"""Numbers as networks take them best: each spread over bins, so that a network need not bend what it is given.

Source: Gorishniy, Rubachev & Babenko 2022, "On Embeddings for Numerical Features in Tabular Deep Learning", arXiv:2203.05556,
section 3.2, equation 1, with quantiles of the training rows as edges (section 3.2.1). Networks learn best from inputs around 0 of a
variance near 1 (LeCun, Bottou, Orr & Müller 1998, "Efficient BackProp", section 4.3), so what comes out is centered and doubled.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

OPTIONS = (8, 16, 32, 64)
"""Bins to choose from."""
MOST_VALUES = 32_000_000
"""Encoded training rows hold at most so many numbers (128 MB)."""
SEEN_ROWS = 20_000
"""Quantiles are those of at most so many rows, spread evenly over all: more hardly move them."""
NARROWEST = 1e-6
"""A bin is wider than this share of all of them: rounding must not decide what is in it."""
STEEPEST = 1e30
"""One over a bin's width is at most this."""
ANY = float(np.finfo(np.float32).max)
"""No input is beyond it."""
ROWS_AT_ONCE = 4096


@dataclass(frozen=True)
class Encoding:
    """How the inputs of a network become those that it is trained on.

    An input x with edges b_0 < ... < b_k becomes k numbers: `2 (clip((x - b_(t-1)) / (b_t - b_(t-1)), 0, 1) - m_t)` for bin t, but that
    the first goes on below 0 and the last above 1, each by at most the width of its bin. `m_t = 1 - (t - 1/2) / k` is its mean where
    rows are spread evenly over bins. An input without edges stays as it is.

    Attributes:
        edges: For each input its edges, or none. float32 numbers.
    """

    edges: tuple[tuple[float, ...], ...]

    @classmethod
    def fit(cls, x: NDArray[np.float32], bins: int) -> Encoding:
        """Edges at the quantiles of the inputs x (n, inputs), at most `bins` + 1 each; none for an input of two values.

        A value that many rows share, as 0 often is, counts for no more of them than fill a bin: the others get the bins that are left.
        """
        columns = np.flatnonzero(numbers(x))
        rows = np.sort(x[:: -(-len(x) // SEEN_ROWS), columns], axis=0)
        edges: list[tuple[float, ...]] = [()] * x.shape[1]
        for column, values in zip(columns.tolist(), rows.T, strict=True):
            few = _without_most_copies(values, bins)
            found = np.unique(
                few[np.linspace(0, len(few) - 1, min(bins + 1, len(few))).round().astype(np.int64)]
            )
            found = found[np.diff(found, prepend=-np.inf) > NARROWEST * (found[-1] - found[0])]
            edges[column] = tuple(found.tolist()) if len(found) > 2 else ()
        return cls(tuple(edges))

    @property
    def width(self) -> int:
        """Inputs that come out."""
        return sum(max(1, len(edges) - 1) for edges in self.edges)

    @cached_property
    def parts(self) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Of each that comes out: which input it is made of, (width,); at which value it is 0, how fast it rises, its least and most."""
        source, rows = list[int](), list[tuple[float, float, float, float]]()
        for i, edges in enumerate(self.edges):
            bins = len(edges) - 1
            source += [i] * max(1, bins)
            for t, (low, high) in enumerate(pairwise(edges), 1):
                mean, least, most = 1 - (t - 0.5) / bins, -1.0 if t == 1 else 0.0, 2.0 if t == bins else 1.0
                slope = min(1 / (high - low), STEEPEST)
                rows.append((low + mean / slope, 2 * slope, 2 * (least - mean), 2 * (most - mean)))
            rows += [] if edges else [(0.0, 1.0, -ANY, ANY)]
        return np.array(source), np.array(rows, np.float32).T.copy()

    def __call__(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """Inputs (n, inputs) to (n, width), float32, C-contiguous."""
        source, (low, slope, least, most) = self.parts
        out = np.empty((len(x), len(source)), np.float32)
        for start in range(0, len(x), ROWS_AT_ONCE):
            part = out[start : start + ROWS_AT_ONCE]
            np.take(x[start : start + ROWS_AT_ONCE], source, axis=1, out=part)
            with np.errstate(over="ignore"):  # the clip takes care of it
                part -= low
                part *= slope
            np.clip(part, least, most, out=part)
        return out


def _without_most_copies(values: NDArray[np.float32], bins: int) -> NDArray[np.float32]:
    """Sorted values (n,), each at most so often as fills one of the bins of those that stay."""
    copy = np.arange(len(values)) - np.searchsorted(values, values)  # the first of equal ones is 0
    most = len(values)
    while (fewer := max(1, int((copy < most).sum()) // bins)) < most:
        most = fewer
    return values[copy < most]


def numbers(x: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which inputs of x (n, inputs) have more than two values, (inputs,)."""
    low, high = x.min(axis=0), x.max(axis=0)
    found = np.zeros(x.shape[1], bool)
    for start in range(0, len(x), ROWS_AT_ONCE):
        part = x[start : start + ROWS_AT_ONCE]
        found |= ((part > low) & (part < high)).any(axis=0)
    return found


def options(x: NDArray[np.float32]) -> tuple[int, ...]:
    """The numbers of bins that suit training rows x (n, ...): fewer than an eighth of the rows, and not too large; none for images."""
    if x.ndim != 2 or len(x) == 0:
        return ()
    count = int(numbers(x).sum())
    others = x.shape[1] - count
    return tuple(
        bins
        for bins in OPTIONS
        if count and bins * 8 <= len(x) and (count * bins + others) * len(x) <= MOST_VALUES
    )
