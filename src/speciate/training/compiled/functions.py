"""Elementary functions in single precision, without branches, so that loops over them become vector instructions.

The mathematics libraries' own are called one number at a time: several times slower than everything around them. These
are within 2e-7 of the exact value, which tests/training/test_functions.py checks.
"""

from __future__ import annotations

import numpy as np

from speciate.training.compiled import compiled

ZERO, HALF, ONE, TWO, FOUR = map(np.float32, (0, 0.5, 1, 2, 4))
LOG2E = np.float32(1.44269504088896341)
LN2_HIGH, LN2_LOW = np.float32(0.693145751953125), np.float32(1.42860682030941723e-6)
"""The sum is ln 2; the first has so few digits that its product with a whole number is exact."""
ROUND = np.float32(12582912.0)
"""1.5 * 2**23: what is added to a small number and subtracted again rounds it to a whole number."""
ROUND_BITS = np.int32(ROUND.view(np.int32))
LOWEST, HIGHEST = np.float32(-87.0), np.float32(88.0)
"""Where exp leaves the normal numbers of single precision."""
T2, T3, T4 = np.float32(1 / 2), np.float32(1 / 6), np.float32(1 / 24)
T5, T6, T7 = np.float32(1 / 120), np.float32(1 / 720), np.float32(1 / 5040)
INVERSE_SQRT2, INVERSE_SQRT2PI = np.float32(0.70710678118654752), np.float32(0.39894228040143268)
# Abramowitz & Stegun, Handbook of Mathematical Functions, 7.1.26: absolute error below 1.5e-7
ERF_P = np.float32(0.3275911)
ERF_1, ERF_2, ERF_3 = np.float32(0.254829592), np.float32(-0.284496736), np.float32(1.421413741)
ERF_4, ERF_5 = np.float32(-1.453152027), np.float32(1.061405429)


@compiled
def _power_of_two_and_rest(x):
    """(2**n, expm1(r)) where x = n ln 2 + r and |r| <= ln(2) / 2."""
    x = LOWEST if x < LOWEST else x  # not min and max: NaN has to pass
    x = HIGHEST if x > HIGHEST else x
    t = x * LOG2E + ROUND
    n = t - ROUND
    r = (x - n * LN2_HIGH) - n * LN2_LOW
    scale = np.int32((np.float32(t).view(np.int32) - ROUND_BITS + np.int32(127)) << np.int32(23)).view(
        np.float32
    )
    return scale, r + r * r * (T2 + r * (T3 + r * (T4 + r * (T5 + r * (T6 + r * T7)))))


@compiled
def exp(x):
    """e**x, of float32."""
    scale, rest = _power_of_two_and_rest(x)
    return scale * rest + scale


@compiled
def expm1(x):
    """e**x - 1 of float32, exact near 0."""
    scale, rest = _power_of_two_and_rest(x)
    return scale * rest + (scale - ONE)


@compiled
def tanh(x):
    """The hyperbolic tangent of float32, exact near 0."""
    e = expm1(TWO * x)
    return e / (e + TWO)


@compiled
def sigmoid(x):
    """1 / (1 + e**-x) of float32."""
    return ONE / (ONE + exp(-x))


@compiled
def normal_cdf_and_density(x):
    """The standard normal distribution function and density at x, of float32."""
    bell = exp(-HALF * x * x)
    t = ONE / (ONE + ERF_P * abs(x) * INVERSE_SQRT2)
    tail = HALF * t * (ERF_1 + t * (ERF_2 + t * (ERF_3 + t * (ERF_4 + t * ERF_5)))) * bell
    return (ONE - tail if x > ZERO else tail), INVERSE_SQRT2PI * bell
