"""Random streams that depend on what is decided, never on when or where.

Every random decision draws from its own counter-based generator (Salmon et al., "Parallel random numbers: as easy as
1, 2, 3", SC 2011), keyed by the run's seed, the kind of decision and the candidate's id. Nothing is shared between
candidates, so neither the number of workers nor the order in which they finish can change a result.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np


class Stream(IntEnum):
    """The kinds of random decisions. A number is never reused: it is part of what a seed means."""

    PROPOSE = 0
    """Sampling, parent selection and mutation: what a candidate is."""
    EVALUATE = 1
    """Initial weights, data order and dropout: how a candidate is trained."""
    SPLIT = 2
    """Which rows are for training, validation and test."""
    BASELINE = 3
    """Baselines."""
    ANCESTOR = 4
    """What a network that a search starts from lacks: hyper-parameters, layers for other inputs."""
    GENERATION = 5
    """A whole generation's parents, mutations and representatives at once; the index is the generation."""
    EPISODE = 6
    """How an episode of an environment starts; the index is the episode."""
    VERIFY = 7
    """On which episodes a champion is verified."""
    SURROGATE = 8
    """The search for a surrogate's weights; the index is the number of results that it knows."""


def generator(seed: int, stream: Stream, index: int = 0) -> np.random.Generator:
    """The generator of one decision.

    Args:
        seed: The run's seed, at least 0.
        stream: The kind of decision.
        index: Which decision of this kind; usually a candidate's id.
    """
    return np.random.Generator(np.random.Philox(np.random.SeedSequence((seed, int(stream), index))))


def derive(seed: int, stream: Stream, index: int = 0) -> int:
    """A 63-bit seed for one decision, for libraries that want a number rather than a generator."""
    return int(
        np.random.SeedSequence((seed, int(stream), index)).generate_state(1, np.uint64)[0] >> np.uint64(1)
    )
