"""The optimizers: one pass over weights, gradient and memory, with torch's formulas and constants."""

from __future__ import annotations

import numpy as np

from speciate.training.compiled import compiled
from speciate.training.compiled import functions as f

CODES = {"sgd": 0, "adam": 1, "adamw": 2, "adadelta": 3, "rmsprop": 4}
"""How the loop knows the optimizers."""
SGD, ADAM, ADAMW, ADADELTA, RMSPROP = CODES.values()

MOMENTUM = np.float32(0.9)
BETA1, REST1 = np.float32(0.9), np.float32(0.1)
ALPHA, REST_ALPHA = np.float32(0.99), np.float32(0.01)
RHO, REST_RHO = np.float32(0.9), np.float32(0.1)
EPSILON, ADADELTA_EPSILON = np.float32(1e-8), np.float32(1e-6)


@compiled
def step(code, t, rate, decay, beta2, w, g, m, v):
    """Change weights `w` by gradient `g` in step `t`, counted from 1; `m` and `v` are the optimizer's memory.

    SGD uses `m` alone, RMSprop `v` alone.
    """
    rate32, decay32 = np.float32(rate), np.float32(decay)
    if code == SGD:  # Nesterov
        for i in range(w.size):
            x = g[i] + decay32 * w[i]
            m[i] = MOMENTUM * m[i] + x
            w[i] -= rate32 * (x + MOMENTUM * m[i])
    elif code in (ADAM, ADAMW):
        size = np.float32(rate / (1.0 - 0.9**t))
        correction = np.float32(1.0 / np.sqrt(1.0 - beta2**t))
        keep, rest = np.float32(beta2), np.float32(1.0 - beta2)
        coupled = decay32 if code == ADAM else f.ZERO
        kept = f.ONE if code == ADAM else np.float32(1.0 - rate * decay)
        for i in range(w.size):
            x = g[i] + coupled * w[i]
            m[i] = BETA1 * m[i] + REST1 * x
            v[i] = keep * v[i] + rest * x * x
            w[i] = kept * w[i] - size * m[i] / (np.sqrt(v[i]) * correction + EPSILON)
    elif code == ADADELTA:
        for i in range(w.size):
            x = g[i] + decay32 * w[i]
            v[i] = RHO * v[i] + REST_RHO * x * x
            change = np.sqrt((m[i] + ADADELTA_EPSILON) / (v[i] + ADADELTA_EPSILON)) * x
            m[i] = RHO * m[i] + REST_RHO * change * change
            w[i] -= rate32 * change
    else:
        for i in range(w.size):
            x = g[i] + decay32 * w[i]
            v[i] = ALPHA * v[i] + REST_ALPHA * x * x
            w[i] -= rate32 * x / (np.sqrt(v[i]) + EPSILON)


@compiled
def average(share, averages, w):
    """Move the weights' averages by a share of the way to the weights."""
    share32 = np.float32(share)
    for i in range(w.size):
        averages[i] += share32 * (w[i] - averages[i])
