"""Distances of sparse points in machine code: networks differ in which layers they have, so most coordinates are 0."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from speciate.jit import Compiler

compiled = Compiler([Path(__file__)])


@compiled
def distances(  # type: ignore[no-untyped-def]  # Numba infers them
    starts, columns, groups, values, other_starts, other_columns, other_groups, other_values, count, width
):
    """See `coordinates.distances`; `count` is of the groups, and every column is less than `width`."""
    found = np.zeros((len(starts) - 1, len(other_starts) - 1, count))
    row = np.zeros(width)
    for i in range(len(starts) - 1):
        norm = np.zeros(count)
        for at in range(starts[i], starts[i + 1]):
            row[columns[at]] = values[at]
            norm[groups[at]] += abs(values[at])
        row[0] = 0.0  # what is in nobody else
        for j in range(len(other_starts) - 1):
            for group in range(count):
                found[i, j, group] = norm[group]
            for at in range(other_starts[j], other_starts[j + 1]):
                mine = row[other_columns[at]]
                found[i, j, other_groups[at]] += abs(mine - other_values[at]) - abs(mine)
        for at in range(starts[i], starts[i + 1]):
            row[columns[at]] = 0.0
    return found


@compiled
def add_product(matrix, vector, factor):  # type: ignore[no-untyped-def]
    """Add a vector's product with itself, times a factor, to a symmetric matrix in place."""
    for i in range(len(vector)):
        times = factor * vector[i]
        for j in range(len(vector)):
            matrix[i, j] += times * vector[j]
