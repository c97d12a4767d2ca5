"""A network's whole training in one call: nothing returns to Python between its first step and its last."""

from __future__ import annotations

import numpy as np

from speciate.training.compiled import (
    activations,
    compiled,
    functions,
    losses,
    merges,
    norms,
    optimizers,
    periodic,
    products,
)
from speciate.training.compiled.arrays import (
    ADD,
    BATCH_NORM,
    CONCAT,
    COPY,
    DENSE,
    LAYER_NORM,
    PERIODIC,
    SCALE,
)


@compiled
def train(
    tape, reads, weights, statistics, room, key, x, classes, values, counts, order, batch,
    optimizer, rates, decays, beta2, smoothing, averaging, history, stop,
):  # fmt: skip
    """Train a network in place.

    Args:
        tape: A record for each value, the example's first; see `arrays.RECORD`.
        reads: The values that the operations read.
        weights: Operation by operation its tensors, flat, float32; matrices are (inputs, outputs).
        statistics: Operation by operation what it changes by itself, flat, float32.
        room: How many numbers values, slopes, errors and the rest take.
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
        averaging: How far the averages of weights and statistics move toward them after every step, float64; or empty for none.
        history: The loss of every step is written here, float64.
        stop: One number; training ends when another thread makes it anything but 0.

    Returns:
        How many steps were begun: all, or up to the one whose loss was not finite, or to the one where it was stopped.
    """
    largest = 0
    for v in range(1, len(tape)):
        largest = max(largest, tape[v].end - tape[v].weights, tape[v].width)
    moments = np.zeros(len(weights), np.float32)
    squares = np.zeros(len(weights), np.float32)
    averages = np.zeros(len(weights) if len(averaging) else 0, np.float32)
    means = np.zeros(len(statistics) if len(averaging) else 0, np.float32)
    gradient = np.empty(largest, np.float32)  # of one operation: it is used up while it is in the cache
    numbers = np.zeros(room, np.float32)
    ready = np.zeros(len(tape), np.bool_)  # whether a value's errors have been begun
    last = len(tape) - 1
    words = 0
    for step in range(len(rates)):
        rows = order[step * batch : (step + 1) * batch]
        n = len(rows)
        inputs = view(numbers, tape[0].value, n, tape[0].width)
        for r in range(n):
            source, target = x[rows[r]], inputs[r]
            for c in range(tape[0].width):
                target[c] = source[c]
        for v in range(1, len(tape)):
            forward(tape, v, reads, weights, statistics, numbers, n)
            op = tape[v]
            if op.slope >= 0:
                count = n * op.width
                out, slopes = numbers[op.value :], numbers[op.slope :]
                activations.forward(
                    op.activation, view(numbers, op.value, n, op.width), view(numbers, op.slope, n, op.width)
                )
                if op.scale > 0:
                    words = activations.drop(key, words, op.threshold, op.scale, count, out, slopes)
        outputs = view(numbers, tape[last].value, n, tape[last].width)
        if len(classes):
            history[step] = losses.cross_entropy(outputs, rows, classes, counts, smoothing)
        else:
            history[step] = losses.squared_error(outputs, rows, values, counts)
        if not np.isfinite(history[step]) or stop[0] != 0:
            return step + 1
        ready[:] = False
        for v in range(last, 0, -1):
            op = tape[v]
            if op.error < 0:
                continue
            size = op.end - op.weights
            backward(tape, v, reads, weights[op.weights : op.end], numbers, gradient, ready, n)
            if size:
                optimizers.step(
                    optimizer, step + 1, rates[step] * op.factor, decays[step], beta2, weights[op.weights : op.end],
                    gradient[:size], moments[op.weights : op.end], squares[op.weights : op.end],
                )  # fmt: skip
                if len(averaging):  # while the weights are in the cache
                    optimizers.average(
                        averaging[step], averages[op.weights : op.end], weights[op.weights : op.end]
                    )
        if len(averaging):
            optimizers.average(averaging[step], means, statistics)
    if len(averaging):
        weights[:] = averages
        statistics[:] = means
    return len(rates)


@compiled
def view(numbers, start, n, width):
    """The (n, width) numbers that begin at `start`."""
    return numbers[start : start + n * width].reshape(n, width)


