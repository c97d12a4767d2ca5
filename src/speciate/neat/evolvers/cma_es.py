"""CMA-ES on the weights of a fixed network, by the `cmaes` library.

Hansen, "The CMA evolution strategy: a tutorial", 2016, arXiv:1604.00772; Nomura and Shibata, "cmaes: a simple yet practical Python
library for CMA-ES", 2024, arXiv:2402.01373.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from speciate.errors import ConfigurationError
from speciate.neat.evolvers.base import evolver
from speciate.neat.evolvers.fixed import FixedNetwork, WeightEvolver, check_ranges
from speciate.neat.population import Population
from speciate.rng import Stream, derive

if TYPE_CHECKING:  # importing it takes a second, which other evolvers need not wait
    from cmaes import CMA

MOST_WEIGHTS = 10_000
"""Whose covariances take 0.8 GB."""


@evolver
class CmaEs(WeightEvolver):
    """Covariance matrix adaptation, started again whenever it has converged or diverged.

    Args:
        network: What has the weights.
        population_size: `lambda` in the tutorial.
        seed: The run's seed.
        deviation: The first standard deviation, around weights of 0.

    Raises:
        ConfigurationError: A population of less than two, or a deviation that is not positive.
    """

    name, label = "cma-es", "CMA-ES on weights"

    def __init__(
        self, network: FixedNetwork, population_size: int = 150, seed: int = 0, *, deviation: float = 1.0
    ) -> None:
        check_ranges(population_size, deviation=deviation)
        if network.size > MOST_WEIGHTS:
            raise ConfigurationError(
                f"cma-es evolves at most {MOST_WEIGHTS:,} weights, and the network has {network.size:,}",
                why="it keeps a number for every pair of them",
                hint="fewer units, or another algorithm",
            )
        super().__init__(network, population_size, seed)
        self.deviation = deviation
        self._strategy = self._new()
        self._weights = self._sample(0)

    def _new(self) -> CMA:
        from cmaes import CMA

        size = self.network.size
        return CMA(np.zeros(size), self.deviation, population_size=self.population_size, seed=0)

    def _sample(self, generation: int) -> NDArray[np.float64]:
        # The library has one stream for everything; a stream for each generation makes no difference to the algorithm.
        self._strategy.reseed_rng(derive(self.seed, Stream.GENERATION, generation) % 2**32)
        with threadpool_limits(1):
            return np.stack([self._strategy.ask() for _ in range(self.population_size)])

    def ask(self) -> Population:
        """The current generation."""
        return self.network.population(self._weights)

    def _tell(self, fitness: NDArray[np.float64]) -> None:
        with threadpool_limits(1):
            self._strategy.tell([(w, -float(f)) for w, f in zip(self._weights, fitness, strict=True)])
        if self._strategy.should_stop():
            self._strategy = self._new()
        self._weights = self._sample(self.generation + 1)
