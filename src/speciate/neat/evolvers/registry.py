"""Evolvers by name, made to measure for a task."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from speciate.errors import ConfigurationError, UsageError
from speciate.neat.evolvers.base import Evolver
from speciate.neat.evolvers.cma_es import CmaEs
from speciate.neat.evolvers.fixed import FixedNetwork
from speciate.neat.evolvers.genetic import WeightGenetic
from speciate.neat.evolvers.neat import Neat
from speciate.neat.evolvers.openai_es import OpenAIES
from speciate.neat.parameters import PRESETS
from speciate.neat.tasks.base import Task


def _neat(task: Task, population_size: int, seed: int, preset: str = "tuned", **changes: Any) -> Neat:
    if preset not in PRESETS:
        raise ConfigurationError(f"there is no preset {preset!r}", hint=f"one of {', '.join(PRESETS)}")
    suits = {"recurrent": task.recurrent, "output_activation": task.output_activation}
    parameters = PRESETS[preset].but(**suits | changes)
    return Neat(task.inputs, task.outputs, population_size, seed, parameters)


def _fixed(kind: Callable[..., Evolver]) -> Callable[..., Evolver]:
    """An evolver of the weights of a fixed network, which has a memory if the task needs one."""

    def make(
        task: Task,
        population_size: int,
        seed: int,
        hidden: tuple[int, ...] = (8,),
        activation: str = "tanh",
        **settings: Any,
    ) -> Evolver:
        network = FixedNetwork(
            task.inputs,
            task.outputs,
            tuple(hidden),
            recurrent=task.recurrent,
            activation=activation,
            output_activation=task.output_activation,
        )
        return kind(network, population_size, seed, **settings)

    return make


EVOLVERS: dict[str, Callable[..., Evolver]] = {
    "neat": _neat,
    "genetic": _fixed(WeightGenetic),
    "openai-es": _fixed(OpenAIES),
    "cma-es": _fixed(CmaEs),
}
"""What makes an evolver of (task, population_size, seed, **settings), by name."""


def evolver_by_name(
    name: str, task: Task, population_size: int = 150, seed: int = 0, **settings: Any
) -> Evolver:
    """An evolver for a task.

    Args:
        name: A key of `EVOLVERS`.
        task: Decides on inputs, outputs, the outputs' activation and whether networks are recurrent.
        population_size: Individuals in a generation.
        seed: The run's seed.
        settings: `preset` and any of `NeatParameters` for "neat"; `hidden`, `activation` and the arguments of the class for the
            others.

    Raises:
        UsageError: There is no such evolver.
        ConfigurationError: A setting is unknown or out of range.
    """
    if name not in EVOLVERS:
        raise UsageError(f"there is no evolver {name!r}", hint=f"one of {', '.join(EVOLVERS)}")
    try:
        return EVOLVERS[name](task, population_size, seed, **settings)
    except TypeError as fault:
        raise ConfigurationError(f"evolver {name}: {str(fault).partition(') ')[2] or fault}") from None
