"""A network's whole training in one call: nothing returns to Python between its first step and its last."""

from __future__ import annotations

import numpy as np

from speciate.training.compiled import activations, compiled, functions, losses, optimizers, products

PAD = 16
"""Layers begin at multiples of this many numbers: dropout works on four at once, vector instructions on sixteen."""


@compiled
def padded(count):
    """The least multiple of `PAD` that is not below `count`."""
    return (count + PAD - 1) // PAD * PAD


@compiled
def train(
    weights, widths, codes, thresholds, scales, key, x, classes, values, counts, order, batch,
    optimizer, rates, decays, beta2, smoothing, averaging, history, stop,
):  # fmt: skip
    """Train a network of dense layers in place.

    Args:
        weights: Layer by layer the matrix (inputs, outputs) and the bias, flat, float32.
        widths: Inputs, then the units of every layer, the head last.
        codes: Activation of every layer but the head.
        thresholds: Of 65,536 equal chances of dropout, how many drop a unit, for every layer but the head; uint64.
        scales: What the units that stay are multiplied by, float32; 0 where there is no dropout.
        key: Of the dropout masks, uint64.
        x: Examples (n, inputs), float32.
        classes: Class indices (n,), or empty for a regression.
        values: Values (n,), float32, or empty for a classification.
        counts: What each example counts in the loss (n,), float32; or empty if all count the same.
        order: Row numbers of all the examples to show.
        batch: Examples in a step.
        optimizer: Its code.
        rates: Learning rate of every step, float64.
        decays: Weight decay of every step, float64.
        beta2: Share of its second memory that Adam keeps in a step.
        smoothing: Share of every label that is spread evenly over the classes.
        averaging: How far the average of the weights moves toward them after every step, float64; or empty for no average.
        history: The loss of every step is written here, float64.
        stop: One number; training ends when another thread makes it anything but 0.

    Returns:
        How many steps were begun: all, or up to the one whose loss was not finite, or to the one where it was stopped.
    """
    depth = len(widths) - 1
    widest = widths[1:].max()
    starts = np.zeros(depth + 1, np.int64)  # where layers begin in `weights`
    rooms = np.zeros(depth + 1, np.int64)  # where layers begin in `outs`
    largest = 0
    for k in range(depth):
        size = (widths[k] + 1) * widths[k + 1]
        starts[k + 1] = starts[k] + size
        rooms[k + 1] = rooms[k] + padded(batch * widths[k + 1])
        largest = max(largest, size)
    moments = np.zeros(len(weights), np.float32)
    squares = np.zeros(len(weights), np.float32)
    averages = np.zeros(len(weights) if len(averaging) else 0, np.float32)
    gradient = np.empty(largest, np.float32)  # of one layer at a time: it is used up while it is in the cache
    outs = np.zeros(rooms[depth], np.float32)
    slopes = np.zeros(rooms[depth], np.float32)
    errors = np.zeros((2, padded(batch * widest)), np.float32)
    inputs = np.empty((batch, widths[0]), np.float32)
    words = 0
    for step in range(len(rates)):
        rows = order[step * batch : (step + 1) * batch]
        n = len(rows)
        for r in range(n):
            source, target = x[rows[r]], inputs[r]
            for c in range(widths[0]):
                target[c] = source[c]
        below = inputs[:n]
        for k in range(depth):
            units = widths[k + 1]
            end = starts[k] + widths[k] * units
            matrix = weights[starts[k] : end].reshape(widths[k], units)
            bias = weights[end : end + units]
            flat = outs[rooms[k] : rooms[k + 1]]
            out = flat[: n * units].reshape(n, units)
            for r in range(n):
                for c in range(units):
                    out[r, c] = bias[c]
            products.forward(below, matrix, out)
            if k < depth - 1:
                slope = slopes[rooms[k] : rooms[k + 1]]
                activations.forward(codes[k], out, slope[: n * units].reshape(n, units))
                if scales[k] > 0:
                    words = activations.drop(key, words, thresholds[k], scales[k], n * units, flat, slope)
            elif len(classes):
                history[step] = losses.cross_entropy(out, rows, classes, counts, smoothing)
            else:
                history[step] = losses.squared_error(out, rows, values, counts)
            below = out
        if not np.isfinite(history[step]) or stop[0] != 0:
            return step + 1
        error = below
        for k in range(depth - 1, -1, -1):
            units, size = widths[k + 1], widths[k] * widths[k + 1]
            matrix = weights[starts[k] : starts[k] + size].reshape(widths[k], units)
            bias_gradient = gradient[size : size + units]
            if k < depth - 1:
                slope = slopes[rooms[k] : rooms[k] + n * units].reshape(n, units)
                activations.backward(error, slope, bias_gradient)
            else:
                bias_gradient[:] = functions.ZERO
                for r in range(n):
                    for c in range(units):
                        bias_gradient[c] += error[r, c]
            below = inputs[:n]
            deeper = error
            if k > 0:
                below = outs[rooms[k - 1] : rooms[k - 1] + n * widths[k]].reshape(n, widths[k])
                error = errors[k % 2, : n * widths[k]].reshape(n, widths[k])
                products.by_inputs(deeper, matrix, error)
            products.by_weights(below, deeper, gradient[:size].reshape(widths[k], units))
            part = slice(starts[k], starts[k + 1])
            optimizers.step(
                optimizer, step + 1, rates[step], decays[step], beta2, weights[part], gradient[: size + units],
                moments[part], squares[part],
            )  # fmt: skip
            if len(averaging):  # while the weights are in the cache
                optimizers.average(averaging[step], averages[part], weights[part])
    if len(averaging):
        weights[:] = averages
    return len(rates)
