"""The norms, and the way back through them: derivatives by a norm's weights, and by what came in."""

from __future__ import annotations

import numpy as np

from speciate.training.compiled import compiled, reordered
from speciate.training.compiled import functions as f


@compiled
def batch_forward(x, weights, statistics, epsilon, momentum, normed, scales, means, out):
    """Every unit with mean 0 and variance 1 over the batch, scaled and shifted; a batch of one by the statistics.

    Args:
        x: What comes in, (batch, units).
        weights: Scales of the units, then shifts.
        statistics: Running means of the units, then running variances, which are changed.
        epsilon: Added to a variance.
        momentum: How far the statistics move.
        normed: The normalized values are written here, (batch, units).
        scales: What the units were multiplied by for it, (units,).
        means: Room for a vector, (units,).
        out: What comes out, (batch, units).
    """
    n, units = x.shape
    if n > 1:
        share, left = f.ONE / np.float32(n), f.ONE - momentum
        unbiased = momentum / np.float32(n - 1)
        means[:] = f.ZERO
        scales[:] = f.ZERO
        for r in range(n):
            for c in range(units):
                means[c] += x[r, c]
        for c in range(units):
            means[c] *= share
        for r in range(n):
            for c in range(units):
                d = x[r, c] - means[c]
                scales[c] += d * d
        for c in range(units):
            statistics[c] = left * statistics[c] + momentum * means[c]
            statistics[units + c] = left * statistics[units + c] + unbiased * scales[c]
            scales[c] = f.ONE / np.sqrt(scales[c] * share + epsilon)
    else:
        for c in range(units):
            means[c] = statistics[c]
            scales[c] = f.ONE / np.sqrt(statistics[units + c] + epsilon)
    gains, shifts = weights[:units], weights[units:]
    for r in range(n):
        for c in range(units):
            y = (x[r, c] - means[c]) * scales[c]
            normed[r, c] = y
            out[r, c] = y * gains[c] + shifts[c]


@compiled
def by_gains(errors, normed, gradient):
    """`gradient = sum over the batch of errors * normed`: (batch, units) both, (units,)."""
    n, units = errors.shape
    gradient[:] = f.ZERO
    for r in range(n):
        for c in range(units):
            gradient[c] += errors[r, c] * normed[r, c]


@compiled
def batch_backward(errors, weights, normed, scales, gradient, below):
    """Add the derivatives by what came in to `below` (batch, units).

    With y normalized and e = error * gain, they are scale * (e - mean(e) - y * mean(e * y)), means over the batch; for a batch of
    one scale * e, since its statistics were given. `gradient` holds the sums of error * y and of errors already.
    """
    n, units = errors.shape
    share = f.ONE / np.float32(n) if n > 1 else f.ZERO
    gains, slope, shift = weights[:units], gradient[:units], gradient[units:]
    for r in range(n):
        for c in range(units):
            e = errors[r, c] - share * (shift[c] + normed[r, c] * slope[c])
            below[r, c] += scales[c] * gains[c] * e


@reordered
def layer_forward(x, weights, epsilon, normed, scales, out):
    """Every example with mean 0 and variance 1 over its units, scaled and shifted. `scales` is (batch,)."""
    n, units = x.shape
    share = f.ONE / np.float32(units)
    gains, shifts = weights[:units], weights[units:]
    for r in range(n):
        row, into, result = x[r], normed[r], out[r]
        mean, squares = f.ZERO, f.ZERO
        for c in range(units):
            mean += row[c]
        mean *= share
        for c in range(units):
            d = row[c] - mean
            squares += d * d
        scale = f.ONE / np.sqrt(squares * share + epsilon)
        scales[r] = scale
        for c in range(units):
            y = (row[c] - mean) * scale
            into[c] = y
            result[c] = y * gains[c] + shifts[c]


@reordered
def layer_backward(errors, weights, normed, scales, below):
    """Add the derivatives by what came in to `below` (batch, units): as for a batch norm, with means over the units."""
    n, units = errors.shape
    share = f.ONE / np.float32(units)
    gains = weights[:units]
    for r in range(n):
        row, y, into = errors[r], normed[r], below[r]
        mean, slope = f.ZERO, f.ZERO
        for c in range(units):
            e = row[c] * gains[c]
            mean += e
            slope += e * y[c]
        mean *= share
        slope *= share
        for c in range(units):
            into[c] += scales[r] * (row[c] * gains[c] - mean - y[c] * slope)
