"""Episodes of many networks at once, side by side in slots that are fed from a queue of (network, episode) pairs until it is empty.

`SingleSlots` steps any Gymnasium environment, one object a slot. `CartPoleSlots` is Gymnasium's own vector environment; what it
lacks, a start of its own for every slot, is put into its state. Whether an episode ended by termination or by the limit of
steps makes no difference to a score. An episode in which the environment fails, or the network's outputs are no numbers, has a
return of NaN.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from speciate.neat.networks import TableNetworks
from speciate.neat.tasks.codecs import Codec, continuous
from speciate.neat.tasks.gymnasium_import import gymnasium, make_environment


class SingleSlots:
    """One environment object a slot. One that raises an error ends its episode, and another takes its place.

    Args:
        spec: The environment's.
        options: Keyword arguments of the environment.
        width: How many slots.

    Attributes:
        width: How many.
        seen: (width, *shape), what each environment shows now.
        share: `keep` is worth it when no more than this share of the slots is in use; below 1 only where a step of a slot that
            has ended does no harm.
        failure: How an environment failed for the first time, with the traceback; empty if none did.
    """

    share = 1.0
    failure = ""
    seen: NDArray[Any]

    def __init__(self, spec: Any, options: Mapping[str, Any], width: int) -> None:
        self.width, self._make = width, partial(make_environment, spec, options)
        self._environments = [self._make() for _ in range(width)]
        self._failed = np.zeros(width, np.bool_)  # whether the slot's episode could not even begin
        self._arrays = continuous(self._environments[0].action_space)  # an array each, even of one number
        space = self._environments[0].observation_space
        self.seen = np.zeros((width, *space.shape), space.dtype)

    def begin(self, slots: NDArray[np.intp], seeds: Sequence[int]) -> None:
        """Start a new episode in some slots (k,), whose starts the seeds (k,) decide."""
        for slot, seed in zip(slots.tolist(), seeds, strict=True):
            try:
                self.seen[slot], _ = self._environments[slot].reset(seed=seed)
            except Exception:
                self._replace(slot)
                self._failed[slot] = True

    def step(self, actions: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """One step of every environment by actions (width, ...).

        Returns:
            Rewards (width,), NaN where an environment failed, and whether the episode has ended (width,).
        """
        rewards, over = np.full(self.width, np.nan), self._failed.copy()
        self._failed[:] = False
        chosen = [actions[slot, ...] for slot in range(self.width)] if self._arrays else list(actions)
        for slot in np.flatnonzero(~over).tolist():
            try:
                self.seen[slot], rewards[slot], ended, cut, _ = self._environments[slot].step(chosen[slot])
                over[slot] = ended or cut
            except Exception:
                self._replace(slot)
                over[slot] = True
        return rewards, over

    def _replace(self, slot: int) -> None:
        """Put a new environment in the place of one that has just failed."""
        self.failure = self.failure or traceback.format_exc()
        self.seen[slot] = 0
        with suppress(Exception):
            self._environments[slot].close()
        self._environments[slot] = self._make()

    def keep(self, alive: NDArray[np.bool_]) -> None:
        """Go on with some of the slots alone, in the same order; alive (width,) says which."""
        for environment, on in zip(self._environments, alive, strict=True):
            if not on:
                environment.close()
        self._environments = [e for e, on in zip(self._environments, alive, strict=True) if on]
        self.seen, self._failed, self.width = self.seen[alive], self._failed[alive], int(alive.sum())

    def close(self) -> None:
        """Give back what the environments hold."""
        for environment in self._environments:
            environment.close()


class CartPoleSlots:
    """Gymnasium's `CartPoleVectorEnv`; attributes and methods are those of `SingleSlots`.

    A slot's episode starts where a single environment would start with the same seed. The vector environment resets a slot by
    itself one step after its end; this is forestalled, so that no step is wasted.
    """

    share = 0.75
    failure = ""

    def __init__(self, spec: Any, options: Mapping[str, Any], width: int) -> None:
        self.width = width
        self._single = make_environment(spec, options)
        self._starts: dict[int, NDArray[np.float64]] = {}
        made = gymnasium().make_vec(spec, width, vectorization_mode="vector_entry_point", **options)
        self._environment: Any = made.unwrapped
        self.seen, _ = self._environment.reset(seed=0)

    def _start(self, seed: int) -> NDArray[np.float64]:
        if seed not in self._starts:
            self._single.reset(seed=seed)
            self._starts[seed] = np.array(self._single.unwrapped.state, dtype=np.float64)
        return self._starts[seed]

    def begin(self, slots: NDArray[np.intp], seeds: Sequence[int]) -> None:
        """See `SingleSlots`."""
        environment = self._environment
        starts = np.stack([self._start(seed) for seed in seeds], axis=1)
        environment.state[:, slots] = starts
        environment.steps[slots] = 0
        environment.prev_done[slots] = False
        self.seen[slots] = starts.T

    def step(self, actions: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """See `SingleSlots`."""
        self.seen, rewards, ended, cut, _ = self._environment.step(actions)
        return rewards, ended | cut

    def keep(self, alive: NDArray[np.bool_]) -> None:
        """See `SingleSlots`."""
        environment = self._environment
        self.width = environment.num_envs = int(alive.sum())
        environment.state = environment.state[:, alive]
        environment.steps, environment.prev_done = environment.steps[alive], environment.prev_done[alive]
        batched = gymnasium().vector.utils.batch_space  # every step's actions are checked
        environment.action_space = batched(environment.single_action_space, self.width)
        self.seen = self.seen[alive]

    def close(self) -> None:
        """See `SingleSlots`."""
        self._environment.close()
        self._single.close()


Slots = SingleSlots | CartPoleSlots


def is_vector(spec: Any) -> bool:
    """Whether an environment is one that `CartPoleSlots` steps."""
    return bool(spec.vector_entry_point == "gymnasium.envs.classic_control.cartpole:CartPoleVectorEnv")


def make_slots(spec: Any, options: Mapping[str, Any], width: int) -> Slots:
    """The fastest kind of slots there is for an environment."""
    return (CartPoleSlots if is_vector(spec) else SingleSlots)(spec, options, width)


Watch = Callable[[NDArray[np.intp], NDArray[np.float64], NDArray[np.float64]], None]
"""Is told at every step which pair plays in each slot (-1: none), the networks' inputs, and their outputs."""


