"""Random search: every candidate drawn from the space, as the article's rival runs it, a fresh population each step."""

from __future__ import annotations

import numpy as np

from speciate.algorithms.base import Algorithm, Proposal
from speciate.errors import ConfigurationError
from speciate.records import Evaluation


class RandomSearch(Algorithm):
    """Draw genomes at random; learn nothing. The rival that every other algorithm has to beat.

    Args:
        population_size: Candidates shown together as one generation, at least 1.

    Raises:
        ConfigurationError: `population_size` is less than 1.
    """

    name = "random"

    def __init__(self, population_size: int = 50) -> None:
        if population_size < 1:
            raise ConfigurationError(f"population_size must be at least 1, got {population_size}")
        self.population_size = population_size

    def _reset(self) -> None:
        pass

    def _needs(self, index: int) -> int:
        return 0

    def _ask(self, index: int, rng: np.random.Generator) -> Proposal:
        return self._sample(rng)

    def _tell(self, evaluation: Evaluation) -> None:
        pass
