"""A genetic algorithm on the weights of a fixed network.

Such et al., "Deep neuroevolution: genetic algorithms are a competitive alternative for training deep neural networks for
reinforcement learning", 2017, arXiv:1712.06567, Algorithm 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from speciate.errors import ConfigurationError
from speciate.neat.evolvers.base import evolver
from speciate.neat.evolvers.fixed import FixedNetwork, WeightEvolver, check_ranges
from speciate.neat.population import Population
from speciate.rng import Stream, generator


@evolver
class WeightGenetic(WeightEvolver):
    """Truncation selection and Gaussian mutation; no crossover. The best individual lives on unchanged.

    Args:
        network: What has the weights.
        population_size: `N` in the paper, the elite included.
        seed: The run's seed.
        parents: `T`: how many of the best may have children; by default an eighth, in a population of less than 20 a fifth.
        power: `sigma`, the standard deviation of a mutation.

    Raises:
        ConfigurationError: `parents` is not in `[1, population_size]`, or `power` is not positive.
    """

    name, label = "genetic", "genetic algorithm on weights"

    def __init__(
        self,
        network: FixedNetwork,
        population_size: int = 150,
        seed: int = 0,
        *,
        parents: int | None = None,
        power: float = 0.5,
    ) -> None:
        if parents is None:
            parents = max(1, population_size // (8 if population_size >= 20 else 5))
        if not 1 <= parents <= population_size:
            raise ConfigurationError(
                f"parents must be from 1 to population_size = {population_size}, got {parents}"
            )
        check_ranges(power=power)
        super().__init__(network, population_size, seed)
        self.parents, self.power = parents, power
        self._weights = network.first(population_size, generator(seed, Stream.GENERATION, 0))

    def ask(self) -> Population:
        """The current generation; the elite is the first from the second generation on."""
        return self.network.population(self._weights)

    def facts(self) -> dict[str, NDArray[Any]]:
        """Which one is the elite."""
        return {"copied": np.arange(self.population_size) < (self.generation > 0)}

    def _tell(self, fitness: NDArray[np.float64]) -> None:
        self._weights = offspring(
            self._weights,
            fitness,
            self.parents,
            self.power,
            generator(self.seed, Stream.GENERATION, self.generation + 1),
        )


def offspring(
    weights: NDArray[np.float64],
    fitness: NDArray[np.float64],
    parents: int,
    power: float,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """The elite, then a mutated copy of a random one of the best for every other place.

    Args:
        weights: (N, size) of the parents' generation.
        fitness: (N,).
        parents: How many of the best may have children; of equals the first.
        power: Standard deviation of a mutation.
        rng: Decides on parents and mutations.

    Returns:
        (N, size).
    """
    best = np.argsort(-fitness, kind="stable")[:parents]
    chosen = best[rng.integers(parents, size=len(weights) - 1)]
    mutated = weights[chosen] + power * rng.standard_normal((len(chosen), weights.shape[1]))
    return np.concatenate([weights[best[:1]], mutated])
