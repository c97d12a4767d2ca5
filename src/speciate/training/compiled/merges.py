"""Operations without products: several values become one, or one is taken as it is."""

from __future__ import annotations

from speciate.training.compiled import compiled, reordered
from speciate.training.compiled import functions as f


@compiled
def copy(x, out, start):
    """The units of `out` (batch, wider) from `start` on become those of x (batch, units)."""
    n, units = x.shape
    for r in range(n):
        source, target = x[r], out[r]
        for c in range(units):
            target[start + c] = source[c]


@compiled
def add(x, gain, out):
    """`out += gain * x`, for the first units of `out` (batch, wider)."""
    n, units = x.shape
    for r in range(n):
        source, target = x[r], out[r]
        for c in range(units):
            target[c] += gain * source[c]


@compiled
def add_back(errors, start, gain, below):
    """`below += gain * errors`, for the units of `errors` (batch, wider) from `start` on."""
    n, units = below.shape
    for r in range(n):
        source, target = errors[r], below[r]
        for c in range(units):
            target[c] += gain * source[start + c]


@reordered
def by_gain(errors, x):
    """The sum of errors * x over the units of x (batch, units); `errors` may be wider."""
    n, units = x.shape
    total = f.ZERO
    for r in range(n):
        e, value = errors[r], x[r]
        for c in range(units):
            total += e[c] * value[c]
    return total


@compiled
def scale(x, factors, out):
    """`out = x * factors`: (batch, units), (units,)."""
    n, units = x.shape
    for r in range(n):
        source, target = x[r], out[r]
        for c in range(units):
            target[c] = source[c] * factors[c]


@compiled
def scale_back(errors, factors, below):
    """`below += errors * factors`: (batch, units), (units,)."""
    n, units = errors.shape
    for r in range(n):
        source, target = errors[r], below[r]
        for c in range(units):
            target[c] += source[c] * factors[c]
