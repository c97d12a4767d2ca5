"""Which rows are for training, validation and test: drawn once, stratified by class."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]


def share_out(
    groups: NDArray[np.int64], fraction: float, rng: np.random.Generator, keep: int = 1
) -> NDArray[np.bool_]:
    """Draw a fraction of the rows, the same fraction of every group as nearly as whole rows allow.

    The total is `fraction` of all rows, rounded; what rounding leaves over goes to the groups that were rounded down
    most. Every group with more than `keep` rows gives at least one row and keeps at least `keep`; others give none.

    Args:
        groups: (n,) the group of each row, from 0.
        fraction: Above 0 and below 1.
        rng: Where the draw comes from.
        keep: Rows to leave in every group.

    Returns:
        (n,) True for the rows drawn.
    """
    sizes = np.bincount(groups)
    exact = sizes * fraction
    take = np.floor(exact).astype(np.int64)
    left = round(len(groups) * fraction) - int(take.sum())
    take[np.argsort(-(exact - take), kind="stable")[: max(left, 0)]] += 1
    take = np.where(sizes > keep, np.clip(take, 1, np.maximum(sizes - keep, 1)), 0)
    drawn = np.zeros(len(groups), dtype=bool)
    for group in np.flatnonzero(take):
        drawn[rng.permutation(np.flatnonzero(groups == group))[: take[group]]] = True
    return drawn


def split_rows(
    groups: NDArray[np.int64],
    *,
    validation: float | None,
    test: float,
    own_valid: int,
    own_test: int,
    rng: np.random.Generator,
) -> tuple[Rows, Rows, Rows]:
    """Row numbers for training, validation and test, each in ascending order.

    Args:
        groups: (n,) the class of each row, or zeros.
        validation: Fraction of the rows that are not for test; None for 1/6 if the source has its own test rows (as
            in 50,000 + 10,000 of 60,000), else 1/5.
        test: Fraction of all rows; 0 for none; not used if the source has its own test rows.
        own_valid: Rows before the test rows that the source itself marks as validation rows.
        own_test: Rows at the end that the source itself marks as test rows.
        rng: Where the draws come from.
    """
    n = len(groups)
    role = np.zeros(n, dtype=np.int8)
    role[n - own_test :] = 2
    role[n - own_test - own_valid : n - own_test] = 1
    if own_test == 0 and test > 0:
        free = np.flatnonzero(role == 0)  # a row of each group is left for training and one for validation
        role[free[share_out(groups[free], test, rng, keep=1 if own_valid else 2)]] = 2
    if own_valid == 0:
        free = np.flatnonzero(role == 0)
        fraction = validation or (1 / 6 if own_test else 1 / 5)
        role[free[share_out(groups[free], fraction, rng)]] = 1
    train, valid, sealed = (np.flatnonzero(role == r).astype(np.int64) for r in range(3))
    return train, valid, sealed
