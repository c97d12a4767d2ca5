"""The moments of columns of numbers, in the training rows: what standardizes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from speciate.data.values import usable

CELLS_AT_ONCE = 500_000

Standard = tuple[float, bool, float, float]


def standards(columns: Sequence[NDArray[Any]], rows: NDArray[np.int64] | slice) -> list[Standard]:
    """For each column (n,) of numbers: median, whether any value is missing, then mean and scale once filled, all over some rows.

    A few columns are taken at a time, so that little is copied. Sums go from row to row, so that they do not depend on how
    many: that is why there are never less than two, unless there is one in all.
    """
    found: list[Standard] = []
    if not len(columns):
        return found
    cells = len(columns) * len(columns[0][rows])
    groups = max(1, min(len(columns) // 2, -(-cells // CELLS_AT_ONCE)))
    for places in np.array_split(np.arange(len(columns)), groups):
        found += _standards(np.stack([usable(columns[i][rows]) for i in places]))
    return found


def _standards(values: NDArray[np.float64]) -> list[Standard]:
    """The same for values (columns, rows), which are filled in place."""
    missing = np.isnan(values.min(axis=1))
    fill = np.zeros(len(values))  # of a column without any value
    fill[~missing] = np.median(values[~missing], axis=1)
    for i in np.flatnonzero(missing):
        gaps = np.isnan(values[i])
        fill[i] = 0.0 if gaps.all() else np.median(values[i, ~gaps])
        values[i, gaps] = fill[i]
    block, rows = np.ascontiguousarray(values.T), values.shape[1]
    mean = block.sum(axis=0) / rows
    # The corrected algorithm with two passes of Chan, Golub and LeVeque, The American Statistician 37 (3), 1983.
    block -= mean
    correction = block.sum(axis=0)
    block **= 2
    variance = (block.sum(axis=0) - correction**2 / rows) / rows
    scale = np.sqrt(variance)
    eps = np.finfo(np.float64).eps
    scale[variance <= rows * eps * variance + (rows * mean * eps) ** 2] = 1  # constant, it seems
    for i in np.flatnonzero((scale == 1) & (variance != 1)):  # does it differ by more than rounding?
        off = values[i] - mean[i]
        if np.ptp(off) > 16 * np.spacing(np.abs(values[i]).max()):
            unit = np.abs(off).max()
            scale[i] = (off / unit).std() * unit
    return list(zip(fill.tolist(), missing.tolist(), mean.tolist(), scale.tolist(), strict=True))
