"""Numbers as waves: cosines of each, and the way back through them.

A periodic layer's weights are w and b of every number's waves, then the matrices (units, waves) that mix them, then the shifts.
Cosines and sines lie behind each other in `memory`, (batch, numbers * waves) each.
"""

from __future__ import annotations

import math

import numpy as np

from speciate.training.compiled import compiled, reordered
from speciate.training.compiled import functions as f

TURN, PER_TURN, QUARTER = np.float32(math.tau), np.float32(1 / math.tau), np.float32(0.25)
S3, S5, S7, S9, S11, S13 = (np.float32((-1) ** (n // 2) / math.factorial(n)) for n in (3, 5, 7, 9, 11, 13))


@compiled
def sine(turns):
    """sin(2 pi turns) for at most a quarter of a turn, by its Taylor series: the next term is below 1e-9."""
    x = TURN * turns
    y = x * x
    return x + x * y * (S3 + y * (S5 + y * (S7 + y * (S9 + y * (S11 + y * S13)))))


@compiled
def cosine_and_sine(turns):
    """Cos and sin of 2 pi turns, of float32, without branches."""
    rest = turns - np.floor(turns + f.HALF)
    size = abs(rest)
    height = sine(QUARTER - abs(size - QUARTER))
    return sine(QUARTER - size), (height if rest > f.ZERO else -height)


@compiled
def sizes(x, own, units):
    """Numbers, waves of each, units of each but for itself."""
    numbers = x.shape[1]
    mixed = units // numbers - 1
    return numbers, (len(own) // numbers - mixed) // (mixed + 2), mixed


@reordered
def forward(x, own, memory, out):
    """X (batch, numbers) to `out` (batch, numbers * (1 + mixed)): each number, then its mixed waves."""
    numbers, waves, mixed = sizes(x, own, out.shape[1])
    n, many = len(x), numbers * waves
    frequencies, phases = own[:many], own[many : 2 * many]
    mixes, shifts = own[2 * many : (2 + mixed) * many], own[(2 + mixed) * many :]
    for r in range(n):
        cosines = memory[r * many : (r + 1) * many]
        sines = memory[(n + r) * many : (n + r + 1) * many]
        for i in range(numbers):
            value = x[r, i]
            for j in range(i * waves, (i + 1) * waves):
                cosines[j], sines[j] = cosine_and_sine(value * frequencies[j] + phases[j] * PER_TURN)
            out[r, i * (mixed + 1)] = value
            for m in range(mixed):
                weights = mixes[(i * mixed + m) * waves : (i * mixed + m + 1) * waves]
                total = f.ZERO
                for k in range(waves):
                    total += weights[k] * cosines[i * waves + k]
                out[r, i * (mixed + 1) + 1 + m] = total + shifts[i * mixed + m]


@compiled
def backward(errors, x, own, memory, gradient):
    """The gradient of the weights; derivatives by the waves' angles take the sines' place."""
    numbers, waves, mixed = sizes(x, own, errors.shape[1])
    n, many = len(x), numbers * waves
    mixes = own[2 * many : (2 + mixed) * many]
    by_frequencies, by_phases = gradient[:many], gradient[many : 2 * many]
    by_mixes, by_shifts = gradient[2 * many : (2 + mixed) * many], gradient[(2 + mixed) * many :]
    gradient[:] = f.ZERO
    for r in range(n):
        cosines = memory[r * many : (r + 1) * many]
        angles = memory[(n + r) * many : (n + r + 1) * many]
        for i in range(numbers):
            wave, angle = cosines[i * waves : (i + 1) * waves], angles[i * waves : (i + 1) * waves]
            e = errors[r, i * (mixed + 1) + 1 : (i + 1) * (mixed + 1)]
            for m in range(mixed):
                by_shifts[i * mixed + m] += e[m]
                part = by_mixes[(i * mixed + m) * waves : (i * mixed + m + 1) * waves]
                for k in range(waves):
                    part[k] += e[m] * wave[k]
            wave[:] = f.ZERO  # from here on derivatives by the cosines
            for m in range(mixed):
                weights = mixes[(i * mixed + m) * waves : (i * mixed + m + 1) * waves]
                for k in range(waves):
                    wave[k] += e[m] * weights[k]
            turned = TURN * x[r, i]
            for k in range(waves):
                angle[k] *= -wave[k]
                by_phases[i * waves + k] += angle[k]
                by_frequencies[i * waves + k] += angle[k] * turned


@reordered
def by_inputs(errors, own, memory, below):
    """Add the derivatives by what came in to `below` (batch, numbers), from those by the angles."""
    numbers, waves, mixed = sizes(below, own, errors.shape[1])
    n, many = len(below), numbers * waves
    for r in range(n):
        angles = memory[(n + r) * many : (n + r + 1) * many]
        for i in range(numbers):
            total = f.ZERO
            for j in range(i * waves, (i + 1) * waves):
                total += angles[j] * own[j]
            below[r, i] += errors[r, i * (mixed + 1)] + TURN * total
