"""A network of fixed shape, and what the evolvers of its weights share. It is a genome like any other, with equal genes in all."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from speciate.errors import ConfigurationError
from speciate.neat.compiled.table import Table
from speciate.neat.evolvers.base import Evolver
from speciate.neat.genome import ACTIVATIONS, ConnectionGene, NeatGenome, NodeGene
from speciate.neat.population import Population
from speciate.neat.tasks.base import Task

MOST_WEIGHTS = 10**6
"""Of a network. A generation of 150 takes some gigabytes then."""


class FixedNetwork:
    """Layers, each connected to the one before and to the bias; in a recurrent network, hidden layers also to themselves.

    Within a recurrent layer, units are computed one after another: what comes from an earlier unit is its value of this step, from
    a later one or from the unit itself that of the step before.

    Args:
        inputs: Of the network, without the bias.
        outputs: Of the network.
        hidden: Units of each hidden layer; none for a network without them.
        recurrent: Whether hidden layers are connected to themselves.
        activation: Of hidden units.
        output_activation: Of outputs.

    Raises:
        ConfigurationError: A layer without units, an unknown activation, or a recurrent network without a hidden layer.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        hidden: tuple[int, ...] = (8,),
        *,
        recurrent: bool = False,
        activation: str = "tanh",
        output_activation: str = "tanh",
    ) -> None:
        _check(hidden, recurrent, (activation, output_activation))
        widths = (inputs, *hidden, outputs)
        size = sum((below + 1) * layer for below, layer in pairwise(widths)) + recurrent * sum(
            n * n for n in hidden
        )
        if size > MOST_WEIGHTS:
            raise ConfigurationError(
                f"hidden = {list(hidden)!s:.60} makes {size:,} weights, and there may be {MOST_WEIGHTS:,}",
                hint="fewer units; gradients train larger networks: speciate run",
            )
        first = inputs + 1 + outputs
        starts = np.cumsum([first, *hidden])
        units = [range(start, start + count) for start, count in zip(starts, hidden, strict=False)]
        ends = range(inputs + 1, first)
        layers = [range(inputs), *units, ends]
        nodes = [NodeGene(node, 1.0, output_activation) for node in ends]
        for depth, layer in enumerate(units, 1):
            nodes += [NodeGene(node, depth / (len(units) + 1), activation) for node in layer]
        pairs = [
            (source, target)
            for below, layer in pairwise(layers)
            for target in layer
            for source in (*below, inputs, *(layer if recurrent and layer is not ends else ()))
        ]
        connections = [ConnectionGene(at, *pair, 0.0, True) for at, pair in enumerate(pairs)]
        self.genome = NeatGenome(inputs, outputs, tuple(nodes), tuple(connections))
        self._row = Population.of([self.genome]).table
        fan_in = np.bincount([target for _, target in pairs])
        self.scales = np.array([0.0 if s == inputs else fan_in[t] ** -0.5 for s, t in pairs])

    @property
    def size(self) -> int:
        """How many weights there are."""
        return len(self.genome.connections)

    def first(self, count: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """Random weights (count, size): biases 0, the others normal with variance 1 / (a unit's connections)."""
        return np.asarray(rng.standard_normal((count, self.size)) * self.scales)

    def population(self, weights: NDArray[np.float64]) -> Population:
        """Networks with these weights.

        Args:
            weights: (N, size).
        """
        table = Table(*(np.repeat(column, len(weights), axis=0) for column in self._row))
        table.connections["weight"] = weights
        return Population(self.genome.inputs, self.genome.outputs, table)


class WeightEvolver(Evolver):
    """Evolves the weights of a fixed network, which has a memory if the task needs one.

    Args:
        network: What has the weights.
        population_size: Individuals in a generation.
        seed: The run's seed.
    """

    def __init__(self, network: FixedNetwork, population_size: int, seed: int) -> None:
        self.network, self.population_size, self.seed, self.generation = network, population_size, seed, 0

    @classmethod
    def settings(cls) -> tuple[str, ...]:
        """Those of the network, and the keyword-only arguments of the constructor."""
        return ("hidden", "activation", *super().settings())

    @classmethod
    def for_task(
        cls,
        task: Task,
        population_size: int,
        seed: int,
        *,
        hidden: tuple[int, ...] = (8,),
        activation: str = "tanh",
        **settings: Any,
    ) -> Self:
        """See the base class.

        Args:
            task: What the network suits.
            population_size: Individuals in a generation.
            seed: The run's seed.
            hidden: Units of each hidden layer.
            activation: Of hidden units.
            settings: Keyword arguments of the class.
        """
        network = FixedNetwork(
            task.inputs,
            task.outputs,
            tuple(hidden),
            recurrent=task.recurrent,
            activation=activation,
            output_activation=task.output_activation,
        )
        return cls(network, population_size, seed, **settings)


def check_ranges(population_size: int = 2, **positive: float) -> None:
    """Refuse a population of less than two, and numbers that are not positive."""
    if population_size < 2:
        raise ConfigurationError(f"population_size must be at least 2, got {population_size}")
    for name, value in positive.items():
        if not value > 0:
            raise ConfigurationError(f"{name} must be greater than 0, got {value:g}")


def _check(hidden: tuple[int, ...], recurrent: bool, activations: tuple[str, ...]) -> None:
    if any(units < 1 for units in hidden):
        raise ConfigurationError(f"hidden must be numbers of units of at least 1, got {list(hidden)}")
    if recurrent and not hidden:
        raise ConfigurationError(
            "a recurrent network of fixed shape needs a hidden layer", hint="hidden = [8]"
        )
    for name in activations:
        if name not in ACTIVATIONS:
            raise ConfigurationError(
                f"there is no activation {name!r}", hint=f"one of {', '.join(ACTIVATIONS)}"
            )
