"""Matrix products by SciPy's BLAS, in blocks that it multiplies without copying them first.

OpenBLAS has kernels for small matrices, up to a million multiplications, that work on the operands where they are. They
reach the processor's peak, the general ones 80 % of it at these sizes, and any of our products can be cut into small ones.
They exist where there is AVX-512; elsewhere products stay whole.
"""

from __future__ import annotations

from typing import Any

import llvmlite.binding
import numpy as np
from numba import types
from numba.extending import get_cython_function_address

from speciate.training.compiled import compiled
from speciate.training.compiled.functions import ONE, ZERO

# By name and not by address, so that the machine code can be kept from one process to the next.
llvmlite.binding.add_symbol(
    "speciate_sgemm", get_cython_function_address("scipy.linalg.cython_blas", "sgemm")
)
sgemm: Any = types.ExternalFunction("speciate_sgemm", types.void(*[types.uintp] * 13))

AVX512 = bool(llvmlite.binding.get_host_cpu_features().get("avx512f"))
SMALL = 1_000_000 if AVX512 else 2**62
"""Multiplications that a block may have."""
NARROW = 16 if AVX512 else 2**62
"""Columns of a block where the second operand is transposed: wider ones are slower."""
PLAIN, TRANSPOSED = np.uint8(ord("n")), np.uint8(ord("t"))


@compiled
def product(turn_a, turn_b, m, n, k, a, lda, b, ldb, beta, c, ldc):
    """C = A B + beta C for row-major matrices at addresses: (m, k), (k, n), (m, n), each with the length of its rows.

    BLAS has its matrices column by column: what it is asked for is the transposed product.
    """
    sizes = np.array([n, m, k, ldb, lda, ldc], np.int32)
    factors = np.array([ONE, beta], np.float32)
    turns = np.array([turn_b, turn_a], np.uint8)
    s, f, t = sizes.ctypes.data, factors.ctypes.data, turns.ctypes.data
    sgemm(t, t + 1, s, s + 4, s + 8, f, b, s + 12, a, s + 16, f + 4, c, s + 20)


@compiled
def forward(x, weights, sums):
    """`sums += x @ weights`: (n, inputs), (inputs, units), (n, units)."""
    n, inputs = x.shape
    units = weights.shape[1]
    block = max(1, SMALL // (n * units))
    at_x, at_w, at_s = x.ctypes.data, weights.ctypes.data, sums.ctypes.data
    for i in range(0, inputs, block):
        k = min(block, inputs - i)
        product(
            PLAIN, PLAIN, n, units, k, at_x + 4 * i, inputs, at_w + 4 * i * units, units, ONE, at_s, units
        )


@compiled
def by_weights(x, errors, gradient):
    """`gradient = x.T @ errors`: (n, inputs), (n, units), (inputs, units)."""
    n, inputs = x.shape
    units = errors.shape[1]
    block = max(1, SMALL // (n * units))
    at_x, at_e, at_g = x.ctypes.data, errors.ctypes.data, gradient.ctypes.data
    for i in range(0, inputs, block):
        m = min(block, inputs - i)
        product(
            TRANSPOSED,
            PLAIN,
            m,
            units,
            n,
            at_x + 4 * i,
            inputs,
            at_e,
            units,
            ZERO,
            at_g + 4 * i * units,
            units,
        )


@compiled
def by_inputs(errors, weights, beta, below):
    """`below = errors @ weights.T + beta * below`: (n, units), (inputs, units), (n, inputs)."""
    n, units = errors.shape
    inputs = len(weights)
    block = max(1, min(NARROW, SMALL // (n * units)))
    at_e, at_w, at_b = errors.ctypes.data, weights.ctypes.data, below.ctypes.data
    for i in range(0, inputs, block):
        m = min(block, inputs - i)
        product(
            PLAIN,
            TRANSPOSED,
            n,
            m,
            units,
            at_e,
            units,
            at_w + 4 * i * units,
            units,
            beta,
            at_b + 4 * i,
            inputs,
        )
