"""The losses: a batch's value, and its derivatives by the outputs in the outputs' place."""

from __future__ import annotations

import numpy as np

from speciate.training.compiled import compiled
from speciate.training.compiled import functions as f

LARGEST = float(np.finfo(np.float32).max)
"""A loss beyond it has diverged, as it has in single precision."""


@compiled
def cross_entropy(outputs, rows, classes, counts, smoothing):
    """The mean of -log softmax times what a row counts: outputs (batch, classes) with the rows' class indices.

    `smoothing` is the share of every label that is spread evenly over the classes.
    """
    batch, width = outputs.shape
    loss, share = np.float64(0.0), f.ONE / np.float32(batch)
    each = np.float32(smoothing / width)
    left = np.float32(1.0 - smoothing)
    for r in range(batch):
        z, target = outputs[r], classes[rows[r]]
        weight = counts[rows[r]] * share if len(counts) else share
        high = z[0]
        for c in range(width):
            high = max(high, z[c])
        aim, whole = z[target] - high, f.ZERO
        if smoothing > 0:
            aim *= left
            for c in range(width):
                aim += each * (z[c] - high)
        for c in range(width):
            z[c] = f.exp(z[c] - high)
        for c in range(width):
            whole += z[c]
        loss += np.float64(weight) * (np.log(np.float64(whole)) - np.float64(aim))
        for c in range(width):
            z[c] = z[c] * (weight / whole) - weight * each
        z[target] -= weight * left
    return loss if loss <= LARGEST else np.inf


@compiled
def squared_error(outputs, rows, values, counts):
    """The mean of (output - value)**2 times what a row counts: outputs (batch, 1)."""
    batch = len(outputs)
    loss = np.float64(0.0)
    for r in range(batch):
        difference = outputs[r, 0] - values[rows[r]]
        count = counts[rows[r]] if len(counts) else f.ONE
        loss += np.float64(count) * np.float64(difference) * np.float64(difference)
        outputs[r, 0] = count * (f.TWO * difference / np.float32(batch))
    return loss / batch if loss / batch <= LARGEST else np.inf
