"""What happens to a layer's sums: activation and dropout on the way forward; their slopes on the way back."""

from __future__ import annotations

import numpy as np

from speciate.layers.modules import GAMMA, MIX1, MIX2
from speciate.training.compiled import compiled
from speciate.training.compiled import functions as f

CODES = {
    "linear": 0,
    "tanh": 1,
    "sigmoid": 2,
    "relu": 3,
    "elu": 4,
    "gelu": 5,
    "silu": 6,
    "mish": 7,
    "selu": 8,
}
"""How the loop knows the activations."""
LINEAR, TANH, SIGMOID, RELU, ELU, GELU, SILU, MISH, SELU = CODES.values()

SELU_SCALE, SELU_ALPHA = np.float32(1.0507009873554805), np.float32(1.6732632423543772)
"""Klambauer et al. 2017, arXiv:1706.02515, equation 14."""
MISH_REACH = np.float32(20.0)
"""Beyond it mish is the identity in single precision, and the squares of exponentials would get too large."""

S16, S27, S30, S31 = np.uint64(16), np.uint64(27), np.uint64(30), np.uint64(31)
LOW16 = np.uint64(0xFFFF)


@compiled
def forward(code, sums, slopes):
    """Turn sums (batch, units) into activations in place, and write the activation's slopes there."""
    rows, units = sums.shape
    for r in range(rows):
        h, s = sums[r], slopes[r]
        if code == LINEAR:
            for c in range(units):
                s[c] = f.ONE
        elif code == TANH:
            for c in range(units):
                h[c] = f.tanh(h[c])
                s[c] = f.ONE - h[c] * h[c]
        elif code == SIGMOID:
            for c in range(units):
                h[c] = f.sigmoid(h[c])
                s[c] = h[c] * (f.ONE - h[c])
        elif code == RELU:
            for c in range(units):
                x = h[c]
                s[c] = f.ONE if x > f.ZERO else f.ZERO
                h[c] = x if x > f.ZERO or x != x else f.ZERO
        elif code == ELU:
            for c in range(units):
                x = h[c]
                e = f.expm1(x)
                s[c] = f.ONE if x > f.ZERO else e + f.ONE
                h[c] = x if x > f.ZERO else e
        elif code == GELU:
            for c in range(units):
                x = h[c]
                below, density = f.normal_cdf_and_density(x)
                h[c] = x * below
                s[c] = below + x * density
        elif code == MISH:  # x tanh(log(1 + e**x)), with the tangent and its slope as fractions of e**x
            for c in range(units):
                x = h[c]
                e = f.exp(MISH_REACH if x > MISH_REACH else x)
                n = e * (e + f.TWO)
                share = f.ONE / (n + f.TWO)
                h[c] = x * (n * share)
                s[c] = n * share + x * (f.FOUR * e * share) * ((f.ONE + e) * share)
        elif code == SELU:
            for c in range(units):
                x = h[c]
                e = SELU_ALPHA * f.expm1(x)
                s[c] = SELU_SCALE * (f.ONE if x > f.ZERO else e + SELU_ALPHA)
                h[c] = SELU_SCALE * (x if x > f.ZERO else e)
        else:
            for c in range(units):
                x = h[c]
                p = f.sigmoid(x)
                h[c] = x * p
                s[c] = p + h[c] * (f.ONE - p)


@compiled
def drop(key, start, threshold, scale, count, values, slopes):
    """Dropout of `count` activations in place, and of their slopes; returns where the mask's words end.

    The masks are those of `speciate.layers.modules`: SplitMix64, four units a word. The arrays are flat and padded to a
    multiple of four.
    """
    words = (count + 3) // 4
    for i in range(words):
        z = key + (np.uint64(start + i) + np.uint64(1)) * GAMMA
        z = (z ^ (z >> S30)) * MIX1
        z = (z ^ (z >> S27)) * MIX2
        z ^= z >> S31
        for quarter in range(4):
            m = scale if (z >> (S16 * np.uint64(quarter))) & LOW16 >= threshold else f.ZERO
            j = quarter * words + i
            values[j] *= m
            slopes[j] *= m
    return start + words


@compiled
def backward(errors, slopes, bias_gradient):
    """Turn derivatives by activations (batch, units) into derivatives by sums in place, and add them up for the bias."""
    rows, units = errors.shape
    bias_gradient[:] = f.ZERO
    for r in range(rows):
        e, s = errors[r], slopes[r]
        for c in range(units):
            e[c] *= s[c]
            bias_gradient[c] += e[c]


@compiled
def sums(errors, bias_gradient):
    """Add the derivatives by sums (batch, units) up for the bias."""
    rows, units = errors.shape
    bias_gradient[:] = f.ZERO
    for r in range(rows):
        e = errors[r]
        for c in range(units):
            bias_gradient[c] += e[c]