@compiled
def forward(tape, v, reads, weights, statistics, numbers, n):
    """Write value `v` for a batch of n, without what happens to its units afterwards."""
    op = tape[v]
    out = view(numbers, op.value, n, op.width)
    own = weights[op.weights : op.end]
    read = tape[reads[op.first]]
    x = view(numbers, read.value, n, read.width)
    if op.sort == DENSE:
        size = read.width * op.width
        bias = own[size:]
        for r in range(n):
            for c in range(op.width):
                out[r, c] = bias[c]
        products.forward(x, own[:size].reshape(read.width, op.width), out)
    elif op.sort == BATCH_NORM:
        normed, scales, means = remembered(op, numbers, n)
        norms.batch_forward(
            x, own, statistics[op.statistics : op.statistics + 2 * op.width], op.epsilon, op.momentum,
            normed, scales, means, out,
        )  # fmt: skip
    elif op.sort == LAYER_NORM:
        normed, scales, _ = remembered(op, numbers, n)
        norms.layer_forward(x, own, op.epsilon, normed, scales, out)
    elif op.sort == COPY:
        merges.copy(x, out, 0)
    elif op.sort == SCALE:
        merges.scale(x, own, out)
    elif op.sort == PERIODIC:
        periodic.forward(x, own, numbers[op.extra :], out)
    else:
        start = 0
        if op.sort == ADD:
            out[:] = functions.ZERO
        for i in range(op.first, op.last):
            read = tape[reads[i]]
            x = view(numbers, read.value, n, read.width)
            if op.sort == ADD:
                merges.add(x, own[i - op.first], out)
            else:
                merges.copy(x, out, start)
                start += read.width


@compiled
def remembered(op, numbers, n):
    """What a norm keeps for the way back: normalized values (n, width), scales, and room for means."""
    start = op.extra + n * op.width
    most = max(n, op.width)
    return (
        view(numbers, op.extra, n, op.width),
        numbers[start : start + most],
        numbers[start + most : start + 2 * most],
    )


@compiled
def below_of(tape, v, numbers, ready, n):
    """The errors of value `v`, to which its readers add; zeros at first."""
    op = tape[v]
    below = view(numbers, op.error, n, op.width)
    if not ready[v]:
        ready[v] = True
        below[:] = functions.ZERO
    return below


@compiled
def backward(tape, v, reads, own, numbers, gradient, ready, n):
    """From the errors of value `v` those of what it reads, and the gradient of its weights `own`."""
    op = tape[v]
    errors = view(numbers, op.error, n, op.width)
    biases = (
        gradient[len(own) - op.width : len(own)]
        if op.sort <= LAYER_NORM and len(own)
        else gradient[: op.width]
    )
    if op.slope >= 0:
        activations.backward(errors, view(numbers, op.slope, n, op.width), biases)
    else:
        activations.sums(errors, biases)
    first = reads[op.first]
    read = tape[first]
    x = view(numbers, read.value, n, read.width)
    if op.sort == DENSE:
        size = read.width * op.width
        if read.error >= 0:
            matrix = own[:size].reshape(read.width, op.width)
            below = view(numbers, read.error, n, read.width)
            products.by_inputs(errors, matrix, functions.ONE if ready[first] else functions.ZERO, below)
            ready[first] = True
        products.by_weights(x, errors, gradient[:size].reshape(read.width, op.width))
    elif op.sort == BATCH_NORM or op.sort == LAYER_NORM:
        normed, scales, _ = remembered(op, numbers, n)
        norms.by_gains(errors, normed, gradient[: op.width])
        if read.error >= 0:
            below = below_of(tape, first, numbers, ready, n)
            if op.sort == BATCH_NORM:
                norms.batch_backward(errors, own, normed, scales, gradient[: 2 * op.width], below)
            else:
                norms.layer_backward(errors, own, normed, scales, below)
    elif op.sort == SCALE:
        norms.by_gains(errors, x, gradient[: op.width])
        if read.error >= 0:
            merges.scale_back(errors, own, below_of(tape, first, numbers, ready, n))
    elif op.sort == PERIODIC:
        periodic.backward(errors, x, own, numbers[op.extra :], gradient[: len(own)])
        if read.error >= 0:
            below = below_of(tape, first, numbers, ready, n)
            periodic.by_inputs(errors, own, numbers[op.extra :], below)
    else:
        start = 0
        for i in range(op.first, op.last):
            read = tape[reads[i]]
            gain = own[i - op.first] if op.sort == ADD else functions.ONE
            if op.sort == ADD:
                gradient[i - op.first] = merges.by_gain(errors, view(numbers, read.value, n, read.width))
            if read.error >= 0:
                merges.add_back(errors, start, gain, below_of(tape, reads[i], numbers, ready, n))
            if op.sort == CONCAT:
                start += read.width
