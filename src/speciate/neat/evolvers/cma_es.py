"""CMA-ES on the weights of a fixed network, by the `cmaes` library.

Hansen, "The CMA evolution strategy: a tutorial", 2016, arXiv:1604.00772; Nomura and Shibata, "cmaes: a simple yet practical Python
library for CMA-ES", 2024, arXiv:2402.01373.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from cmaes import CMA
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from speciate.errors import ConfigurationError
from speciate.neat.evolvers.base import Evolver
from speciate.neat.evolvers.fixed import FixedNetwork
from speciate.neat.population import Population
from speciate.rng import Stream, derive


class CmaEs(Evolver):
    """Covariance matrix adaptation, started again whenever it has converged or diverged.

    Its state is the history of fitness: from that, `restore` repeats what was done.

    Args:
        network: What has the weights.
        population_size: `lambda` in the tutorial.
        seed: The run's seed.
        deviation: The first standard deviation, around weights of 0.

    Raises:
        ConfigurationError: A population of less than two, or a deviation that is not positive.
    """

    def __init__(
        self, network: FixedNetwork, population_size: int = 150, seed: int = 0, *, deviation: float = 1.0
    ) -> None:
        if population_size < 2:
            raise ConfigurationError(f"population_size must be at least 2, got {population_size}")
        if not deviation > 0:
            raise ConfigurationError(f"deviation must be greater than 0, got {deviation:g}")
        self.network, self.population_size, self.seed = network, population_size, seed
        self.deviation = deviation
        self._begin()

    def _begin(self) -> None:
        self.generation = 0
        self._history: list[NDArray[np.float64]] = []
        self._strategy = self._new()
        self._weights = self._sample()

    def _new(self) -> CMA:
        size = self.network.size
        return CMA(np.zeros(size), self.deviation, population_size=self.population_size, seed=0)

    def _sample(self) -> NDArray[np.float64]:
        # The library has one stream for everything; a stream for each generation makes no difference to the algorithm.
        number = len(self._history)
        self._strategy.reseed_rng(derive(self.seed, Stream.GENERATION, number) % 2**32)
        with threadpool_limits(1):
            return np.stack([self._strategy.ask() for _ in range(self.population_size)])

    def ask(self) -> Population:
        """The current generation."""
        return self.network.population(self._weights)

    def _tell(self, fitness: NDArray[np.float64]) -> None:
        with threadpool_limits(1):
            self._strategy.tell([(w, -float(f)) for w, f in zip(self._weights, fitness, strict=True)])
        self._history.append(fitness)
        if self._strategy.should_stop():
            self._strategy = self._new()
        self._weights = self._sample()

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """The whole state."""
        return {"history": np.array(self._history).reshape(-1, self.population_size)}

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Go back to a state."""
        self._begin()
        for fitness in arrays["history"]:
            self.tell(fitness)
