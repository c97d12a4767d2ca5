"""Any Gymnasium environment as a task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from speciate.errors import ConfigurationError
from speciate.neat.networks import TableNetworks
from speciate.neat.tasks.base import Scores, Task, Trace
from speciate.neat.tasks.codecs import acting, continuous, observing
from speciate.neat.tasks.episodes import Outcomes, Play, is_vector, make_slots
from speciate.neat.tasks.gymnasium_import import find_spec, make_environment
from speciate.registry import own_source
from speciate.rng import Stream, derive

GOALS = {"CartPole-v1": 500.0, "CartPole-v0": 200.0}
"""Goals that are higher than what Gymnasium calls solved."""

FRESH = 100
"""Episodes by which Gymnasium's threshold is judged."""

SLICE = 10
"""Networks that are scored at a time where a step is slow."""

WIDTH, VECTOR_WIDTH = 64, 8192
"""Slots of single environments, and of a vector environment."""


class EnvironmentTask(Task):
    """Play an environment's episodes; fitness is the mean return, as the environment gives it.

    All networks play the same episodes: the starts depend on the run's seed. A network may be a solution if its mean return
    reaches the goal; it is one if that is also true of its mean over 100 fresh episodes. A network in whose episodes the
    environment fails has no fitness. An environment without a limit of steps is given one of 1,000; the option
    `max_episode_steps` sets another.

    Args:
        environment: The environment's id, such as `CartPole-v1` or `module:Name-v0`; its class; or what Gymnasium knows of it.
        episodes: How many each network plays.
        goal: The mean return that solves it; None for the environment's own threshold, if it has one.
        recurrent: Whether networks should have a memory.
        options: Keyword arguments of the environment.

    Raises:
        UsageError: Gymnasium or the environment's own packages are missing, there is no such environment, or its spaces are of a
            kind that networks cannot handle.
        ConfigurationError: `episodes` is less than 1.
    """

    random = True

    def __init__(
        self,
        environment: Any,
        /,
        *,
        episodes: int = 5,
        goal: float | None = None,
        recurrent: bool = False,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        named = isinstance(environment, str)
        spec = environment if hasattr(environment, "entry_point") else find_spec(environment)
        self.name, self.episodes, self.recurrent = environment if named else spec.id, episodes, recurrent
        if episodes < 1:
            raise ConfigurationError(
                f"episodes must be at least 1, got {episodes}", where=f"task {self.name}"
            )
        self.options, self._spec = dict(options or {}), spec
        one = make_environment(spec, self.options)
        self._observing = observing(one.observation_space, self.name)
        self._acting = acting(one.action_space, self.name)
        one.close()
        self.inputs, self.outputs = self._observing.size, self._acting.size
        self.output_activation = "tanh" if continuous(one.action_space) else "linear"
        self.goal = GOALS.get(self.name, spec.reward_threshold) if goal is None else float(goal)
        self._given = {"episodes": episodes, "goal": goal, "recurrent": recurrent, "options": self.options}
        self.slow = not is_vector(spec)
        self._width, self.slice_size = (WIDTH, SLICE) if self.slow else (VECTOR_WIDTH, type(self).slice_size)
        self.fitness = f"mean return of {episodes} episode{'s' * (episodes > 1)}"

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (self.name, self._spec, self._given)  # the rest is made again where it arrives

    def forms(self) -> dict[str, dict[str, Any]]:
        """See the base class."""
        return {"observations": dict(self._observing.form), "actions": dict(self._acting.form)}

    def settings(self) -> dict[str, Any]:
        """See the base class."""
        return dict(self._given)

    def source(self) -> dict[str, str]:
        """The environment's, where it is not one of Gymnasium's or another package's by name."""
        return own_source(self._spec.entry_point) if callable(self._spec.entry_point) else {}

    def evaluate(self, networks: TableNetworks, seed: int) -> Scores:
        """The mean return of every network over the same episodes."""
        outcomes = self._play(networks, self._seeds(seed, self.episodes))
        fitness = outcomes.returns.mean(axis=1)
        solved = fitness >= (np.inf if self.goal is None else self.goal)
        return Scores(fitness, solved, outcomes.steps.sum(axis=1), outcomes.failure)

    def choose(self, networks: TableNetworks, seed: int) -> float:
        """The first network's mean return over other episodes; those that failed do not count unless all did."""
        returns = self._play(networks, self._seeds(seed, self.episodes)).returns[0]
        finite = np.isfinite(returns)
        return float(returns[finite].mean() if finite.any() else returns.mean())

    def confirm(self, networks: TableNetworks, seed: int) -> NDArray[np.bool_]:
        """Whether the mean return over 100 fresh episodes reaches the goal."""
        if self.goal is None:
            return super().confirm(networks, seed)
        return np.asarray(self._fresh(networks, seed).returns.mean(axis=1) >= self.goal)

    def verify(self, networks: TableNetworks, seed: int) -> dict[str, float]:
        """Returns of the first network over 100 fresh episodes."""
        returns = self._fresh(networks, seed).returns[0]
        finite = returns[np.isfinite(returns)]
        failed = {"episodes that failed": float(FRESH - len(finite))} if len(finite) < FRESH else {}
        if not len(finite):
            return failed
        return {
            f"mean return of {len(finite)} fresh episodes": float(finite.mean()),
            "standard deviation": float(finite.std()),
            "worst": float(finite.min()),
            "best": float(finite.max()),
        } | failed

    def trace(self, networks: TableNetworks, seed: int) -> Trace:
        """The first network's first episode: what it was shown, and its outputs before they became an action."""
        shown: list[NDArray[np.float64]] = []

        def watch(
            playing: NDArray[np.intp], inputs: NDArray[np.float64], outputs: NDArray[np.float64]
        ) -> None:
            if playing[0] == 0:
                shown.append(np.concatenate([inputs[:, 0], outputs[:, 0]]))

        outcomes = self._play(networks, self._seeds(seed, 1), watch)
        names = [f"input {i}" for i in range(self.inputs)] + [f"output {i}" for i in range(self.outputs)]
        outcome = f"return {outcomes.returns[0, 0]:g} in {outcomes.steps[0, 0]} steps"
        return Trace(tuple(names), np.array(shown), None, outcome)

    def _fresh(self, networks: TableNetworks, seed: int) -> Outcomes:
        return self._play(networks, self._seeds(seed, FRESH, self.episodes))

    def _seeds(self, seed: int, count: int, first: int = 0) -> list[int]:
        return [derive(seed, Stream.EPISODE, first + k) % 2**31 for k in range(count)]

    def _play(self, networks: TableNetworks, seeds: list[int], watch: Any = None) -> Outcomes:
        width = min(self._width, networks.size * len(seeds))
        slots = make_slots(self._spec, self.options, width)
        try:
            return Play(networks, slots, self._observing, self._acting, seeds).run(watch)
        finally:
            slots.close()


def _again(name: str, spec: Any, settings: dict[str, Any]) -> EnvironmentTask:
    task = EnvironmentTask(spec, **settings)
    task.name = name
    return task
