"""Episodes of many genomes at once: slots are fed from a queue of (genome, episode) pairs until it is empty."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from speciate.neat.networks import Networks
from speciate.neat.tasks.codecs import Codec
from speciate.neat.tasks.slots import Slots

Watch = Callable[[NDArray[np.intp], NDArray[np.float64], NDArray[np.float64]], None]
"""Is told at every step which pair plays in each slot (-1: none), the networks' inputs, and their outputs."""


@dataclass(frozen=True)
class Outcomes:
    """What came of every pair.

    Attributes:
        returns: (genomes, episodes), the sum of each episode's rewards.
        steps: (genomes, episodes).
    """

    returns: NDArray[np.float64]
    steps: NDArray[np.int64]


class Play:
    """Plays every genome's episodes.

    A slot whose episode has ended gets the next pair; when there is none, the slot is given up. What a pair scores does not
    depend on the slot, on what was played there before, or on how many slots there are.

    Args:
        networks: One for each genome.
        slots: Environments; afterwards most of them are given up.
        observing: From observations to inputs.
        acting: From outputs to actions.
        seeds: Of the episodes; every genome plays all of them.
    """

    def __init__(
        self, networks: Networks, slots: Slots, observing: Codec, acting: Codec, seeds: Sequence[int]
    ) -> None:
        self._slots, self._observing, self._acting = slots, observing, acting
        self._seeds, self._episodes = seeds, len(seeds)
        self._total = networks.size * len(seeds)
        self._next = min(slots.width, self._total)
        self._playing = np.arange(slots.width)  # the pair in each slot, -1 for none
        self._playing[self._next :] = -1
        self._columns = networks.start(np.maximum(self._playing, 0) // self._episodes)
        self._returns, self._steps = np.zeros(self._total), np.zeros(self._total, np.int64)
        self._return, self._length = (
            np.zeros(slots.width),
            np.zeros(slots.width, np.int64),
        )  # so far, in each slot
        self._shape = (networks.size, self._episodes)

    def run(self, watch: Watch | None = None) -> Outcomes:
        """Play until the queue is empty.

        Args:
            watch: Is told what goes on, for traces.
        """
        first = np.flatnonzero(self._playing >= 0)
        self._begin(first)
        used = len(first)
        while used:
            if used <= self._slots.share * self._slots.width and used < self._slots.width:
                self._compact()
            used -= self._step(watch)
        return Outcomes(self._returns.reshape(self._shape), self._steps.reshape(self._shape))

    def _step(self, watch: Watch | None) -> int:
        """One step everywhere; returns how many slots found the queue empty."""
        inputs = self._observing.translate(self._slots.seen)
        outputs = self._columns.step(inputs)
        if watch:
            watch(self._playing, inputs, outputs)
        rewards, over = self._slots.step(self._acting.translate(outputs))
        self._return += rewards
        self._length += 1
        playing = self._playing
        ended = np.flatnonzero(over & (playing >= 0))
        if not len(ended):
            return 0
        self._returns[playing[ended]], self._steps[playing[ended]] = self._return[ended], self._length[ended]
        self._return[ended], self._length[ended] = 0.0, 0
        fed = ended[: self._total - self._next]
        playing[ended] = -1
        playing[fed] = np.arange(self._next, self._next + len(fed))
        self._next += len(fed)
        if len(fed):
            self._columns.replace(fed, playing[fed] // self._episodes)
            self._begin(fed)
        return len(ended) - len(fed)

    def _begin(self, slots: NDArray[np.intp]) -> None:
        self._slots.begin(slots, [self._seeds[pair % self._episodes] for pair in self._playing[slots]])

    def _compact(self) -> None:
        on = self._playing >= 0
        self._slots.keep(on)
        self._columns.keep(on)
        self._playing, self._return, self._length = self._playing[on], self._return[on], self._length[on]