@dataclass(frozen=True)
class Outcomes:
    """What came of every pair.

    Attributes:
        returns: (networks, episodes), the sum of each episode's rewards; NaN where it failed.
        steps: (networks, episodes).
        failure: How the first environment failed, with the traceback; empty if none did.
    """

    returns: NDArray[np.float64]
    steps: NDArray[np.int64]
    failure: str = ""


class Play:
    """Plays every network's episodes.

    A slot whose episode has ended gets the next pair; when there is none, the slot is given up. What a pair scores does not
    depend on the slot, on what was played there before, or on how many slots there are.

    Args:
        networks: They play.
        slots: Environments; afterwards most of them are given up.
        observing: From observations to inputs.
        acting: From outputs to actions.
        seeds: Of the episodes; every network plays all of them.
    """

    def __init__(
        self, networks: TableNetworks, slots: Slots, observing: Codec, acting: Codec, seeds: Sequence[int]
    ) -> None:
        self._slots, self._observing, self._acting = slots, observing, acting
        self._seeds, self._episodes = seeds, len(seeds)
        self._total = networks.size * len(seeds)
        self._next = min(slots.width, self._total)
        self._playing = np.arange(slots.width)  # the pair in each slot, -1 for none
        self._playing[self._next :] = -1
        self._columns = networks.start(np.maximum(self._playing, 0) // self._episodes)
        self._returns, self._steps = np.zeros(self._total), np.zeros(self._total, np.int64)
        # So far, in each slot:
        self._return, self._length = np.zeros(slots.width), np.zeros(slots.width, np.int64)
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
        returns, steps = self._returns.reshape(self._shape), self._steps.reshape(self._shape)
        return Outcomes(returns, steps, self._slots.failure)

    def _step(self, watch: Watch | None) -> int:
        """One step everywhere; returns how many slots found the queue empty."""
        inputs = self._observing.translate(self._slots.seen)
        outputs = self._columns.step(inputs)
        if watch:
            watch(self._playing, inputs, outputs)
        if lost := bool(np.isnan(outputs).any()):
            astray = np.isnan(outputs).any(axis=0)
            outputs = np.nan_to_num(outputs)
        rewards, over = self._slots.step(self._acting.translate(outputs))
        if lost:
            rewards[astray], over[astray] = np.nan, True
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
