"""The losses: a batch's value, and its derivatives by the outputs in the outputs' place."""

from __future__ import annotations

import numpy as np

from speciate.training.compiled import compiled
from speciate.training.compiled import functions as f

LARGEST = float(np.finfo(np.float32).max)
"""A loss beyond it has diverged, as it has in single precision."""


@compiled
def cross_entropy(outputs, rows, classes, weights):
    """The weighted mean of -log softmax, as torch's: outputs (batch, classes) with the rows' class indices."""
    batch, width = outputs.shape
    total = f.ZERO
    for r in range(batch):
        total += weights[classes[rows[r]]]
    loss = np.float64(0.0)
    for r in range(batch):
        z, target = outputs[r], classes[rows[r]]
        weight = weights[target] / total
        high = z[0]
        for c in range(width):
            high = max(high, z[c])
        aim, whole = z[target] - high, f.ZERO
        for c in range(width):
            z[c] = f.exp(z[c] - high)
        for c in range(width):
            whole += z[c]
        loss += np.float64(weight) * (np.log(np.float64(whole)) - np.float64(aim))
        for c in range(width):
            z[c] *= weight / whole
        z[target] -= weight
    return loss if loss <= LARGEST else np.inf


@compiled
def squared_error(outputs, rows, values):
    """The mean of (output - value)**2: outputs (batch, 1)."""
    batch = len(outputs)
    loss = np.float64(0.0)
    for r in range(batch):
        difference = outputs[r, 0] - values[rows[r]]
        loss += np.float64(difference) * np.float64(difference)
        outputs[r, 0] = f.TWO * difference / np.float32(batch)
    return loss / batch if loss / batch <= LARGEST else np.inf
