"""Random numbers inside machine code: SplitMix64, one stream a child, so that no child depends on another's draws.

Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014. The key of a generation comes from
`speciate.rng`.
"""

from __future__ import annotations

import numpy as np

from speciate.neat.compiled import compiled

GAMMA, MIX1, MIX2 = (
    np.uint64(0x9E3779B97F4A7C15),
    np.uint64(0xBF58476D1CE4E5B9),
    np.uint64(0x94D049BB133111EB),
)
S11, S27, S30, S31 = np.uint64(11), np.uint64(27), np.uint64(30), np.uint64(31)
UNIT = 2.0**-53


@compiled
def mix(z):
    """The word that follows from a counter."""
    z = (z ^ (z >> S30)) * MIX1
    z = (z ^ (z >> S27)) * MIX2
    return z ^ (z >> S31)


@compiled
def begin(state, key, index):
    """Go to the start of stream `index` under a key; `state` is an array of one uint64."""
    state[0] = mix(key + (np.uint64(index) + np.uint64(1)) * GAMMA)


@compiled.inline
def uniform(state):
    """A number from [0, 1)."""
    state[0] += GAMMA
    return np.float64(mix(state[0]) >> S11) * UNIT


@compiled.inline
def signed(state):
    """A number from [-1, 1)."""
    return 2.0 * uniform(state) - 1.0


@compiled.inline
def below(state, count):
    """A whole number from 0 to count - 1."""
    return np.int64(uniform(state) * count)
