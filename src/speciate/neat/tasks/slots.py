"""Environments side by side: each slot plays one episode after another, with the start that the episode's seed says.

`SingleSlots` steps any Gymnasium environment, one object a slot. `CartPoleSlots` is Gymnasium's own vector environment; what it
lacks, a start of its own for every slot, is put into its state. Whether an episode ended by termination or by the limit of
steps makes no difference to a score.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from speciate.neat.tasks.gymnasium_import import batched, make_environment, make_vector, vector_entry


class Slots(ABC):
    """A number of environments of one kind.

    Attributes:
        width: How many.
        seen: (width, *shape), what each environment shows now.
        share: `keep` is worth it when no more than this share of the slots is in use; below 1 only where a step of a slot that
            has ended does no harm.
    """

    width: int
    seen: NDArray[Any]
    share: float

    @abstractmethod
    def begin(self, slots: NDArray[np.intp], seeds: Sequence[int]) -> None:
        """Start a new episode in some slots.

        Args:
            slots: (k,) which.
            seeds: (k,) of their episodes; equal seeds are equal starts.
        """

    @abstractmethod
    def step(self, actions: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """One step of every environment.

        Args:
            actions: (width, ...).

        Returns:
            Rewards (width,), and whether the episode has ended (width,).
        """

    @abstractmethod
    def keep(self, alive: NDArray[np.bool_]) -> None:
        """Go on with some of the slots alone, in the same order.

        Args:
            alive: (width,).
        """

    @abstractmethod
    def close(self) -> None:
        """Give back what the environments hold."""


class SingleSlots(Slots):
    """One environment object a slot.

    Args:
        name: The environment's id.
        settings: Keyword arguments of the environment.
        width: How many.
    """

    share = 1.0

    def __init__(self, name: str, settings: dict[str, Any], width: int) -> None:
        self.width = width
        self._environments = [make_environment(name, settings) for _ in range(width)]
        space = self._environments[0].observation_space
        self.seen = np.zeros((width, *space.shape), space.dtype)

    def begin(self, slots: NDArray[np.intp], seeds: Sequence[int]) -> None:
        """See the base class."""
        for slot, seed in zip(slots.tolist(), seeds, strict=True):
            self.seen[slot], _ = self._environments[slot].reset(seed=seed)

    def step(self, actions: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """See the base class."""
        rewards, over = np.zeros(self.width), np.zeros(self.width, np.bool_)
        chosen = actions.tolist() if actions.ndim == 1 else actions
        for slot, environment in enumerate(self._environments):
            self.seen[slot], rewards[slot], ended, cut, _ = environment.step(chosen[slot])
            over[slot] = ended or cut
        return rewards, over

    def keep(self, alive: NDArray[np.bool_]) -> None:
        """See the base class."""
        for environment, on in zip(self._environments, alive, strict=True):
            if not on:
                environment.close()
        self._environments = [e for e, on in zip(self._environments, alive, strict=True) if on]
        self.seen, self.width = self.seen[alive], int(alive.sum())

    def close(self) -> None:
        """See the base class."""
        for environment in self._environments:
            environment.close()


class CartPoleSlots(Slots):
    """Gymnasium's `CartPoleVectorEnv`.

    A slot's episode starts where a single environment would start with the same seed. The vector environment resets a slot by
    itself one step after its end; this is forestalled, so that no step is wasted.

    Args:
        name: The environment's id.
        settings: Keyword arguments of the environment.
        width: How many.
    """

    share = 0.75

    def __init__(self, name: str, settings: dict[str, Any], width: int) -> None:
        self.width = width
        self._single = make_environment(name, settings)
        self._starts: dict[int, NDArray[np.float64]] = {}
        self._environment: Any = make_vector(name, settings, width).unwrapped
        self.seen, _ = self._environment.reset(seed=0)

    def _start(self, seed: int) -> NDArray[np.float64]:
        if seed not in self._starts:
            self._single.reset(seed=seed)
            self._starts[seed] = np.array(self._single.unwrapped.state, dtype=np.float64)
        return self._starts[seed]

    def begin(self, slots: NDArray[np.intp], seeds: Sequence[int]) -> None:
        """See the base class."""
        environment = self._environment
        starts = np.stack([self._start(seed) for seed in seeds], axis=1)
        environment.state[:, slots] = starts
        environment.steps[slots] = 0
        environment.prev_done[slots] = False
        self.seen[slots] = starts.T

    def step(self, actions: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """See the base class."""
        self.seen, rewards, ended, cut, _ = self._environment.step(actions)
        return rewards, ended | cut

    def keep(self, alive: NDArray[np.bool_]) -> None:
        """See the base class."""
        environment = self._environment
        self.width = environment.num_envs = int(alive.sum())
        environment.state = environment.state[:, alive]
        environment.steps, environment.prev_done = environment.steps[alive], environment.prev_done[alive]
        environment.action_space = batched(
            environment.single_action_space, self.width
        )  # it checks every step's actions
        self.seen = self.seen[alive]

    def close(self) -> None:
        """See the base class."""
        self._environment.close()
        self._single.close()


def make_slots(name: str, settings: dict[str, Any], width: int) -> Slots:
    """The fastest kind of slots there is for an environment."""
    fast = vector_entry(name) == "gymnasium.envs.classic_control.cartpole:CartPoleVectorEnv"
    return (CartPoleSlots if fast else SingleSlots)(name, settings, width)
