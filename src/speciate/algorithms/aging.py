"""Regularized (aging) evolution.

Real et al., "Regularized Evolution for Image Classifier Architecture Search", AAAI 2019, arXiv:1802.01548, Algorithm 1.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from speciate.algorithms.base import Algorithm, algorithm
from speciate.algorithms.proposal import Proposal
from speciate.errors import ConfigurationError
from speciate.mutation import tournament
from speciate.records import Evaluation
from speciate.signatures import at_least, share


@algorithm
class AgingEvolution(Algorithm):
    """Mutate the best of a random sample; the oldest member is removed. No network is proposed twice.

    Args:
        population_size: Members kept alive (`P` in the paper), at least 2.
        sample_size: Members drawn to find a parent (`S`), from 1 to `population_size`.
        lag: A child may depend on all results but the last `lag - 1`, so that up to `lag` candidates can be evaluated
            at the same time without the number of workers changing anything; 1 is the paper's serial loop.
        crossover: Probability that a child has two parents; the paper has none.
        asynchronous: Whether children are made of what has finished by then, in the order in which it did, as the paper's
            workers do it: no worker waits for a slow candidate, and up to `population_size` are evaluated at the same time.
            The result then depends on which finished first, and `lag` means nothing.

    Raises:
        ConfigurationError: An argument is out of its range.
    """

    name, label = "aging", "aging evolution"
    called: ClassVar = {**Algorithm.called, "tournament_size": "sample_size"}

    def __init__(
        self,
        population_size: int = 50,
        sample_size: int | None = None,
        lag: int = 8,
        crossover: float = 0.0,
        asynchronous: bool = False,
    ) -> None:
        sample_size = max(2, population_size // 4) if sample_size is None else sample_size
        self.population_size, self.lag = at_least(2, population_size=population_size), at_least(1, lag=lag)
        if not 1 <= sample_size <= population_size:
            raise ConfigurationError(
                f"sample_size must be in [1, population_size = {population_size}], got {sample_size}"
            )
        self.sample_size, self.asynchronous = sample_size, asynchronous
        self.crossover = share(crossover=crossover)

    def _reset(self) -> None:
        self.population: list[Evaluation] = []

    def _needs(self, index: int) -> int:
        at_once = self.population_size if self.asynchronous else min(self.lag, self.population_size)
        return 0 if index < self.population_size else index - at_once + 1

    def _ask(self, index: int, rng: np.random.Generator) -> Proposal:
        if index < self.population_size or not any(member.ok for member in self.population):
            return self._sample(rng)
        fitness = [member.fitness for member in self.population]

        def winner() -> Evaluation:
            return self.population[tournament(fitness, self.sample_size, rng)]

        parent = winner()
        return self._child(parent, rng, winner) if parent.ok else self._sample(rng)

    def _tell(self, evaluation: Evaluation) -> None:
        self.population.append(evaluation)
        del self.population[: -self.population_size]  # the oldest goes

    def _parents(self) -> list[Evaluation]:
        return self.population
